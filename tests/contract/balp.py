"""What IHE's Basic Audit Log Patterns (BALP 1.1) ask of our AuditEvents, for the judge.

BALP is on no package registry. This is our own reading of its six profiles, with what an AuditEvent
of ours can get wrong in them: it is written for the judge, published nowhere, and no copy of IHE's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BASE = "https://profiles.ihe.net/ITI/BALP"
_ENTITY_TYPES = f"{BASE}/CodeSystem/BasicAuditEntityType"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_PATIENT = "http://hl7.org/fhir/StructureDefinition/Patient"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
#: Types of the client and of the server.
_WRITING = ((_DCM, "110153"), (_DCM, "110152"))
_ENDING = ((_DCM, "110150"), (f"{_HL7}/provenance-participant-type", "custodian"))
#: Profile -> (action, code of the interaction, types of the agents).
_PROFILES = {
    "Create": ("C", "create", _WRITING),
    "Update": ("U", "update", _WRITING),
    "Delete": ("D", "delete", _ENDING),
}
IDS = [f"IHE.BasicAudit.{whose}{name}" for name in _PROFILES for whose in ("", "Patient")]

Element = dict[str, Any]


def write_balp(folder: Path) -> None:
    """The definitions as files of a new folder."""
    folder.mkdir()
    for definition in _definitions():
        name = f"{definition['resourceType']}-{definition['id']}.json"
        (folder / name).write_text(json.dumps(definition), encoding="utf-8")


def _definitions() -> Iterator[dict[str, Any]]:
    yield {
        "resourceType": "CodeSystem",
        "id": "BasicAuditEntityType",
        "url": _ENTITY_TYPES,
        "status": "active",
        "content": "complete",
        "concept": [{"code": "XrequestId"}],
    }
    for identity in IDS:
        yield {
            "resourceType": "StructureDefinition",
            "id": identity,
            "url": f"{BASE}/StructureDefinition/{identity}",
            "name": identity.rpartition(".")[2],
            "status": "active",
            "fhirVersion": "4.0.1",
            "kind": "resource",
            "abstract": False,
            "type": "AuditEvent",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/AuditEvent",
            "derivation": "constraint",
            "differential": {"element": list(_elements(identity.rpartition(".")[2]))},
        }


def _elements(name: str) -> Iterator[Element]:
    whose, name = name.startswith("Patient"), name.removeprefix("Patient")
    action, interaction, (client, server) = _PROFILES[name]
    yield _at("")
    yield _at("type", patternCoding=_coding(f"{_HL7}/audit-event-type", "rest"))
    yield _at("subtype", min=1, slicing=_sliced("value", "$this"))
    asked = _coding("http://hl7.org/fhir/restful-interaction", interaction)
    yield _at("subtype:asked", min=1, max="1", patternCoding=asked)
    yield _at("action", min=1, patternCode=action)
    yield _at("outcome", min=1, patternCode="0")
    yield _at("agent", min=2, slicing=_sliced("pattern", "type"))
    for agent, kind in (("client", client), ("server", server)):
        yield _at(f"agent:{agent}", min=1, max="1")
        yield _at(f"agent:{agent}.type", min=1, patternCodeableConcept={"coding": [_coding(*kind)]})
        yield _at(f"agent:{agent}.who", min=1)
        yield _at(f"agent:{agent}.media", max="0")
        yield _at(f"agent:{agent}.network", min=1)
    yield _at("entity", min=2 if whose else 1, slicing=_sliced("pattern", "type"))
    yield _at("entity:transaction", min=0, max="1")
    yield _at("entity:transaction.what", min=1)
    yield _at("entity:transaction.what.identifier", min=1)
    yield _at("entity:transaction.what.identifier.value", min=1)
    yield _at("entity:transaction.type", min=1, patternCoding=_coding(_ENTITY_TYPES, "XrequestId"))
    yield _at("entity:data", min=1, max="1")
    yield _at("entity:data.what", min=1)
    yield _at("entity:data.type", min=1, patternCoding=_coding(f"{_HL7}/audit-entity-type", "2"))
    yield _at("entity:data.role", min=0 if name == "Delete" else 1)
    if whose:
        yield _at("entity:patient", min=1, max="1")
        only = {"code": "Reference", "targetProfile": [_PATIENT]}
        yield _at("entity:patient.what", min=1, type=[only])
        person = _coding(f"{_HL7}/audit-entity-type", "1")
        yield _at("entity:patient.type", min=1, patternCoding=person)
        yield _at("entity:patient.role", min=1, patternCoding=_coding(f"{_HL7}/object-role", "1"))


def _at(place: str, **said: Any) -> Element:
    """An element of the differential. place: `agent:client.who`, or empty for the AuditEvent."""
    identity = f"AuditEvent.{place}".rstrip(".")
    path = ".".join(step.partition(":")[0] for step in identity.split("."))
    last = identity.rpartition(".")[2].partition(":")[2]
    return {"id": identity, "path": path} | ({"sliceName": last} if last else {}) | said


def _sliced(kind: str, path: str) -> Element:
    return {"discriminator": [{"type": kind, "path": path}], "rules": "open"}


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}
