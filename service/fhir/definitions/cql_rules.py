"""A rule as CQL: whether its regimen is suggested, or its sentence said.

True means suggested, whatever then holds the drugs or is asked for: only what is known to speak
against it makes it false (`core/weighing.py`). The setting is that of the action in which the rule
stands, and is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from service.core.blocker import Blocker, Effect
from service.core.condition import Always, Compared, Sign
from service.core.regimen import OPTIONAL, Component, HrStatus, Rank, Rule
from service.core.therapy import TREATED
from service.core.therapy_edition import Therapy
from service.core.weighing import ABOUT_A_RULE, HR_STATUS, OF_A_CHOICE, OF_DRUGS
from service.fhir.definitions.condition_cql import FactCql, cql_of, one_of, string
from service.fhir.systems import code_of


def rule_name(rule: Rule) -> str:
    """What the definition is called: one word, which is an expression of CQL as it stands."""
    return f"Rule_{rule.id.replace('-', '_')}"


def patient_fact(fact: str) -> str:
    """A fact of the patient is the definition of that name."""
    return f'"{fact}"'


def excluding(rules: Iterable[Rule], therapy: Therapy) -> tuple[Blocker, ...]:
    """The blockers of these rules and their drugs that exclude, in the order of the table."""
    listed = {b for r in rules for b in (*r.blockers, *(b for c in r.components for b in _ids(c)))}
    return tuple(
        b for b in therapy.blockers.values() if b.id in listed and b.effect is Effect.EXCLUDE
    )


def about_a_rule(blocker: Blocker) -> bool:
    """True when what it asks is another question for each rule."""
    return not ABOUT_A_RULE.isdisjoint(blocker.condition.facts())


def rule_definition(rule: Rule, therapy: Therapy) -> str:
    """A definition that is true or false, never null: what is not known speaks against nothing."""
    lines = [f"when {said} then {verdict}" for said, verdict in _cases(rule, therapy)]
    said = "\n    ".join([*lines, f"else {'true' if _categories(rule, True) else 'false'}"])
    return f'// {rule.name}\ndefine "{rule_name(rule)}":\n  case\n    {said}\n  end'


def _cases(rule: Rule, therapy: Therapy) -> Iterable[tuple[str, str]]:
    fact = _fact_cql(rule, therapy)
    sentence = rule.rank is Rank.NONE
    if sentence and (untreated := _categories(rule, False)):
        yield f'"Category" in {one_of(untreated)}', "true"
    if treated := _categories(rule, True):
        yield f'not ("Category" in {one_of(treated)})', "false"
    else:
        return
    here = f'"Jurisdiction" in {one_of(list(rule.jurisdictions))}'
    yield f"not ({here if sentence else f'{here} or {_OFF_LABEL}'})", "false"
    if not isinstance(rule.condition, Always):
        yield f"not ({cql_of(rule.condition, fact)})", "false"
    if rule.hr_status is not HrStatus.ANY:
        yield cql_of(Compared(HR_STATUS, Sign.IS_NOT, rule.hr_status), fact), "false"
    if sentence:
        return
    for blocker in excluding([rule], therapy):
        if blocker.id in rule.blockers:
            yield _blocked(blocker, fact), f"false // {blocker.id}"
    for said in _closed_choices(rule, therapy, fact):
        yield said, "false // every drug of a choice"
    if rule.rank is Rank.ADD_ON:
        yield f"not ({' or '.join(_beside(rule, therapy)) or 'false'})", "false // never alone"


def _categories(rule: Rule, treated: bool) -> list[str]:
    """Those of the rule for which there are regimens, or those for which there are none."""
    return [code_of(c) for c in rule.categories if (c in TREATED) is treated]


_OFF_LABEL = '"Include Off-Label"'


def _fact_cql(rule: Rule, therapy: Therapy) -> FactCql:
    """What a fact is for this rule: some are said by the rule itself."""
    drugs = [c.drug for c in rule.components]
    confined = [therapy.confined[n] for n in (rule.id, *drugs) if n in therapy.confined]
    allowed = [_OFF_LABEL, *(f'"Jurisdiction" in {one_of(list(where))}' for where in confined)]
    here = f'"Jurisdiction" in {one_of(list(rule.jurisdictions))}'
    said = {
        "row_is_tdxd_low": "true" if rule.for_low else "false",
        "authorised_here": "false" if rule.off_label else f"({here})",
        "include_off_label": f"({' and '.join(allowed)})",
        **{name: _of_drugs(name, rule, therapy) for name in OF_DRUGS},
    }
    return lambda fact: said.get(fact, patient_fact(fact))


def _of_drugs(name: str, rule: Rule, therapy: Therapy) -> str:
    drugs = [c.drug for c in rule.components if c.fixed]
    if name.startswith("key_agent"):
        drugs = [drug for drug in drugs if drug in therapy.key_agents]
        if not drugs:
            return "false"
    return f'"Of Drugs"({string(code_of(name))}, {patient_fact(name)}, {one_of(drugs)})'


def _blocked(blocker: Blocker, fact: FactCql) -> str:
    if about_a_rule(blocker):
        return cql_of(blocker.condition, fact)
    return f'"Blocker {blocker.id}"'


def _closed_choices(rule: Rule, therapy: Therapy, fact: FactCql) -> Iterable[str]:
    """For each choice: every drug of it is excluded."""
    for (_, choice), group in groupby(rule.components, key=lambda c: (c.phase, c.choice)):
        if choice and choice != OPTIONAL:
            yield " and ".join(f"({_drug_excluded(c, therapy, fact)})" for c in group)


def _drug_excluded(component: Component, therapy: Therapy, fact: FactCql) -> str:
    blockers = [therapy.blockers[b] for b in _ids(component)]
    said = [_blocked(b, fact) for b in blockers if b.effect is Effect.EXCLUDE]
    drug = string(component.drug)
    told = [f'"Of Drug"({string(code_of(name))}, {drug})' for name in OF_A_CHOICE]
    return " or ".join([*said, *told])


def _ids(component: Component) -> tuple[str, ...]:
    return (*component.blockers, *component.when_known)


def _beside(rule: Rule, therapy: Therapy) -> list[str]:
    """The rules of its setting beside which an add-on may stand."""
    return [
        f'"{rule_name(other)}"'
        for other in therapy.rules.values()
        if other.setting == rule.setting and other.rank not in (Rank.NONE, Rank.ADD_ON)
    ]
