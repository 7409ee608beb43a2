"""What was said when: versions as a Bundle of type history, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from service.core.errors import Fault, NotFhir, NotFound
from service.fhir.moments import moment
from service.fhir.version import FhirVersion
from service.usecases.record.port import Method, Reader, Version
from service.usecases.record.stored import as_resource, instant
from service.usecases.search import number_in

#: Versions on a page when the caller does not say, and the most there can be.
DEFAULT_COUNT, MOST_COUNT = 50, 500
_STATUS = {Method.POST: "201 Created", Method.PUT: "200 OK", Method.DELETE: "204 No Content"}
#: What a history takes.
PARAMETERS = ("_count", "_since", "_at", "_offset")


@dataclass(frozen=True, slots=True)
class _Wanted:
    since: datetime | None
    at: datetime | None
    count: int
    offset: int


def history(
    kind: str,
    id: str,
    query: Mapping[str, Sequence[str]],
    reader: Reader,
    address: str,
    release: FhirVersion,
) -> dict[str, Any]:
    """Of one resource, of a type (id empty) or of all (both empty).

    address: of the base. Evidence of the other FHIR version is left out, as searches leave it: R5
    wants a resource in every entry but a deletion's. Raises NotFhir for a bad parameter, NotFound
    for a resource that never was.
    """
    wanted = _wanted(query)
    found = reader.history(kind, id, wanted.since, wanted.at, wanted.count, wanted.offset, release)
    if id and reader.current(kind, id) is None:
        raise NotFound(Fault("not-found", f"There is no {kind} with this id."))
    path = "/".join(part for part in (address, kind, id, "_history") if part)
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "history",
        "total": found.total,
        "link": _links(path, query, wanted, found.more),
    }
    entries = [_entry(version, address, release) for version in found.versions]
    return bundle | ({"entry": entries} if entries else {})


def _entry(version: Version, address: str, release: FhirVersion) -> dict[str, Any]:
    resource = {} if version.deleted else {"resource": as_resource(version, release)}
    url = version.type if version.method is Method.POST else version.reference
    return {
        "fullUrl": f"{address}/{version.reference}",
        **resource,
        "request": {"method": version.method.value, "url": url},
        "response": {
            "status": "201 Created" if version.number == 1 else _STATUS[version.method],
            "etag": f'W/"{version.number}"',
            "lastModified": instant(version.updated),
        },
    }


def _wanted(query: Mapping[str, Sequence[str]]) -> _Wanted:
    faults = [
        Fault("not-supported", f"A history knows {', '.join(PARAMETERS)}: not {name!r}.")
        for name in query
        if name not in PARAMETERS
    ]
    count = number_in(query, "_count", faults)
    offset = number_in(query, "_offset", faults)
    since, at = (_instant(query, name, faults) for name in ("_since", "_at"))
    if faults:
        raise NotFhir(*faults)
    size = DEFAULT_COUNT if count is None else min(count, MOST_COUNT)
    return _Wanted(since, at, size, offset or 0)


def _instant(query: Mapping[str, Sequence[str]], name: str, faults: list[Fault]) -> datetime | None:
    """A time with its zone; the `+` of a zone may have arrived as a space."""
    said = query.get(name, ())
    if not said:
        return None
    found = moment(said[-1].replace(" ", "+"))
    if found is None or found.instant is None:
        text = f"{name} is an instant such as 2026-11-22T12:00:00Z."
        faults.append(Fault("value", text))
        return None
    return found.instant


def _links(
    path: str, query: Mapping[str, Sequence[str]], wanted: _Wanted, more: bool
) -> list[dict[str, str]]:
    said = [(name, value) for name, values in query.items() for value in values]
    links = [{"relation": "self", "url": _url(path, said)}]
    if more:
        kept = [(name, value) for name, value in said if name not in ("_offset", "_count")]
        beside = [("_count", str(wanted.count)), ("_offset", str(wanted.offset + wanted.count))]
        links.append({"relation": "next", "url": _url(path, [*kept, *beside])})
    return links


def _url(path: str, query: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
