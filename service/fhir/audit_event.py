"""AuditEvent: what a change to the record looks like to those who read the audit log.

R4 follows IHE's Basic Audit Log Patterns (BALP 1.1), profiles Create, Update, Delete and the three
of the same name for a known patient; R5 says the same in its own shape, for which BALP has no
profile yet. No operation has a BALP profile: `$purge` is a restful operation, a prune the end of
records' lives. References, ids, times and addresses stand in it, and nothing clinical.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from service.core.audit import PRUNE, Audit
from service.fhir.narrative import narrative
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion

_BALP = "https://profiles.ihe.net/ITI/BALP"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_HL7 = "http://terminology.hl7.org/CodeSystem"
INTERACTION = "http://hl7.org/fhir/restful-interaction"

Resource = dict[str, Any]
Coding = dict[str, str]


def _coding(system: str, code: str, display: str) -> Coding:
    return {"system": system, "code": code, "display": display}


_REST = _coding(f"{_HL7}/audit-event-type", "rest", "Restful Operation")
_DESTROY = _coding(
    f"{_HL7}/iso-21089-lifecycle", "destroy", "Destroy/Delete Record Lifecycle Event"
)
SEVERITY = "http://hl7.org/fhir/issue-severity"
#: R4's outcome in the codes that R5 prefers there.
OUTCOMES_IN_R5 = {0: "success", 4: "warning", 8: "error", 12: "fatal"}
_SOURCE = _coding(_DCM, "110153", "Source Role ID")
_DESTINATION = _coding(_DCM, "110152", "Destination Role ID")
_APPLICATION = _coding(_DCM, "110150", "Application")
_CUSTODIAN = _coding(f"{_HL7}/provenance-participant-type", "custodian", "Custodian")
#: Of the caller and of this service; BALP names them otherwise where something is deleted.
_AGENTS = {"create": (_SOURCE, _DESTINATION), "update": (_SOURCE, _DESTINATION)}
_ENDING = (_APPLICATION, _CUSTODIAN)
_SERVER = _coding(f"{_HL7}/security-source-type", "4", "Application Server")
_PERSON = _coding(f"{_HL7}/audit-entity-type", "1", "Person")
_OBJECT = _coding(f"{_HL7}/audit-entity-type", "2", "System Object")
_REQUEST_ID = {"system": f"{_BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
_PATIENT = _coding(f"{_HL7}/object-role", "1", "Patient")
_RESOURCE = _coding(f"{_HL7}/object-role", "4", "Domain Resource")
_JOB = _coding(f"{_HL7}/object-role", "21", "Job Stream")
#: Interactions that BALP has profiles of.
_PROFILED = {"create": "Create", "update": "Update", "delete": "Delete"}


def audit_event(told: Audit, systems: Systems, release: FhirVersion) -> Resource:
    """The AuditEvent of one FHIR version."""
    return _in_r5(told, systems) if release is FhirVersion.R5 else _in_r4(told, systems)


def interaction_of(told: Audit) -> str:
    """The code in INTERACTION; empty for a command, which is no interaction."""
    if told.interaction == PRUNE:
        return ""
    return "operation" if told.interaction.startswith("$") else told.interaction


def _in_r4(told: Audit, systems: Systems) -> Resource:
    profile = _PROFILED.get(told.interaction)
    if profile:
        whose = "Patient" if told.patient else ""
        profile = f"{_BALP}/StructureDefinition/IHE.BasicAudit.{whose}{profile}"
    agents = [
        {"type": {"coding": [kind]}, "who": who, "requestor": asks, **_network(address, how)}
        for kind, who, asks, address, how in _agents(told, systems)
    ]
    return {
        **_start(told, profile),
        "type": _REST if told.base else _DESTROY,
        **({"subtype": [_interaction(told)]} if told.base else {}),
        "action": told.action,
        "recorded": _instant(told),
        "outcome": str(told.outcome),
        "agent": agents,
        "source": {"observer": _device(systems), "type": [_SERVER]},
        "entity": [
            {"what": what, "type": kind, "role": role, **_detail(told, kind, {"type": "operation"})}
            if role is not _JOB
            else {"what": what, "type": kind}
            for what, kind, role in _entities(told)
        ],
    }


def _network(address: str, how: str) -> Resource:
    """how: code of R4's network-type. BALP wants a network even where the address is not known."""
    if not how:
        return {}
    return {"network": {"address": address, "type": how} if address else {"address": "unknown"}}


