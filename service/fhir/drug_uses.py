"""What a label allows, and the doses that belong to it, in the form that R4 and R5 share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from service.core.drug import Dose, Drug, Indication
from service.core.drug_facts import UNITS, Amount, marked
from service.fhir.systems import SNOMED, UCUM

_BREAST_CANCER = {
    "system": SNOMED,
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


def indication(use: Indication) -> dict[str, Any]:
    """The use as a CodeableConcept; other tumours than breast cancer have no code."""
    said: dict[str, Any] = {"coding": [_BREAST_CANCER]} if use.breast else {}
    return said | {"text": f"{use.jurisdiction.upper()}: {marked(use.text, use.verified)}"}


def dosages(drug: Drug, use: Indication) -> list[dict[str, Any]]:
    """Each dose of the use under its kind: loading, maintenance, reduced."""
    return [
        {"type": {"text": dose.kind}, "dosage": [_dosage(drug, dose)]}
        for dose in drug.doses
        if dose.id in use.doses
    ]


def route(drug: Drug) -> dict[str, Any]:
    """The route as a CodeableConcept."""
    return {"coding": [{"system": SNOMED, **_ROUTES[drug.route.concept]}], "text": drug.route.text}


def quantity(amount: Amount) -> dict[str, Any]:
    """A Quantity in UCUM, digits as in the record."""
    return {
        "value": amount.value,
        "unit": amount.unit,
        "system": UCUM,
        "code": UNITS[amount.unit],
    }


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
