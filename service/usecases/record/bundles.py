"""A Bundle posted to the base: one commit for all of it, or one for each entry of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.core.errors import Fault, NotFhir, RequestRefused, Unreadable
from service.fhir.outcome import issue_of, operation_outcome, outcome_of
from service.usecases.record.asking import Asking, Recording
from service.usecases.record.change import change
from service.usecases.record.entries import Entry, entries_of
from service.usecases.record.interaction import Came, Done
from service.usecases.record.stored import as_resource, instant

#: Answers a GET of an entry: the resource at an address below the base.
Reading = Callable[[str], dict[str, Any]]
#: The HTTP status of a refusal.
StatusOf = Callable[[RequestRefused], int]

_STATUS = {
    Came.CREATED: "201 Created",
    Came.UPDATED: "200 OK",
    Came.UNCHANGED: "200 OK",
    Came.DELETED: "204 No Content",
    Came.NOTHING: "204 No Content",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the answer is wanted. representation: with the resources as they stand."""

    representation: bool
    read: Reading
    status_of: StatusOf


def record_bundle(
    bundle: Mapping[str, Any], body: bytes, recording: Recording, asking: Asking, wanted: Wanted
) -> dict[str, Any]:
    """The response Bundle: an entry for each of the request's, in their order.

    A batch does each entry by itself; every other type is done whole or refused with all faults.
    """
    entries = entries_of(bundle, body, recording.house.canonical_base)
    batch = bundle.get("type") == "batch"
    strict = bundle.get("type") == "transaction" and not asking.lenient
    if batch:
        answers = [_alone(entry, recording, asking, wanted) for entry in entries]
    else:
        answers = _together(entries, strict, recording, asking, wanted)
    kind = "batch-response" if batch else "transaction-response"
    said: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    return said | ({"entry": answers} if answers else {})


def _alone(entry: Entry, recording: Recording, asking: Asking, wanted: Wanted) -> dict[str, Any]:
    """One entry of a batch: what is refused is told in its place."""
    try:
        return _together([entry], not asking.lenient, recording, asking, wanted)[0]
    except RequestRefused as refused:
        status = wanted.status_of(refused)
        return {"response": {"status": str(status), "outcome": outcome_of(refused.faults)}}


def _together(
    entries: Sequence[Entry],
    strict: bool,
    recording: Recording,
    asking: Asking,
    wanted: Wanted,
) -> list[dict[str, Any]]:
    """All of it or nothing; what is read is read when all is kept.

    strict: an entry of a type that is not kept is refused.
    """
    faults = [e.fault for e in entries if e.fault]
    if faults:
        raise NotFhir(*faults)
    not_kept = [e for e in entries if strict and e.skipped and e.asked]
    if not_kept:
        text = "is not kept here. Leave it out, or send Prefer: handling=lenient."
        raise Unreadable(
            *(
                Fault("not-supported", f"{e.asked.kind} {text}", e.where)
                for e in not_kept
                if e.asked
            )
        )
    asked = [e.asked for e in entries if e.asked and not e.skipped]
    outcomes = iter(change(asked, recording, asking) if asked else [])
    return [
        _read(entry, wanted)
        if entry.get
        else _skipped(entry)
        if entry.skipped
        else _done(next(outcomes), asking, wanted)
        for entry in entries
    ]


def _read(entry: Entry, wanted: Wanted) -> dict[str, Any]:
    return {"resource": wanted.read(entry.get), "response": {"status": "200 OK"}}


def _skipped(entry: Entry) -> dict[str, Any]:
    told = outcome_of([Fault("informational", entry.skipped, entry.where)], "information")
    return {"response": {"status": "200 OK", "outcome": told}}


def _done(done: Done, asking: Asking, wanted: Wanted) -> dict[str, Any]:
    response: dict[str, Any] = {"status": _STATUS[done.came]}
    version = done.version
    if version is not None:
        response["location"] = f"{version.reference}/_history/{version.number}"
        response["etag"] = f'W/"{version.number}"'
        response["lastModified"] = instant(version.updated)
    if done.remarks:
        response["outcome"] = operation_outcome([issue_of(remark) for remark in done.remarks])
    if wanted.representation and version is not None and not version.deleted:
        return {"resource": as_resource(version, asking.release), "response": response}
    return {"response": response}
