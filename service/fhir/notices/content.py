"""A resource that came along, and the notice that it is now so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from service.fhir.moments import moment
from service.fhir.notices.address import check_id, check_type, id_in
from service.fhir.notices.notice import Happening, Notice
from service.fhir.notices.parts import not_fhir, object_at, text_at


def resource_in(value: object, where: str) -> dict[str, Any]:
    """The value as a resource, its type and its id (which may be absent) readable; else NotFhir."""
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise not_fhir("This is not a FHIR resource: it has no resourceType.", where)
    check_type(value["resourceType"], f"{where}.resourceType")
    if "id" in value:
        if not isinstance(value["id"], str):
            raise not_fhir("The id is not a string.", f"{where}.id")
        check_id(value["id"], f"{where}.id")
    return value


def check_same(resource: dict[str, Any], kind: str, id: str, where: str) -> None:
    """NotFhir where the address (empty for not said) is of another resource than this."""
    if kind and resource["resourceType"] != kind:
        text = "The resource is of another type than the address that it was sent to."
        raise not_fhir(text, f"{where}.resourceType", "value")
    if id and resource.get("id", id) != id:
        text = "The resource has another id than the address that it was sent to."
        raise not_fhir(text, f"{where}.id", "value")


def changed(resource: dict[str, Any], body: bytes, where: str, id: str = "") -> Notice:
    """The notice of a resource that came along; `id` of the address, where it has none itself."""
    return Notice(
        Happening.CHANGED,
        type=resource["resourceType"],
        id=resource.get("id", id),
        version=version_of(resource),
        updated=updated_of(resource),
        resource=resource,
        body=body,
        where=where,
    )


def version_of(resource: object) -> str:
    """`meta.versionId`, empty when there is none.

    An If-Match header is no substitute: HAPI puts the new version there, but whoever follows the
    specification the one that is replaced (R4 http.html#concurrency), and a notice with a version
    that was seen before would be taken for a duplicate.
    """
    return id_in(text_at(object_at(resource, "meta"), "versionId"))


def updated_of(resource: object) -> datetime | None:
    """`meta.lastUpdated` as an instant."""
    return instant(text_at(object_at(resource, "meta"), "lastUpdated"))


def instant(text: str) -> datetime | None:
    """A FHIR instant; None for a day, a time without a zone and what is none of them."""
    read = moment(text)
    return read.instant if read else None
