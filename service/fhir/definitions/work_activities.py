"""ActivityDefinition: what is to be done before the first dose, and watched during therapy."""

from __future__ import annotations

from collections.abc import Iterable

from service.core.work import Monitoring, WorkUp
from service.fhir.definitions.known import Known
from service.fhir.definitions.parts import asked_for, for_breast_cancer
from service.fhir.definitions.shape import Resource, canonical, definition, sentence
from service.fhir.systems import code_of


def work_activities(known: Known) -> Iterable[Resource]:
    """One for each test that a line of the work-up or monitoring table asks for."""
    table: list[WorkUp | Monitoring] = [*known.therapy.workup.values()]
    for work in [*table, *known.therapy.monitoring.values()]:
        for end, concept in asked_for(work):
            yield definition(
                known,
                "ActivityDefinition",
                f"{_stem(work)}{end}",
                known.therapy_edition,
                concept["text"],
                _said(work),
                useContext=for_breast_cancer(),
                kind="ServiceRequest",
                code=concept,
                intent="proposal",
                doNotPerform=False,
            )


def activities_of(work: WorkUp | Monitoring, known: Known) -> list[tuple[str, str]]:
    """(what, canonical) of each ActivityDefinition of a line."""
    return [
        (concept["text"], canonical(known, "ActivityDefinition", f"{_stem(work)}{end}"))
        for end, concept in asked_for(work)
    ]


def _stem(work: WorkUp | Monitoring) -> str:
    kind = "work-up" if isinstance(work, WorkUp) else "monitoring"
    return f"{kind}-{code_of(work.id)}"


def _said(work: WorkUp | Monitoring) -> str:
    said = [f"{work.id}: {work.what}.", f"When: {work.when}.", f"For: {work.for_drugs}."]
    if isinstance(work, WorkUp):
        said.append(f"If missing: {work.if_missing}.")
    said += [sentence(f"source: {work.source}" if work.source else "")]
    said += [f"Checked: {work.verification}."]
    return " ".join(part for part in said if part)
