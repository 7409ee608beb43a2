"""PlanDefinition and Library `therapy`: every rule of the therapy tables, setting by setting.

A rule's condition stands in words (`textEquivalent`), and in R4 as the name of a definition in CQL
too (`rules_library.py`), which `$apply` asks. In R5 it stands in words only: no engine for R5
judges it yet. No action names a definition to apply: `$apply` would make requests of it, and
nothing is ordered here. The regimen is in `code`, and its PlanDefinition is documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.core.regimen import HrStatus, Rank, Rule
from service.fhir.definitions.cql_rules import rule_name
from service.fhir.definitions.known import Known
from service.fhir.definitions.parts import (
    action_code,
    cited,
    for_breast_cancer,
    library_type,
    plan_type,
    regions,
    resource_link,
)
from service.fhir.definitions.regimen_plans import (
    evidence_of,
    regimen_canonical,
    regimen_codes,
)
from service.fhir.definitions.rules_library import rules_canonical
from service.fhir.definitions.shape import Resource, canonical, definition, sentence
from service.fhir.definitions.terms import when
from service.fhir.definitions.therapy_cql import setting_name
from service.fhir.systems import code_of

_OF = ("her2-setting", "her2-regimen", "her2-blocker", "her2-suggestion-rank", "her2-fact")


def therapy_plan(known: Known) -> Resource:
    """An action a setting, in it an action a rule, in the tables' order."""
    edition, rules = known.therapy_edition, known.therapy.rules.values()
    library = canonical(known, "Library", edition.identity, edition.version)
    settings = dict.fromkeys(rule.setting for rule in rules)
    return definition(
        known,
        "PlanDefinition",
        edition.identity,
        edition,
        edition.title,
        f"Which regimen may be suggested when: the rules of the therapy tables. {_used(known)}",
        type=plan_type("eca-rule"),
        useContext=for_breast_cancer(),
        jurisdiction=regions(j for rule in rules for j in rule.jurisdictions),
        purpose="Decision support: drafts that require review by a clinician, never orders.",
        relatedArtifact=[resource_link("derived-from", library)],
        library=[] if known.r5 else [rules_canonical(known)],
        action=[_setting(s, [r for r in rules if r.setting == s], known) for s in settings],
    )


def therapy_library(known: Known) -> Resource:
    """What `Provenance.policy` names: the edition, its sources, and what it is made of."""
    edition = known.therapy_edition
    plans = [
        canonical(known, "PlanDefinition", edition.identity, edition.version),
        *([] if known.r5 else [rules_canonical(known)]),
        *(regimen_canonical(code, known) for code in regimen_codes(known)),
    ]
    return definition(
        known,
        "Library",
        edition.identity,
        edition,
        edition.title,
        f"{sentence(edition.title)} The therapy and label edition on which suggestions rest.",
        type=library_type("logic-library"),
        useContext=for_breast_cancer(),
        relatedArtifact=[
            *(cited(source, known) for source in edition.sources),
            *(resource_link("composed-of", url) for url in plans),
            *(
                resource_link("depends-on", canonical(known, "CodeSystem", name, edition.version))
                for name in _OF
            ),
        ],
    )


def applies(name: str, known: Known) -> dict[str, Any]:
    """`action.condition`: the definition of the Library that says whether the action applies.

    R4 has no code for a definition's name (`text/cql-identifier` came later). The name alone is an
    expression too.
    """
    if known.r5:
        return {}
    expression = {"language": "text/cql", "expression": name}
    return {"condition": [{"kind": "applicability", "expression": expression}]}


def _used(known: Known) -> str:
    """What a machine can do with the plan, and what it cannot."""
    operation = canonical(known, "OperationDefinition", "assess-her2")
    asked = f"The operation {operation} applies them, with the blockers, to a patient."
    if known.r5:
        return f"In words, to be read and not to be applied by a machine. {asked}"
    return (
        "$apply tells which are suggested to a patient whose facts are stored as Observations "
        f"({rules_canonical(known)} says how), not what holds them or is still asked for. {asked}"
    )


def _setting(name: str, rules: Sequence[Rule], known: Known) -> dict[str, Any]:
    titles = [s.title for s in known.therapy.settings if s.name == name]
    return {
        "id": code_of(name),
        "title": titles[0] if titles else name.lower().replace("_", " "),
        **({"code": _coded("her2-setting", name, known)} if titles else {}),
        **applies(setting_name(name), known),
        "action": [_rule(rule, known) for rule in rules],
    }


def _coded(system: str, word: str, known: Known) -> Any:
    return action_code(known.systems.concept(system, word), known)["code"]


def _rule(rule: Rule, known: Known) -> dict[str, Any]:
    documents: list[dict[str, str]] = evidence_of([rule])
    if rule.rank is not Rank.NONE:
        documents.append(resource_link("depends-on", regimen_canonical(rule.regimen, known)))
    return {
        "id": code_of(rule.id),
        "prefix": rule.id,
        "title": rule.name,
        "description": _described(rule),
        "textEquivalent": _when(rule, known),
        **action_code(known.systems.concept("her2-regimen", rule.regimen), known),
        **({"documentation": documents} if documents else {}),
        **applies(rule_name(rule), known),
    }


def _when(rule: Rule, known: Known) -> str:
    categories = " or ".join(known.words.categories[c].title for c in rule.categories)
    said = [f"When: {categories}"]
    if rule.hr_status is not HrStatus.ANY:
        said.append(f"hormone receptors {rule.hr_status.lower()}")
    where = "/".join(j.upper() for j in rule.jurisdictions)
    return "; ".join([*said, f"{when(rule.condition, known)}; {where}"]) + "."


def _described(rule: Rule) -> str:
    stops = rule.blockers or rule.grounds
    said = [f"Rank: {rule.rank.lower()}; order {rule.order}. Label: {rule.label}."]
    if stops:
        said.append(f"{'Blockers' if rule.blockers else 'Grounds'}: {', '.join(stops)}.")
    if rule.guideline:
        said.append(f"Guideline: {rule.guideline}.")
    if rule.warnings:
        said.append(f"Warnings: {rule.warnings}.")
    return " ".join([*said, f"Checked: {rule.verification}."])
