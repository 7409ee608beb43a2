"""In whose record a resource is: the key that `service.fhir.patients` gives its patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.fhir.entries import Opened, open_resource
from service.fhir.index import index
from service.fhir.patients import Patients
from service.fhir.search_values import usable

#: How a key begins when the patient is known by an identifier alone.
BY_IDENTIFIER = "identifier|"


def owner_of(resource: Mapping[str, Any]) -> str:
    """`Patient/1`, `identifier|system|value`, a foreign address, or empty for nobody's.

    Of a Patient its own address.
    """
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    opened = Opened()
    open_resource(resource, str(resource["resourceType"]), opened)
    found, _ = index(opened.resources)
    key = Patients(found).of(opened.resources[0]).key
    named = key.startswith((BY_IDENTIFIER, "Patient/")) or ":" in key
    return key if named and usable(key) else ""


def patient_said(resource: Mapping[str, Any]) -> str:
    """The reference by which it names its patient, as sent; empty where it names none by one."""
    subject = resource.get("subject") or resource.get("patient")
    said = subject.get("reference") if isinstance(subject, dict) else None
    return said if isinstance(said, str) else ""


def identifiers_of(patient: Mapping[str, Any]) -> list[tuple[str, str]]:
    """System (may be empty) and value of each complete identifier that can be kept."""
    given = patient.get("identifier")
    return [
        (str(i.get("system") or ""), str(i["value"]))
        for i in (given if isinstance(given, list) else [])
        if isinstance(i, dict) and i.get("value") and usable(f"{i.get('system')}{i['value']}")
    ]


def key_by(identifier: tuple[str, str]) -> str:
    """The key of a patient of whom no more than an identifier is known."""
    return f"{BY_IDENTIFIER}{identifier[0]}|{identifier[1]}"
