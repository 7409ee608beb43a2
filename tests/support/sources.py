"""Sources as settings make them, and invented people for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.settings_sources import read_sources
from service.usecases.exchange.source import Source


def source_at(base: str, **settings: Any) -> Source:
    """A source named `hapi` whose plans are written back, unless the settings say otherwise."""
    (source,) = read_sources({"hapi": {"base_url": base, "write_back": True} | settings})
    return source


def person(id: str = "p1") -> dict[str, Any]:
    """An invented woman of 56."""
    return {
        "resourceType": "Patient",
        "id": id,
        "identifier": [{"system": "https://hospital.example/mrn", "value": f"mrn-{id}"}],
        "gender": "female",
        "birthDate": "1970-03-01",
        "name": [{"family": "Invented", "given": [id]}],
    }


def sample(patient: str = "p1") -> dict[str, Any]:
    """A core biopsy."""
    return {
        "resourceType": "Specimen",
        "id": f"s-{patient}",
        "identifier": [{"system": "https://hospital.example/accession", "value": f"S-{patient}"}],
        "subject": {"reference": f"Patient/{patient}"},
        "type": {"text": "Core needle biopsy of breast"},
        "collection": {"collectedDateTime": "2026-10-28"},
    }


def ihc(patient: str = "p1", score: str = "2+", **more: Any) -> dict[str, Any]:
    """An IHC result by its words."""
    words = {"3+": "Positive (3+)", "2+": "Equivocal (2+)", "1+": "Negative (1+)"}
    found = _observation(f"ihc-{patient}", patient, "85319-2")
    return found | {"valueCodeableConcept": {"text": words[score]}} | more


def ish(
    patient: str = "p1", ratio: str = "2.50", copies: str = "5.00", **more: Any
) -> dict[str, Any]:
    """A dual-probe ISH; as it stands group 1, which is amplified."""
    found = _observation(f"ish-{patient}", patient, "85318-4")
    counted = [("49683-6", ratio, "{ratio}"), ("74860-8", copies, "1")]
    component = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": Decimal(value),
                "system": "http://unitsofmeasure.org",
                "code": unit,
            },
        }
        for code, value, unit in counted
    ]
    return found | {"component": component} | more


def _observation(id: str, patient: str, code: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "specimen": {"reference": f"Specimen/s-{patient}"},
        "effectiveDateTime": "2026-11-01",
    }
