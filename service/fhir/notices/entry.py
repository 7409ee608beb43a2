"""One entry of a Bundle: of which resource it speaks and what has happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.fhir.json import encode
from service.fhir.notices.address import Address, address_in, version_in
from service.fhir.notices.content import (
    check_same,
    instant,
    resource_in,
    updated_of,
    version_of,
)
from service.fhir.notices.notice import Happening, Notice
from service.fhir.notices.parts import not_fhir, object_at, text_at
from service.fhir.resource_types import RESOURCE_TYPES


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, read. type, id: empty when nothing says them. method: of its request, or empty.

    resource: None where it has none, where it is deleted, and where it is a patch of another.
    """

    where: str
    full_url: str
    method: str
    deleted: bool
    type: str
    id: str
    version: str
    updated: datetime | None
    resource: dict[str, Any] | None


def entry_of(value: object, where: str) -> Entry:
    """The entry; NotFhir where it is none or where its request is about another resource."""
    if not isinstance(value, dict):
        raise not_fhir("This entry is null or no object.", where)
    request, response = object_at(value, "request"), object_at(value, "response")
    method, url = text_at(request, "method").upper(), text_at(request, "url")
    # A resource that is gone may be told as a GET that was answered so (backport, notifications).
    deleted = method == "DELETE" or text_at(response, "status").startswith("410")
    resource = None if deleted else _resource(value.get("resource"), method, url, where)
    full_url = text_at(value, "fullUrl")
    addresses = _addresses(url, full_url, text_at(response, "location"), resource)
    first = addresses[0] if addresses else Address("", "")
    return Entry(
        where=where,
        full_url=full_url,
        method=method,
        deleted=deleted,
        type=resource["resourceType"] if resource else first.type,
        id=resource.get("id", first.id) if resource else first.id,
        version=version_of(resource) or _version(response, addresses),
        updated=updated_of(resource) or instant(text_at(response, "lastModified")),
        resource=resource,
    )


def _resource(value: object, method: str, url: str, where: str) -> dict[str, Any] | None:
    """The resource as it is now: in a transaction, that of a PATCH is none (R4 http.html#patch)."""
    if value is None:
        return None
    resource = resource_in(value, f"{where}.resource")
    if method == "PATCH" and resource["resourceType"] in ("Parameters", "Binary"):
        return None
    check_same(resource, *_asked_for(url), f"{where}.resource")
    return resource


def _asked_for(url: str) -> tuple[str, str]:
    """Type and id of a request's URL: `Observation/1`, `Observation`, `/fhir/Observation`."""
    if address := address_in(url):
        return address.type, address.id
    last = url.partition("?")[0].rpartition("/")[2]
    return (last, "") if last in RESOURCE_TYPES else ("", "")


def _addresses(
    url: str, full_url: str, location: str, resource: dict[str, Any] | None
) -> list[Address]:
    """What the entry calls it, the request first; those of another type than its resource not."""
    found = [a for a in map(address_in, (url, full_url, location)) if a]
    return [a for a in found if resource is None or a.type == resource["resourceType"]]


def _version(response: Mapping[str, Any], addresses: list[Address]) -> str:
    """The version that was the outcome (`response.etag`), or that an address names."""
    said = [version_in(text_at(response, "etag")), *(a.version for a in addresses)]
    return next((v for v in said if v), "")


def notice_of(entry: Entry) -> Notice:
    """What the entry says has happened; NotFhir when it does not say to what."""
    if not entry.type or not (entry.id or entry.resource):
        text = "This entry does not say which resource it is about: give request.url or fullUrl."
        raise not_fhir(text, entry.where, "required")
    return Notice(
        Happening.DELETED if entry.deleted else Happening.CHANGED,
        type=entry.type,
        id=entry.id,
        version=entry.version,
        updated=entry.updated,
        resource=entry.resource,
        body=None if entry.resource is None else encode(entry.resource),
        where=entry.where,
    )
