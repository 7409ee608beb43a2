"""indicationGuideline of an R5 MedicationKnowledge: one a use that a label allows."""

from __future__ import annotations

from typing import Any

from service.core.drug import Drug, Indication
from service.fhir.drug_extensions import extension
from service.fhir.drug_uses import dosages, indication
from service.fhir.systems import Systems


def guidelines(drug: Drug, base: str) -> list[dict[str, Any]]:
    """One guideline a use, with its doses and whom it is for; other tumours have no category."""
    return [_guideline(drug, use, base) for use in drug.indications]


def _guideline(drug: Drug, use: Indication, base: str) -> dict[str, Any]:
    dosing = {"dosage": dosages(drug, use), "patientCharacteristic": _whom(use, Systems(base))}
    dosing = {name: value for name, value in dosing.items() if value}
    said: dict[str, Any] = {
        "extension": [extension(base, "jurisdiction", use.jurisdiction.value)],
        "indication": [{"concept": indication(use)}],
        "dosingGuideline": [dosing] if dosing else [],
    }
    return {name: value for name, value in said.items() if value}


def _whom(use: Indication, systems: Systems) -> list[dict[str, Any]]:
    """One characteristic a code: those of one type are alternatives."""
    category = systems.concept("her2-observable", "her2-category")
    receptors = systems.concept("her2-fact", "hr-status")
    setting = {"text": "treatment setting (her2-setting)"}
    return [
        *(_characteristic(category, systems.concept("her2-category", c)) for c in use.categories),
        *([_characteristic(receptors, {"text": use.hr_status})] if use.hr_status else []),
        *(_characteristic(setting, systems.concept("her2-setting", s)) for s in use.settings),
    ]


def _characteristic(kind: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "valueCodeableConcept": value}
