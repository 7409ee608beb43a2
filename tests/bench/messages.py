"""Messages of the sizes that engines send: invented people, LOINC codes as in the code files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

#: Code, display and value of an Observation.
Test = tuple[str, str, dict[str, Any]]

TESTS: tuple[Test, ...] = (
    (
        "85319-2",
        "HER2 [Presence] in Breast cancer specimen by Immune stain",
        {
            "valueCodeableConcept": {
                "coding": [{"system": "http://loinc.org", "code": "LA11843-2", "display": "3+"}],
                "text": "3+",
            }
        },
    ),
    (
        "49683-6",
        "ERBB2 gene copy number/Chromosome 17 copy number in Tissue by FISH",
        {"valueQuantity": {"value": Decimal("2.50"), "unit": "ratio", "code": "{ratio}"}},
    ),
    (
        "74860-8",
        "ERBB2 gene copy number/nucleus in Tissue by FISH",
        {"valueQuantity": {"value": Decimal("5.2"), "unit": "copies/nucleus"}},
    ),
    (
        "74861-6",
        "Chromosome 17 copy number/nucleus in Tissue by FISH",
        {"valueQuantity": {"value": Decimal("2.1"), "unit": "copies/nucleus"}},
    ),
)


def observation(patient: str, code: str, display: str, value: dict[str, Any]) -> dict[str, Any]:
    """A final Observation of about 1 kB, as a laboratory system sends it."""
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{code}",
        "meta": {"versionId": "1", "lastUpdated": "2026-10-22T09:30:00Z"},
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                        "display": "Laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": code, "display": display}],
            "text": display,
        },
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/{patient}"},
        "effectiveDateTime": "2026-10-20T10:15:00+02:00",
        "issued": "2026-10-22T09:30:00.000+02:00",
        "performer": [{"display": "Institute of Pathology (invented)"}],
        **value,
        "specimen": {"reference": f"Specimen/{patient}"},
    }


def report_of(tests: int, patient: str = "p1") -> dict[str, Any]:
    """A Bundle of one patient with the first `tests` of the HER2 tests."""
    person = {
        "resourceType": "Patient",
        "id": patient,
        "identifier": [{"system": "https://hospital.example/mrn", "value": patient}],
        "name": [{"family": "Invented"}],
        "gender": "female",
    }
    resources = [person, *(observation(patient, *test) for test in TESTS[:tests])]
    return _bundle(resources)


def reports_of(patients: int) -> dict[str, Any]:
    """A Bundle with four HER2 Observations of each patient."""
    reports = [report_of(len(TESTS), f"p{i}")["entry"] for i in range(patients)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [e for r in reports for e in r],
    }


def record_of_one_patient(others: int) -> dict[str, Any]:
    """One HER2 report among Observations about other things."""
    pulse = {"valueQuantity": {"value": 72, "unit": "/min"}}
    resources = [e["resource"] for e in report_of(len(TESTS))["entry"]]
    for i in range(others):
        other = observation("p1", "8867-4", "Heart rate", pulse)
        resources.append({**other, "id": f"pulse-{i}"})
    return _bundle(resources)


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [
        {
            "fullUrl": f"https://lab.example/fhir/{r['resourceType']}/{r['id']}",
            "resource": r,
        }
        for r in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