def _in_r5(told: Audit, systems: Systems) -> Resource:
    codes: Resource = {"code": {"coding": [_DESTROY]}}
    if told.base:
        codes = {"category": [{"coding": [_REST]}], "code": {"coding": [_interaction(told)]}}
    networks = {"2": "networkString", "5": "networkUri"}
    return {
        **_start(told, None),
        **codes,
        "action": told.action,
        "severity": "informational",
        "recorded": _instant(told),
        "outcome": {"code": {"system": SEVERITY, "code": OUTCOMES_IN_R5[told.outcome]}},
        **({"patient": _whom(told.patient)} if told.patient else {}),
        "agent": [
            {
                "type": {"coding": [kind]},
                "who": who,
                "requestor": asks,
                **({networks[how]: address} if address else {}),
            }
            for kind, who, asks, address, how in _agents(told, systems)
        ],
        "source": {"observer": _device(systems), "type": [{"coding": [_SERVER]}]},
        "entity": [
            {
                "what": what,
                "role": {"coding": [role]},
                **_detail(told, kind, {"type": {"text": "operation"}}),
            }
            for what, kind, role in _entities(told)
        ],
    }


def _start(told: Audit, profile: str | None) -> Resource:
    meta: Resource = {"versionId": "1", "lastUpdated": _instant(told)}
    if profile:
        meta["profile"] = [profile]
    said = told.reference or f"what no longer stood on {told.target}"
    return {
        "resourceType": "AuditEvent",
        "id": told.id,
        "meta": meta,
        "text": narrative(f"{told.interaction}: {said}", [_instant(told)]),
    }


def _instant(told: Audit) -> str:
    said = told.recorded.astimezone(UTC).isoformat(timespec="milliseconds")
    return said.replace("+00:00", "Z")


def _interaction(told: Audit) -> Coding:
    code = interaction_of(told)
    return _coding(INTERACTION, code, code)


def _agents(told: Audit, systems: Systems) -> list[tuple[Coding, Resource, bool, str, str]]:
    """(type, who, whether it asked, address, R4's network-type) of the caller and this service."""
    client, server = _AGENTS.get(told.interaction, _ENDING)
    who = {"display": told.agent}
    if not told.base:
        return [(client, who, True, "", "")]
    return [
        (client, who, True, told.network, "2"),
        (server, _device(systems), False, told.base, "5"),
    ]


def _device(systems: Systems) -> Resource:
    """This software, without the version: which one it was is not kept with the row."""
    device = systems.device
    name = str(device["display"]).partition(" ")[0]
    return {**device, "identifier": {**device["identifier"], "value": name}, "display": name}


def _entities(told: Audit) -> list[tuple[Resource, Coding, Coding]]:
    """(what, R4's type, role) of the patient, of the resource and of the request."""
    about = {"reference": told.reference} if told.reference else _what_was_pruned(told)
    found: list[tuple[Resource, Coding, Coding]] = [(about, _OBJECT, _RESOURCE)]
    if told.patient:
        found.insert(0, (_whom(told.patient), _PERSON, _PATIENT))
    if told.request:
        found.append(({"identifier": {"value": told.request}}, _REQUEST_ID, _JOB))
    return found


def _what_was_pruned(told: Audit) -> Resource:
    return {"display": f"Versions and deleted resources that no longer stood on {told.target}"}


def _detail(told: Audit, kind: Coding, name: Resource) -> Resource:
    """The operation's name, with the resource that it was about."""
    if kind is not _OBJECT or not told.interaction.startswith("$"):
        return {}
    return {"detail": [{**name, "valueString": told.interaction}]}


def _whom(key: str) -> Resource:
    """The patient that a key stands for: by address, or by the identifier that alone is known."""
    if not key.startswith("identifier|"):
        return {"reference": key}
    _, system, value = key.split("|", 2)
    return {
        "type": "Patient",
        "identifier": {**({"system": system} if system else {}), "value": value},
    }
