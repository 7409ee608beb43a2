"""The drugs of a regimen as actions: fixed ones, choices, optional ones, phase after phase.

Each is a contained ActivityDefinition of a MedicationRequest. Doses are as prescribers write them
(mg/kg), never computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from service.core.regimen import OPTIONAL, Component, Rule
from service.fhir.definitions.known import Known
from service.fhir.definitions.parts import after
from service.fhir.definitions.shape import Resource
from service.fhir.drug_product import product


def drug_definitions(rule: Rule, known: Known) -> list[Resource]:
    """One contained ActivityDefinition a drug, `drug-1` and so on in the table's order."""
    return [
        {
            "resourceType": "ActivityDefinition",
            "id": f"drug-{number}",
            "status": "active",
            "description": f"{component.drug} {component.dose}",
            "kind": "MedicationRequest",
            "intent": "proposal",
            "doNotPerform": False,
            "productCodeableConcept": product(component, known.therapy, known.drugs),
            "dosage": [{"text": component.dose}],
        }
        for number, component in enumerate(rule.components, 1)
    ]


def drug_actions(rule: Rule, known: Known) -> list[dict[str, Any]]:
    """An action a phase when there are several, else the drugs themselves."""
    numbered = list(enumerate(rule.components, 1))
    phases = [list(group) for _, group in groupby(numbered, key=lambda each: each[1].phase)]
    if len(phases) == 1:
        return list(_given(phases[0]))
    return [
        {
            "id": f"phase-{number}",
            "title": f"Phase {number}",
            **(after(f"phase-{number - 1}", known) if number > 1 else {}),
            "selectionBehavior": "all",
            "action": list(_given(phase)),
        }
        for number, phase in enumerate(phases, 1)
    ]


def _given(phase: Sequence[tuple[int, Component]]) -> Iterable[dict[str, Any]]:
    for choice, group in groupby(phase, key=lambda each: each[1].choice):
        drugs = [_action(number, component) for number, component in group]
        if choice in ("", OPTIONAL) or len(drugs) == 1:
            yield from drugs
        else:
            names = " or ".join(drug["title"] for drug in drugs)
            yield {
                "title": f"{names} (choose one)",
                "selectionBehavior": "exactly-one",
                "action": drugs,
            }


def _action(number: int, component: Component) -> dict[str, Any]:
    action: dict[str, Any] = {"title": component.drug, "description": component.dose}
    if component.choice == OPTIONAL:
        action["requiredBehavior"] = "could"
    return action | {"definitionCanonical": f"#drug-{number}"}
