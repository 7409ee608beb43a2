"""Google Cloud Healthcare: a Pub/Sub push of a FHIR store's event.

cloud.google.com/healthcare-api/docs/fhir-pubsub: `attributes` has action, resourceType,
payloadType (NameOnly or FullResource), versionId, lastUpdatedTime (RFC 1123) and storeName; `data`
is base64 of a resource name or, with sendFullResource, of the resource. Large resources come as a
name even then. A deleted one may come whole (sendPreviousResourceOnDelete), as it was before.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from service.fhir.json import decode
from service.fhir.notices.address import address_in, id_in
from service.fhir.notices.content import changed, check_same, resource_in
from service.fhir.notices.notice import Delivery, Happening, Notice
from service.fhir.notices.parts import not_fhir, object_at, text_at

_ACTIONS = {
    "CreateResource": Happening.CHANGED,
    "UpdateResource": Happening.CHANGED,
    "PatchResource": Happening.CHANGED,
    "DeleteResource": Happening.DELETED,
}
_DATA = "message.data"


def read_pubsub(message: Mapping[str, Any]) -> Delivery:
    """One notice, from the `message` of the push."""
    said = object_at(message, "attributes")
    happening = _ACTIONS.get(text_at(said, "action"))
    if happening is None:
        text = "The action is none of a FHIR store's: is this topic the store's own?"
        raise not_fhir(text, "message.attributes.action", "value")
    notice = _told(_data(message), text_at(said, "resourceType"))
    notice = replace(
        notice,
        happening=happening,
        version=id_in(text_at(said, "versionId")) or notice.version,
        updated=notice.updated or _moment(text_at(said, "lastUpdatedTime")),
        at=text_at(said, "lastUpdatedTime"),
    )
    if happening is Happening.DELETED:
        notice = replace(notice, resource=None, body=None)
    return Delivery((notice,))


def _data(message: Mapping[str, Any]) -> bytes:
    data = message.get("data")
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        raise not_fhir("The data is not base64.", _DATA) from None


def _told(data: bytes, kind: str) -> Notice:
    """A resource where it begins like JSON, else the name of one."""
    if data.lstrip().startswith(b"{"):
        resource = resource_in(decode(data), _DATA)
        check_same(resource, kind, "", _DATA)
        if "id" not in resource:
            raise not_fhir("A stored resource has an id.", f"{_DATA}.id", "required")
        return changed(resource, data, _DATA)
    address = address_in(data.decode("ascii", "replace").strip())
    if address is None or (kind and address.type != kind):
        text = "The data is neither a resource nor the name of one, or of another resourceType."
        raise not_fhir(text, _DATA, "value")
    return Notice(Happening.CHANGED, address.type, address.id, address.version, where=_DATA)


def _moment(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
