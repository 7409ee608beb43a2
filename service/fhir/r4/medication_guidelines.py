"""administrationGuidelines of an R4 MedicationKnowledge: one a use that a label allows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from service.core.drug import Dose, Drug, Indication
from service.core.drug_facts import UNITS, Amount, marked
from service.fhir.drug_extensions import extension

_SNOMED = "http://snomed.info/sct"
_BREAST_CANCER = {
    "system": _SNOMED,
    "code": "254837009",
    "display": "Malignant neoplasm of breast",
}

#: Routes. General knowledge, not yet looked up in a terminology server; the answers that the
#: service's interface shows as examples emit them.
_ROUTES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "intravenous": {"code": "47625008", "display": "Intravenous route"},
        "subcutaneous": {"code": "34206005", "display": "Subcutaneous route"},
        "oral": {"code": "26643006", "display": "Oral route"},
    }
)


def guidelines(drug: Drug, base: str) -> list[dict[str, Any]]:
    """One guideline a use, with the doses that belong to it; other tumours have no category."""
    return [_guideline(drug, use, base) for use in drug.indications]


def route(drug: Drug) -> dict[str, Any]:
    """The route as a CodeableConcept."""
    return {"coding": [{"system": _SNOMED, **_ROUTES[drug.route.concept]}], "text": drug.route.text}


def quantity(amount: Amount) -> dict[str, Any]:
    """A Quantity in UCUM, digits as in the record."""
    return {
        "value": amount.value,
        "unit": amount.unit,
        "system": "http://unitsofmeasure.org",
        "code": UNITS[amount.unit],
    }


def _guideline(drug: Drug, use: Indication, base: str) -> dict[str, Any]:
    indication: dict[str, Any] = {"coding": [_BREAST_CANCER]} if use.breast else {}
    indication["text"] = f"{use.jurisdiction.upper()}: {marked(use.text, use.verified)}"
    said: dict[str, Any] = {
        "extension": [extension(base, "jurisdiction", use.jurisdiction.value)],
        "dosage": [
            {"type": {"text": dose.kind}, "dosage": [_dosage(drug, dose)]}
            for dose in drug.doses
            if dose.id in use.doses
        ],
        "indicationCodeableConcept": indication,
        "patientCharacteristics": _characteristics(use, base),
    }
    return {name: value for name, value in said.items() if value}


def _dosage(drug: Drug, dose: Dose) -> dict[str, Any]:
    said: dict[str, Any] = {"text": marked(dose.text, dose.verified), "route": route(drug)}
    if dose.timing is not None:
        said["timing"] = {
            "repeat": {
                "frequency": dose.timing.frequency,
                "period": dose.timing.period,
                "periodUnit": dose.timing.unit,
            }
        }
    if dose.amount is not None:
        said["doseAndRate"] = [{"doseQuantity": quantity(dose.amount)}]
    return said


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
