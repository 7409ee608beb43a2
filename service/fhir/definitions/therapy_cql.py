"""The therapy tables as one CQL library: the setting, the blockers and the rules.

An engine that has the library and a patient's facts (`cql_reading.py`) finds the setting that we
find and suggests what we suggest; it does not learn what holds a regimen or is asked for. The
parameters are those of `$assess-her2`: "Jurisdiction", "Setting", "Include Off-Label".
"""

from __future__ import annotations

from collections.abc import Iterable

from service.core.blocker import Blocker
from service.core.regimen import HrStatus, Rank, Rule
from service.core.therapy import TREATED
from service.core.therapy_edition import ANY, ANY_EARLY, Setting, Therapy
from service.core.weighing import ABOUT_A_RULE, HR_STATUS, OF_DRUGS
from service.fhir.definitions.condition_cql import cql_of, one_of, string
from service.fhir.definitions.cql_reading import fact_definitions, reading
from service.fhir.definitions.cql_rules import (
    about_a_rule,
    excluding,
    patient_fact,
    rule_definition,
    rule_name,
)
from service.fhir.definitions.known import Known
from service.fhir.systems import code_of

#: The library's parameters, and their types in FHIR.
PARAMETERS = {"Jurisdiction": "string", "Setting": "string", "Include Off-Label": "boolean"}


def setting_name(setting: str) -> str:
    """What the definition of a setting's action is called, one word too."""
    return f"Setting_{setting}"


def therapy_cql(name: str, known: Known) -> str:
    """The library, as text. name: as in its canonical URL and `Library.name`."""
    therapy = known.therapy
    rules = list(therapy.rules.values())
    blockers = excluding(rules, therapy)
    parts = [
        _head(name, known),
        reading(known),
        *fact_definitions(_facts(rules, blockers, therapy), known),
        "// The setting: the first row that is true\n",
        *(_row(row) for row in therapy.settings),
        _settings(therapy),
        *(_setting(s, therapy) for s in dict.fromkeys(rule.setting for rule in rules)),
        "// What excludes a regimen, whatever the rule\n",
        *(_blocker(blocker) for blocker in blockers if not about_a_rule(blocker)),
        "// The rules: suggested or not\n",
        *(rule_definition(rule, therapy) for rule in rules),
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _head(name: str, known: Known) -> str:
    return f"""\
// {known.therapy_edition.title}. Made from the tables; decision support, never an order.
library {name} version {string(known.therapy_edition.version)}

using FHIR version '4.0.1'

parameter "Jurisdiction" String default 'us'
parameter "Setting" String
parameter "Include Off-Label" Boolean default false

context Patient"""


def _facts(rules: Iterable[Rule], blockers: Iterable[Blocker], therapy: Therapy) -> tuple[str, ...]:
    """The facts of the patient that any definition asks for."""
    conditions = [
        *(row.condition for row in therapy.settings),
        *(rule.condition for rule in rules),
        *(blocker.condition for blocker in blockers),
    ]
    asked = dict.fromkeys(fact for c in conditions for fact in c.facts())
    if any(rule.hr_status is not HrStatus.ANY for rule in rules):
        asked[HR_STATUS] = None
    return tuple(f for f in asked if f in OF_DRUGS or f not in ABOUT_A_RULE)


def _row(row: Setting) -> str:
    said = cql_of(row.condition, patient_fact)
    return (
        f'// {row.title}\ndefine "Row {row.order}":\n'
        f'  "Category" in {one_of([code_of(c) for c in row.categories])}\n    and ({said})'
    )


def _settings(therapy: Therapy) -> str:
    """The stated or first true setting, and the one that is evaluated in its place."""
    found = "\n    ".join(
        f'when "Row {row.order}" then {string(code_of(row.name))}' for row in therapy.settings
    )
    open_ = "\n    ".join(
        f'when "Row {row.order}" then false\n    when "Row {row.order}" is null then true'
        for row in therapy.settings
    )
    moving = [rule for rule in therapy.rules.values() if rule.regimen in therapy.instead]
    instead = "\n    ".join(_instead(rule, therapy) for rule in moving)
    return f"""\
define "First Setting":
  case
    when not "Treated" then null
    when "Setting" is not null then "Setting"
    {found}
    else null
  end

// Whether a row before the true one may be true as well
define "Earlier Row Open":
  case
    when "Setting" is not null then false
    {open_}
    else false
  end

define "Treatment Setting":
  case
    {instead}
    else "First Setting"
  end"""


def _instead(rule: Rule, therapy: Therapy) -> str:
    return (
        f'when "First Setting" = {string(code_of(rule.setting))} and "{rule_name(rule)}"\n'
        f"      and ({cql_of(rule.condition, patient_fact)})\n"
        f'      and not "Earlier Row Open" then '
        f"{string(code_of(therapy.instead[rule.regimen]))}"
    )


def _setting(name: str, therapy: Therapy) -> str:
    """True when the setting is the patient's, or the category has a sentence and needs none."""
    if name == ANY:
        said = '"Treatment Setting" is not null'
    elif name == ANY_EARLY:
        early = [code_of(s) for s in therapy.setting_names if s in therapy.early]
        said = f'Coalesce("Treatment Setting" in {one_of(early)}, false)'
    else:
        code = string(code_of(name))
        said = f'"First Setting" ~ {code} or "Treatment Setting" ~ {code}'
    categories = [
        code_of(c)
        for c in dict.fromkeys(c for r in _sentences(name, therapy) for c in r.categories)
        if c not in TREATED
    ]
    also = f'\n    or "Category" in {one_of(categories)}' if categories else ""
    return f'define "{setting_name(name)}":\n  {said}{also}'


def _sentences(setting: str, therapy: Therapy) -> list[Rule]:
    return [r for r in therapy.rules.values() if r.setting == setting and r.rank is Rank.NONE]


def _blocker(blocker: Blocker) -> str:
    return (
        f'// {blocker.sentence}\ndefine "Blocker {blocker.id}":\n'
        f"  {cql_of(blocker.condition, patient_fact)}"
    )
