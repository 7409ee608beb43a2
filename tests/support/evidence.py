"""Invented evidence as plain FHIR JSON, one small resource at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from service.fhir.json import decode, encode
from service.fhir.version import FhirVersion
from service.usecases.assess import assess
from tests.support.cases import HOUSE, caller, library

Resource = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
HOSPITAL = "https://hospital.example/fhir"
DAY = "2026-05-01"

IHC, RATIO, COPIES, CEP17, CELLS = "85319-2", "49683-6", "74860-8", "74861-6", "62361-1"
GENE, CONCLUSION, PANEL, SERUM = "85318-4", "48676-1", "74885-5", "42914-2"
SCORES = {"0": "LA6111-4", "1+": "LA11841-6", "2+": "LA11842-4", "3+": "LA11843-2"}
POSITIVE, NEGATIVE = "LA6576-8", "LA6577-6"
CARCINOMA = {"system": SNOMED, "code": "254837009", "display": "Malignant neoplasm of breast"}
DCIS = {"system": SNOMED, "code": "399935008", "display": "Ductal carcinoma in situ of breast"}


def concept(system: str, code: str, text: str = "") -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]} | ({"text": text} if text else {})


def answer_of(code: str) -> Resource:
    """A LOINC answer as a value."""
    return {"valueCodeableConcept": concept(LOINC, code)}


def quantity(number: object, comparator: str = "", unit: str = "{ratio}") -> Resource:
    """A number as a value."""
    said = {"value": number, "unit": unit} | ({"comparator": comparator} if comparator else {})
    return {"valueQuantity": said}


def patient(name: str = "anna") -> Resource:
    """An invented patient with an identifier."""
    return {
        "resourceType": "Patient",
        "id": name,
        "identifier": [{"system": "https://hospital.example/mrn", "value": f"INVENTED-{name}"}],
        "name": [{"family": "Invented"}],
    }


def condition(
    coding: Mapping[str, str] = CARCINOMA, name: str = "ca", of: str = "anna"
) -> Resource:
    """A diagnosis."""
    return {
        "resourceType": "Condition",
        "id": f"{of}-{name}",
        "code": {"coding": [dict(coding)]},
        "subject": {"reference": f"Patient/{of}"},
    }


def specimen(name: str = "core", of: str = "anna", **more: Any) -> Resource:
    """A tissue sample."""
    return {
        "resourceType": "Specimen",
        "id": f"{of}-{name}",
        "subject": {"reference": f"Patient/{of}"},
    } | more


def observation(
    code: str,
    value: Mapping[str, Any],
    *,
    name: str = "",
    of: str = "anna",
    sample: str = "core",
    status: str = "final",
    when: str = DAY,
    **more: Any,
) -> Resource:
    """A laboratory result; `more` are further elements, None leaves one of them out."""
    whole = {
        "resourceType": "Observation",
        "id": f"{of}-{name or code}",
        "status": status,
        "code": concept(LOINC, code),
        "subject": {"reference": f"Patient/{of}"},
        "specimen": {"reference": f"Specimen/{of}-{sample}"} if sample else None,
        "effectiveDateTime": when,
        **value,
        **more,
    }
    return {k: v for k, v in whole.items() if v is not None}


def ihc(score: str, **more: Any) -> Resource:
    """An IHC result in words."""
    return observation(IHC, {"valueString": score}, **more)


def ratio(number: object, comparator: str = "", **more: Any) -> Resource:
    """A HER2/CEP17 ratio."""
    return observation(RATIO, quantity(number, comparator), **more)


def copies(number: object, comparator: str = "", **more: Any) -> Resource:
    """HER2 copies per nucleus."""
    return observation(COPIES, quantity(number, comparator, "{copies}/{nucleus}"), **more)


def cep17(number: object, comparator: str = "", **more: Any) -> Resource:
    """CEP17 copies per nucleus."""
    return observation(CEP17, quantity(number, comparator, "{copies}/{nucleus}"), **more)


def cells(number: object, **more: Any) -> Resource:
    """Cells counted."""
    return observation(CELLS, quantity(number, unit="{#}"), **more)


def bundle(*resources: Resource, kind: str = "collection") -> Resource:
    """A Bundle of these, each at its hospital's address (a urn for what has no id)."""
    entries = [
        {"fullUrl": f"{HOSPITAL}/{r['resourceType']}/{r['id']}", "resource": r}
        if "id" in r
        else {"resource": r}
        for r in resources
    ]
    return {"resourceType": "Bundle", "type": kind} | ({"entry": entries} if entries else {})


def asked(
    *resources: Resource, day: date = date(2026, 11, 22), lenient: bool = False, **query: str
) -> Resource:
    """The answer to a Bundle of these resources, as it would be sent."""
    return answered(bundle(*resources), day=day, lenient=lenient, **query)


def answered(
    posted: object,
    day: date = date(2026, 11, 22),
    lenient: bool = False,
    version: FhirVersion = FhirVersion.R4,
    **query: str,
) -> Resource:
    """The answer to anything posted; query parameters with `_` for `-`."""
    stated = {name.replace("_", "-"): [value] for name, value in query.items()}
    sent = decode(encode(posted))
    whole = assess(sent, caller(day, stated, lenient), library(), HOUSE, version)
    said: Resource = decode(encode(whole))
    return said
