"""The same answer as a transaction: conditional, without ids, with references that resolve.

interfaces.md, `transaction`: Observation and CarePlan by conditional update on our identifier,
Provenance by conditional create on a tag of the answer's content.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from service.core.assessment import Remark
from service.core.errors import Fault, Unreadable
from service.fhir.answer import PatientAnswer
from service.fhir.entries import Located
from service.fhir.identity import derived_id
from service.fhir.json import encode
from service.fhir.own import WITHDRAWN, derived_identifier
from service.fhir.references import conditional_reference, logical_reference
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.fhir.writing.bundle import Entry


def transaction(
    answers: Sequence[tuple[PatientAnswer, list[Entry]]],
    remarks: Sequence[Remark],
    systems: Systems,
    version: FhirVersion,
) -> dict[str, Any]:
    """Every patient's entries as requests, and the retraction of what no longer holds."""
    entries: list[Entry] = []
    faults: list[Fault] = []
    for answer, written in answers:
        if not answer.evidence.subject.key:
            text = "A result has no subject: a transaction needs one. Send Observation.subject."
            where = _places_without_subject(answer)
            faults += [Fault("required", text, f"{w}.subject") for w in where]
            continue
        addresses = _addresses(answer, written, faults)
        own = [
            {"fullUrl": e["fullUrl"], **_request(e["resource"], addresses, systems)}
            for e in written
        ]
        tell_in_summary(answer, own, remarks)
        for entry in own:
            if entry["resource"]["resourceType"] == "Provenance":
                _tag_content(entry, own, systems)
        entries += own
        entries += _retractions(answer, written, systems, version)
    if faults:
        raise Unreadable(*faults)
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction"}
    return bundle | ({"entry": entries} if entries else {})


def _places_without_subject(answer: PatientAnswer) -> list[str]:
    return [o.where for s in answer.evidence.specimens for o in s.observations] or [""]


