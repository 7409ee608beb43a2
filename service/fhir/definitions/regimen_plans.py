"""PlanDefinition: one for each regimen code, as `instantiatesCanonical` of an option names it.

It says what the regimen is: drugs, work-up, monitoring, evidence. For whom it may be suggested is
decided by the rules of PlanDefinition `therapy`. A suggestion is a draft, never an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.core.regimen import Rank, Rule
from service.fhir.definitions.known import Known
from service.fhir.definitions.parts import (
    action_code,
    for_breast_cancer,
    plan_type,
    regions,
    resource_link,
)
from service.fhir.definitions.regimen_drugs import drug_actions, drug_definitions
from service.fhir.definitions.shape import Resource, canonical, definition, sentence
from service.fhir.definitions.work_activities import activities_of
from service.fhir.systems import code_of

_PURPOSE = "Decision support: a draft that requires review by a clinician, never an order."


def regimen_plans(known: Known) -> Iterable[Resource]:
    """Every code that has drugs; a sentence (rank NONE) is a rule of the therapy plan only."""
    for code in regimen_codes(known):
        yield _plan([r for r in known.therapy.rules.values() if r.regimen == code], known)


def regimen_codes(known: Known) -> list[str]:
    """The codes of rules that have a regimen, in the table's order."""
    rules = known.therapy.rules.values()
    return list(dict.fromkeys(r.regimen for r in rules if r.rank is not Rank.NONE))


def regimen_canonical(code: str, known: Known) -> str:
    """The canonical of a regimen's plan, with its version."""
    edition = known.therapy_edition
    return canonical(known, "PlanDefinition", code_of(code), edition.version)


def _plan(rules: Sequence[Rule], known: Known) -> Resource:
    first, edition = rules[0], known.therapy_edition
    categories = dict.fromkeys(c for rule in rules for c in rule.categories)
    return definition(
        known,
        "PlanDefinition",
        code_of(first.regimen),
        edition,
        first.name,
        _described(first),
        contained=drug_definitions(first, known),
        type=plan_type("clinical-protocol"),
        useContext=for_breast_cancer(
            *(known.systems.concept("her2-category", category) for category in categories)
        ),
        jurisdiction=regions(j for rule in rules for j in rule.jurisdictions),
        purpose=_PURPOSE,
        usage=" ".join(f"{rule.id}: {_use(rule)}" for rule in rules),
        relatedArtifact=[
            resource_link("derived-from", canonical(known, "Library", edition.identity)),
            *evidence_of(rules),
        ],
        action=[_drugs(first, known), *_work(rules, known)],
    )


def _described(rule: Rule) -> str:
    cycle = f"Cycle: {rule.cycle_days} days." if rule.cycle_days else ""
    course = f"Course: {rule.duration}." if rule.duration else ""
    said = (sentence(rule.schedule or rule.name), cycle, course)
    return " ".join(part for part in said if part)


def _use(rule: Rule) -> str:
    """Where the rule stands and what speaks for it, in the table's words."""
    setting = rule.setting.lower().replace("_", "-")
    said = [f"{rule.rank.lower()} in {setting}; {rule.label}"]
    if rule.guideline:
        said.append(rule.guideline)
    if rule.warnings:
        said.append(f"warnings: {rule.warnings}")
    return "; ".join([*said, f"checked: {rule.verification}"]) + "."


def evidence_of(rules: Iterable[Rule]) -> list[dict[str, str]]:
    """What the rules rest on, each text once."""
    texts = dict.fromkeys(rule.evidence for rule in rules if rule.evidence)
    return [{"type": "justification", "citation": text} for text in texts]


def _drugs(rule: Rule, known: Known) -> dict[str, Any]:
    return {
        "id": "drugs",
        "title": rule.name,
        "description": _described(rule),
        **action_code(known.systems.concept("her2-regimen", rule.regimen), known),
        "selectionBehavior": "all",
        "action": drug_actions(rule, known),
    }


def _work(rules: Sequence[Rule], known: Known) -> Iterable[dict[str, Any]]:
    """What any of the rules asks for, before and during therapy."""
    groups = (
        ("before", "Before the first dose", "workup", known.therapy.workup),
        ("during", "During therapy", "monitoring", known.therapy.monitoring),
    )
    for identity, title, column, table in groups:
        wanted = dict.fromkeys(name for rule in rules for name in getattr(rule, column))
        actions = [
            {"title": text, "definitionCanonical": url}
            for name in wanted
            for text, url in activities_of(table[name], known)
        ]
        if actions:
            yield {"id": identity, "title": title, "action": actions}
