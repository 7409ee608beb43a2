"""What the doors of the record share: who asks, which version is meant, and what goes back."""

from __future__ import annotations

from flask import Request, Response, g

from service.core.errors import Fault, NotFhir, NotFound, PreconditionFailed
from service.fhir.outcome import issue, issue_of, operation_outcome
from service.fhir.version import FhirVersion
from service.usecases.record.asking import Asking, Recording
from service.usecases.record.entries import version_in
from service.usecases.record.interaction import Came, Done
from service.usecases.record.port import Version
from service.usecases.record.stored import as_resource
from service.web.address import address_of
from service.web.answer import empty, fhir
from service.web.log import REQUEST_ID
from service.web.parts import Parts
from service.web.prefer import is_lenient, wanted_back

_STATUS = {
    Came.CREATED: 201,
    Came.UPDATED: 200,
    Came.UNCHANGED: 200,
    Came.DELETED: 204,
    Came.NOTHING: 204,
}


def recording_of(parts: Parts) -> Recording:
    """With what the record is kept and assessed."""
    return parts.recording


def asking_of(request: Request, parts: Parts, version: FhirVersion) -> Asking:
    """Who asks, when and how."""
    return Asking(
        release=version,
        address=address_of(request, version),
        lenient=is_lenient(request),
        now=parts.clock(),
        agent="holder of the service's token" if parts.api_token else "unauthenticated caller",
        network=request.remote_addr or "",
        request=request.environ.get(REQUEST_ID, ""),
    )


def if_match(request: Request) -> str:
    """The version that `If-Match` names; empty for none and for `*`."""
    said = request.headers.get("If-Match", "")
    version = version_in(said)
    if said and said.strip() != "*" and not version.isdigit():
        text = 'If-Match names a version as W/"1".'
        raise PreconditionFailed(Fault("conflict", text))
    return version


def answered(done: Done, request: Request, version: FhirVersion) -> Response:
    """The answer to one create, update or delete, as `Prefer: return` wants it."""
    status, back = _STATUS[done.came], wanted_back(request)
    if done.version is None or done.version.deleted or back == "minimal":
        response = empty(status)
    elif back == "OperationOutcome" or (done.remarks and not back):
        response = fhir(_told(done), status)
    else:
        response = fhir(as_resource(done.version, version), status)
    if done.version is not None:
        stamp(response, done.version)
    if done.came in (Came.CREATED, Came.UNCHANGED, Came.UPDATED) and done.version:
        at = f"{done.version.reference}/_history/{done.version.number}"
        response.headers["Location"] = f"{address_of(request, version)}/{at}"
    return response


def _told(done: Done) -> dict[str, object]:
    told = [issue_of(remark) for remark in done.remarks]
    said = Fault("informational", f"The resource is {done.came}.")
    return operation_outcome([issue(said, "information"), *told])


def stamp(response: Response, version: Version) -> None:
    """ETag and Last-Modified of a version."""
    response.set_etag(str(version.number), weak=True)
    response.last_modified = version.updated


def readable(version: Version, asked: FhirVersion, where: str = "") -> Version:
    """The version, unless it is evidence of the other FHIR version: NotFound says where it is."""
    if version.derived or version.deleted or version.release is asked:
        return version
    text = (
        f"This resource came in as FHIR {version.release.name}: read it at {version.release.base}."
    )
    raise NotFound(Fault("not-found", text, where))


def number_in(text: str) -> int:
    """A version id as the number that it is here; NotFound for any other."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound(Fault("not-found", "There is no such version."))
    return int(text)


def log(door: str, done: list[Done]) -> None:
    """What the log line tells of a change: how many of what, nobody's name."""
    counted: dict[str, int] = {}
    for one in done:
        counted[str(one.came)] = counted.get(str(one.came), 0) + 1
    g.log_fields |= {"door": door, "record": counted}


def one_criteria(request: Request) -> str:
    """The query of a conditional update or delete, as it was sent."""
    said = request.query_string.decode(errors="replace")
    if not said:
        raise NotFhir(
            Fault("required", "The address names no resource: it needs an id or a search.")
        )
    return said
