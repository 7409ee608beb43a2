"""One method of one door below a FHIR base, as an OpenAPI operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.fhir.version import FhirVersion
from service.usecases.record.asked_form import RESULT_PARAMETERS, SUMMARIES, TOTALS
from service.usecases.record.entries import ASKING, TELLING
from service.usecases.record.history import PARAMETERS as OF_HISTORY
from service.usecases.record.kept import KEPT
from service.usecases.search import PAGING
from service.web.openapi_asked import asked_of
from service.web.openapi_parts import (
    Said,
    answer,
    answers,
    as_fhir,
    query,
    reference,
    resource,
)

_TYPE = re.compile(r"/([A-Z][A-Za-z]+)(?=/|$)")
_FORM = "application/x-www-form-urlencoded"
#: Refusals of every request, of one with a body, and of one that changes the record.
_EVERY, _BODY = (400, 401, 406), (413, 415)
_CHANGE = (404, 405, 409, 410, 412, 422)
_ETAG = {"ETag": {"schema": {"type": "string"}}}
_WRITTEN = _ETAG | {name: {"schema": {"type": "string"}} for name in ("Location", "Last-Modified")}


@dataclass(frozen=True, slots=True)
class Place:
    """A door below a base. shape: its address with `{type}` for the type, `$` for an operation."""

    version: FhirVersion
    shape: str
    kind: str
    name: str
    searched: tuple[Said, ...]

    @classmethod
    def of(cls, version: FhirVersion, below: str, known: Iterable[Mapping[str, Any]]) -> Place:
        """below: the route without its base. known: `rest.resource` of the CapabilityStatement."""
        match = _TYPE.match(below)
        kind = match[1] if match else ""
        path, _, name = below.partition("$")
        shape = _TYPE.sub("/{type}", path, count=1) + ("$" if name else "")
        found = next((r for r in known if r["type"] == kind), {})
        searched = tuple(
            query(p["name"], p["documentation"], p["type"]) for p in found.get("searchParam", ())
        )
        return cls(version, shape, kind, name, searched)


def operation(place: Place, method: str) -> Said:
    """Raises KeyError for a door that is not described here."""
    said = _DOORS[method, place.shape](place)
    in_path = [("<id>", "Id"), ("<number>", "Number")]
    shared = [
        *(name for variable, name in in_path if variable in place.shape),
        "Format",
        "Pretty",
    ]
    parameters = [*(reference("parameters", name) for name in shared), *said["parameters"]]
    return said | {"tags": [place.version.name], "parameters": parameters}


def _said(
    summary: str,
    good: Said,
    *refused: int,
    takes: Iterable[Said] = (),
    headers: Iterable[str] = (),
    body: Said | None = None,
) -> Said:
    sent = {"requestBody": body} if body else {}
    parameters = [*takes, *(reference("parameters", name) for name in headers)]
    statuses = answers(good, (*_EVERY, *(_BODY if body else ()), *refused))
    return {"summary": summary, "parameters": parameters, "responses": statuses, **sent}


def _good(content: Said, status: int = 200, **headers: Said) -> Said:
    return {str(status): answer(status, as_fhir(content), **headers)}


def _posted(content: Said, *, required: bool = True) -> Said:
    return {"required": required, "content": as_fhir(content)}


def _read(place: Place) -> Said:
    good = _good(resource(place.kind), **_ETAG) | {"304": answer(304)}
    return _said(f"One {place.kind}", good, 404, 410, 412, headers=["IfNoneMatch"])


def _metadata(_: Place) -> Said:
    good = _good(resource("CapabilityStatement"), **_ETAG) | {"304": answer(304)}
    return _said("What this base does", good, 412, headers=["IfNoneMatch"])


def _search(place: Place) -> Said:
    good = _good(resource("Bundle"), **_ETAG) | {"304": answer(304)}
    takes = [*place.searched, *_results(place)]
    headers = ["Prefer", "IfNoneMatch"]
    return _said(f"Search of {place.kind}", good, 412, takes=takes, headers=headers)


def _form(place: Place) -> Said:
    takes = [*place.searched, *_results(place)]
    schema = {"type": "object", "properties": {p["name"]: p["schema"] for p in takes}}
    body = {"required": False, "content": {_FORM: {"schema": schema}}}
    good = _good(resource("Bundle"), **_ETAG)
    return _said(f"Search of {place.kind} by form", good, headers=["Prefer"], body=body)


def _results(place: Place) -> list[Said]:
    """The parameters about the answer, which FHIR does not call search parameters."""
    names = RESULT_PARAMETERS if place.kind in KEPT else PAGING
    if place.kind == "AuditEvent":
        names = (*PAGING, "_sort")
    return [_about_answer(name) for name in names]


def _about_answer(name: str) -> Said:
    allowed = {"_summary": SUMMARIES, "_total": TOTALS}.get(name, ())
    kind = "integer" if name in PAGING else ""
    return query(name, "About the answer, as FHIR has it.", kind, *allowed)


def _history(place: Place) -> Said:
    takes = [_about_answer(name) for name in OF_HISTORY]
    good = _good(resource("Bundle"))
    return _said(f"History of {place.kind or 'all'}", good, *_missing(place), takes=takes)


def _missing(place: Place) -> tuple[int, ...]:
    return (404,) if "<id>" in place.shape else ()


def _create(place: Place) -> Said:
    answered = resource(place.kind, "OperationOutcome")
    good = _good(answered, **_WRITTEN) | _good(answered, 201, **_WRITTEN)
    headers, body = ["Prefer", "IfNoneExist"], _posted(resource(place.kind))
    return _said(f"Create {place.kind}", good, *_CHANGE, headers=headers, body=body)


def _update(place: Place) -> Said:
    answered = resource(place.kind, "OperationOutcome")
    good = _good(answered, **_WRITTEN) | _good(answered, 201, **_WRITTEN)
    headers, body = ["Prefer", "IfMatch"], _posted(resource(place.kind))
    return _said(
        f"Update {place.kind}", good, *_CHANGE, takes=_criteria(place), headers=headers, body=body
    )


def _delete(place: Place) -> Said:
    good = {"204": answer(204)}
    takes, headers = _criteria(place), ["Prefer", "IfMatch"]
    return _said(f"Delete {place.kind}", good, *_CHANGE, takes=takes, headers=headers)


def _criteria(place: Place) -> tuple[Said, ...]:
    """What a conditional change says which resource is meant by."""
    return () if "<id>" in place.shape else place.searched


def _bundle(place: Place) -> Said:
    body = resource("Bundle")
    body["properties"] |= {"type": {"enum": [*ASKING, *TELLING]}, "entry": _ENTRIES}
    body["required"] = ["resourceType", "type"]
    summary = "A batch, a transaction, or a Bundle of what stands"
    good = _good(resource("Bundle"))
    return _said(summary, good, *_CHANGE, headers=["Prefer"], body=_posted(body))


_ENTRIES: Said = {"type": "array", "items": {"type": "object", "minProperties": 1}}


def _asked(place: Place, posted: bool) -> Said:
    """An operation, by GET (parameters in the query alone) or by POST."""
    kinds, takes, answered, optional = asked_of(place.version, place.kind, place.name)
    body = _posted(resource(*kinds), required=not optional) if posted else None
    headers = ["Prefer"]
    return _said(
        f"${place.name}",
        _good(resource(*answered)),
        *_CHANGE,
        takes=takes,
        headers=headers,
        body=body,
    )


def _get(place: Place) -> Said:
    return _asked(place, False)


def _post(place: Place) -> Said:
    return _asked(place, True)


_DOORS: Mapping[tuple[str, str], Callable[[Place], Said]] = {
    ("POST", ""): _bundle,
    ("POST", "/"): _bundle,
    ("GET", "/metadata"): _metadata,
    ("GET", "/_history"): _history,
    ("GET", "/{type}"): _search,
    ("POST", "/{type}"): _create,
    ("PUT", "/{type}"): _update,
    ("DELETE", "/{type}"): _delete,
    ("POST", "/{type}/_search"): _form,
    ("GET", "/{type}/_history"): _history,
    ("GET", "/{type}/<id>"): _read,
    ("PUT", "/{type}/<id>"): _update,
    ("DELETE", "/{type}/<id>"): _delete,
    ("GET", "/{type}/<id>/_history"): _history,
    ("GET", "/{type}/<id>/_history/<number>"): _read,
    ("POST", "/$"): _post,
    ("GET", "/{type}/$"): _get,
    ("POST", "/{type}/$"): _post,
    ("GET", "/{type}/<id>/$"): _get,
    ("POST", "/{type}/<id>/$"): _post,
}
