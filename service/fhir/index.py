"""Finding resources of the posted body by reference, and which version of each stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.core.errors import Fault
from service.core.findings import Moment
from service.fhir.entries import Located
from service.fhir.lab_words import as_list
from service.fhir.moments import moment

_TYPE_AND_ID = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})$")
_STATUS_RANK = {
    "entered-in-error": 6,
    "cancelled": 5,
    "corrected": 4,
    "amended": 3,
    "final": 2,
    "preliminary": 1,
}


def without_version(reference: str) -> str:
    """The reference without its `/_history/` part."""
    return reference.partition("/_history/")[0]


@dataclass(frozen=True, slots=True)
class Index:
    """The standing version of every resource posted, by the addresses it may be referred to."""

    resources: tuple[Located, ...]
    by_address: Mapping[str, Located]

    def find(self, reference: object, *, host: Located) -> Located | None:
        """The resource a `Reference` of the host points to, if it was posted too."""
        if not isinstance(reference, dict):
            return None
        text = reference.get("reference")
        if not isinstance(text, str):
            return None
        if text.startswith("#"):
            return self.by_address.get(f"{host.host or host.where}{text}")
        text = without_version(text)
        found = self.by_address.get(text)
        if found or ":" in text:
            return found
        base = _base_of(host.full_url)
        return self.by_address.get(f"{base}{text}") if base else None

    def of_type(self, *types: str) -> list[Located]:
        return [r for r in self.resources if r.type in types]


def _base_of(full_url: str) -> str:
    match = _TYPE_AND_ID.search(full_url)
    return full_url[: match.start() + 1] if match and ":" in full_url else ""


def index(resources: Iterable[Located]) -> tuple[Index, list[Fault]]:
    """Keep the newest version of each resource; a fault where nothing says which is newer."""
    versions: dict[str, list[Located]] = {}
    for located in resources:
        versions.setdefault(_identity(located), []).append(located)
    faults: list[Fault] = []
    standing = [_newest(group, faults) for group in versions.values()]
    by_address: dict[str, Located] = {}
    for located in standing:
        for address in _addresses(located):
            by_address.setdefault(address, located)
    return Index(tuple(standing), by_address), faults


def _identity(located: Located) -> str:
    """Two versions of one resource share it; a resource without any address stands alone."""
    if located.host or not (located.id or located.full_url):
        return located.where
    if located.id and not located.full_url.startswith("urn:"):
        return f"{_base_of(located.full_url)}{located.type}/{located.id}"
    return located.full_url or f"{located.type}/{located.id}"


def _addresses(located: Located) -> list[str]:
    if located.host:
        return [f"{located.host}#{located.id}"] if located.id else []
    addresses = [located.full_url or f"urn:uuid:{located.id}"]
    if located.id:
        addresses.append(f"{located.type}/{located.id}")
    return addresses


def _newest(group: list[Located], faults: list[Fault]) -> Located:
    """By lastUpdated, else version number, else issued, else how far the status has gone."""
    if len(group) == 1:
        return group[0]
    ordered = sorted(group, key=lambda r: (_version_key(r), repr(sorted_value(r.resource))))
    best, rival = ordered[-1], ordered[-2]
    same = sorted_value(best.resource) == sorted_value(rival.resource)
    if not same and _version_key(best) == _version_key(rival) and best.type == "Observation":
        text = (
            "Two different versions of this Observation were sent and nothing says which is newer: "
            "send meta.versionId or meta.lastUpdated."
        )
        faults.append(Fault("conflict", text, max(best.where, rival.where)))
    return min(
        (r for r in group if sorted_value(r.resource) == sorted_value(best.resource)),
        key=lambda r: (len(r.where), r.where),
    )


def _version_key(located: Located) -> tuple[str, int, str, int]:
    meta = located.resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    updated = moment(meta.get("lastUpdated"))
    version = meta.get("versionId")
    number = (
        int(version) if isinstance(version, str) and version.isdigit() and len(version) < 19 else -1
    )
    issued = moment(located.resource.get("issued"))
    rank = _STATUS_RANK.get(str(located.resource.get("status")), 0)
    return (_sortable(updated), number, _sortable(issued), rank)


def _sortable(when: Moment | None) -> str:
    if when is None:
        return ""
    return when.instant.isoformat() if when.instant else when.day.isoformat()


def sorted_value(value: object) -> object:
    """The value with object keys in order: equal for equal JSON, whatever the order sent."""
    if isinstance(value, dict):
        return {k: sorted_value(value[k]) for k in sorted(value, key=str)}
    if isinstance(value, list):
        return [sorted_value(v) for v in value]
    return value


def concept_in(value: object) -> object:
    """A CodeableConcept as it is; of R5's CodeableReference, the concept."""
    return value.get("concept", value) if isinstance(value, dict) else value


def codings(concept: object) -> list[Mapping[str, Any]]:
    """The codings of a CodeableConcept that are objects."""
    if not isinstance(concept, dict):
        return []
    return [c for c in as_list(concept.get("coding")) if isinstance(c, dict)]