def _addresses(
    answer: PatientAnswer, written: Sequence[Entry], faults: list[Fault]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """How a reference to the caller's resources is written where only stored ones resolve.

    HER2 evidence that cannot be referred to is a fault; anything else is never a reason to refuse.
    """
    ours = {e["fullUrl"] for e in written}
    subject = answer.evidence.subject
    posted: dict[str, Located] = {r.reference: r for r in _posted(answer) if r.reference}
    needed = {r.where for r in (*answer.evidence.used, *_specimens(answer))}
    patient_urn = subject.located.reference if subject.located else ""

    def addressed(reference: dict[str, Any]) -> dict[str, Any]:
        text = str(reference.get("reference", ""))
        if not text.startswith("urn:") or text in ours:
            return reference
        if text == (subject.reference or {}).get("reference") or text == patient_urn:
            if subject.identifier:
                return conditional_reference("Patient", subject.identifier)
            where = f"{subject.located.where}.identifier" if subject.located else ""
            text = "The patient has no identifier: a transaction cannot refer to a urn:uuid."
            _once(faults, Fault("required", text, where))
            return reference
        found = posted.get(text)
        logical = logical_reference(found) if found else None
        if logical:
            return logical
        if found and found.where not in needed:
            return {"type": found.type, "display": f"{found.type} as posted, without an identifier"}
        where = f"{found.where}.identifier" if found else ""
        text = (
            "A resource known only by urn:uuid has no identifier to refer to it in a transaction."
        )
        _once(faults, Fault("required", text, where))
        return reference

    return addressed


def _once(faults: list[Fault], fault: Fault) -> None:
    if fault not in faults:
        faults.append(fault)


def _posted(answer: PatientAnswer) -> list[Located]:
    """What the answer refers to: what it rests on, and the specimens."""
    return [*answer.used, *_specimens(answer)]


def _specimens(answer: PatientAnswer) -> list[Located]:
    return [s.located_specimen for s in answer.evidence.specimens if s.located_specimen]


def _request(
    resource: dict[str, Any],
    addressed: Callable[[dict[str, Any]], dict[str, Any]],
    systems: Systems,
) -> Entry:
    """The resource without id and profile, its references resolved, and how to store it."""
    identity, kind = resource["id"], resource["resourceType"]
    stored = {k: _resolved(v, addressed) for k, v in resource.items() if k != "id"}
    meta = {k: v for k, v in stored["meta"].items() if k != "profile"}
    stored["meta"] = meta
    if kind == "Provenance":
        return {"resource": stored, "request": {"method": "POST", "url": kind}}
    request = {"method": "PUT", "url": by_identifier(kind, identity, systems)}
    return {"resource": stored, "request": request}


def by_identifier(kind: str, identity: str, systems: Systems) -> str:
    """The address of a conditional update of an output of ours."""
    return f"{kind}?identifier={systems.derived}|{identity}"


def _resolved(value: Any, addressed: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            return addressed(dict(value))
        return {k: _resolved(v, addressed) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolved(v, addressed) for v in value]
    return value


def _tag_content(entry: Entry, entries: Sequence[Entry], systems: Systems) -> None:
    """Provenance has no identifier: a tag of the answer's content lets it be created once."""
    content = [
        {k: v for k, v in e["resource"].items() if k not in ("recorded", "occurredDateTime")}
        for e in entries
    ]
    create_once(entry, derived_id("assessment", encode(content).decode()), systems)


def create_once(entry: Entry, code: str, systems: Systems) -> None:
    """Make a POST one that is done once: by a tag, which is the code of what is told."""
    tag = {"system": systems.code_system("her2-assessment"), "code": code}
    meta = entry["resource"]["meta"]
    entry["resource"]["meta"] = {**meta, "tag": [*meta["tag"], tag]}
    entry["request"]["ifNoneExist"] = f"_tag={tag['system']}|{tag['code']}"


def _retractions(
    answer: PatientAnswer, written: Sequence[Entry], systems: Systems, version: FhirVersion
) -> list[Entry]:
    """Earlier outputs that came in and that this answer no longer holds."""
    standing = {e["resource"]["id"] for e in written}
    gone = {
        identity: located
        for located in answer.evidence.own
        if (identity := derived_identifier(located.resource, systems.base)) not in ("", *standing)
        and located.resource.get("status") != WITHDRAWN[located.type]
    }
    known = {f"urn:uuid:{identity}" for identity in (*standing, *gone)}
    return [
        _retraction(answer, located, identity, known, systems, version)
        for identity, located in gone.items()
    ]


def _retraction(
    answer: PatientAnswer,
    located: Located,
    identity: str,
    known: set[str],
    systems: Systems,
    version: FhirVersion,
) -> Entry:
    """The earlier output with its new status; what it pointed to outside the Bundle is left out."""
    left_out = {"id", "status", "text", "meta", "subject", *_of_another_version(located, version)}
    kept = {k: v for k, v in located.resource.items() if k not in left_out}
    resource = _without_strays(kept, known)
    meta = located.resource.get("meta")
    security = meta.get("security") if isinstance(meta, dict) else None
    resource["meta"] = {"tag": [systems.derived_tag]} | ({"security": security} if security else {})
    resource["status"] = WITHDRAWN[located.type]
    resource["subject"] = _stored_subject(answer)
    return {
        "fullUrl": f"urn:uuid:{identity}",
        "resource": resource,
        "request": {"method": "PUT", "url": by_identifier(located.type, identity, systems)},
    }


def _of_another_version(located: Located, version: FhirVersion) -> set[str]:
    """The elements of an earlier CarePlan whose form the version that is written does not have."""
    authored = {FhirVersion.R4: "custodian", FhirVersion.R5: "author"}[version]
    if located.type != "CarePlan" or authored not in located.resource:
        return set()
    return {"author", "custodian", "addresses", "activity", "contained"}


def _stored_subject(answer: PatientAnswer) -> dict[str, Any]:
    subject = answer.evidence.subject
    reference = dict(subject.reference or {})
    if str(reference.get("reference", "")).startswith("urn:") and subject.identifier:
        return conditional_reference("Patient", subject.identifier)
    return reference


def _without_strays(value: Any, known: set[str]) -> Any:
    """The value without references to a urn that no entry of the Bundle has, nothing left empty."""
    if isinstance(value, dict):
        left = {k: _without_strays(v, known) for k, v in value.items() if not _strays(v, known)}
        return {k: v for k, v in left.items() if v not in ([], {})}
    if isinstance(value, list):
        items = [_without_strays(v, known) for v in value if not _strays(v, known)]
        return [item for item in items if item not in ([], {})]
    return value


def _strays(value: Any, known: set[str]) -> bool:
    reference = value.get("reference") if isinstance(value, dict) else None
    return isinstance(reference, str) and reference.startswith("urn:") and reference not in known


def tell_in_summary(
    answer: PatientAnswer, entries: Sequence[Entry], remarks: Sequence[Remark]
) -> None:
    """Where there is no OperationOutcome, what it would say of a patient is a note there."""
    about = [r for r in remarks if answer.evidence.concerns(r.where)]
    for entry in entries:
        if about and entry["fullUrl"] == answer.address("summary"):
            notes = [*entry["resource"].get("note", []), *({"text": r.text} for r in about)]
            entry["resource"]["note"] = _distinct(notes)


def _distinct(notes: list[dict[str, str]]) -> list[dict[str, str]]:
    return [n for i, n in enumerate(notes) if n not in notes[:i]]
