"""administrationGuidelines of an R4 MedicationKnowledge: one a use that a label allows."""

from __future__ import annotations

from typing import Any

from service.core.drug import Drug, Indication
from service.fhir.drug_extensions import extension
from service.fhir.drug_uses import dosages, indication


def guidelines(drug: Drug, base: str) -> list[dict[str, Any]]:
    """One guideline a use, with the doses that belong to it; other tumours have no category."""
    return [_guideline(drug, use, base) for use in drug.indications]


def _guideline(drug: Drug, use: Indication, base: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "extension": [extension(base, "jurisdiction", use.jurisdiction.value)],
        "dosage": dosages(drug, use),
        "indicationCodeableConcept": indication(use),
        "patientCharacteristics": _characteristics(use, base),
    }
    return {name: value for name, value in said.items() if value}


def _characteristics(use: Indication, base: str) -> list[dict[str, Any]]:
    def characteristic(system: str, code: str, value: list[str]) -> dict[str, Any]:
        coding = {"system": f"{base}/CodeSystem/{system}", "code": code}
        return {"characteristicCodeableConcept": {"coding": [coding]}, "value": value}

    said = []
    if use.categories:
        said.append(characteristic("her2-observable", "her2-category", list(use.categories)))
    if use.hr_status:
        said.append(characteristic("her2-fact", "hr-status", [use.hr_status]))
    if use.settings:
        said.append(
            {
                "characteristicCodeableConcept": {"text": "treatment setting (her2-setting)"},
                "value": list(use.settings),
            }
        )
    return said
