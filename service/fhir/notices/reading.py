"""Whatever a FHIR sender delivers to /notify/{source}, read into one kind of value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.core.errors import Fault, UnsupportedMediaType
from service.fhir.json import decode
from service.fhir.notices.address import check_id, check_type
from service.fhir.notices.bundles import read_bundle
from service.fhir.notices.content import changed, check_same, resource_in
from service.fhir.notices.event_grid import is_event, read_event_grid
from service.fhir.notices.medplum import is_medplum, read_medplum
from service.fhir.notices.notice import ChannelWord, Delivery, Happening, Notice
from service.fhir.notices.notification import is_notification, read_notification
from service.fhir.notices.parts import list_at, not_fhir, text_at
from service.fhir.notices.pubsub import read_pubsub
from service.fhir.notices.sent import Sent
from service.fhir.notices.status import is_status, status_of

__all__ = ["Sent", "read_delivery", "read_events", "read_status"]


def read_delivery(sent: Sent) -> Delivery:
    """What the request says has happened.

    Preconditions (If-Match, If-None-Exist) are not looked at: HAPI sends both and means neither.
    A resource that is posted to be created may have no id yet: nor has its notice then.
    Raises NotFhir, or UnsupportedMediaType for XML.
    """
    _check_path(sent)
    if sent.method == "DELETE":
        return Delivery((_deleted(sent),))
    if sent.method not in ("PUT", "POST"):
        raise not_fhir("A notification is a PUT, a POST or a DELETE.", code="not-supported")
    if not sent.body.strip():
        return Delivery((_without_body(sent),))
    _refuse_xml(sent)
    if is_medplum(sent) and not sent.kind:
        return read_medplum(sent)
    value = decode(sent.body)
    if sent.kind:
        return Delivery((_resource(value, sent),))
    return _of_any_form(value, sent)


def read_events(bundle: Mapping[str, Any]) -> Delivery:
    """The answer to `Subscription/{id}/$events`: what was missed.

    It has the form of a notification (backport, $events; R5 subscription-operation-events); a
    server that answers with a bare history is understood too.
    """
    if is_notification(bundle):
        return read_notification(bundle)
    if text_at(bundle, "type") == "subscription-notification" and not list_at(bundle, "entry"):
        return Delivery()
    return read_bundle(bundle)


def read_status(bundle: Mapping[str, Any]) -> ChannelWord | None:
    """The answer to `Subscription/{id}/$status`: None when it holds no status.

    A searchset (backport, $status), its status in the first entry that is one; a status that is
    not in a Bundle is taken as well.
    """
    said = [(entry, f"Bundle.entry[{i}]") for i, entry in enumerate(list_at(bundle, "entry"))]
    for holder, where in [({"resource": bundle}, ""), *said]:
        resource = holder.get("resource") if isinstance(holder, dict) else None
        if is_status(resource):
            return status_of(resource, f"{where}.resource" if where else "Resource").channel
    return None


def _check_path(sent: Sent) -> None:
    if sent.kind or sent.id:
        check_type(sent.kind, "")
    if sent.id:
        check_id(sent.id, "")


def _refuse_xml(sent: Sent) -> None:
    """HAPI sends what `Subscription.channel.payload` says, and Java sides often say XML."""
    if "xml" in sent.headers.get("content-type", "").lower() or sent.body.lstrip()[:1] == b"<":
        text = (
            "XML is not read here: set the Subscription's payload (channel.payload; in R5 "
            "contentType) to application/fhir+json."
        )
        raise UnsupportedMediaType(Fault("not-supported", text))


def _deleted(sent: Sent) -> Notice:
    if not sent.id:
        raise not_fhir("A deletion is sent to the address of what was deleted: Type/id.")
    return Notice(Happening.DELETED, sent.kind, sent.id)


def _without_body(sent: Sent) -> Notice:
    """HAPI and FHIR Works without a payload: the path says all, and often nothing."""
    if sent.id:
        return Notice(Happening.CHANGED, sent.kind, sent.id)
    return Notice(Happening.SOMETHING)


def _resource(value: object, sent: Sent) -> Notice:
    """The body is the resource, its digits as sent."""
    resource = resource_in(value, sent.kind or "Resource")
    check_same(resource, sent.kind, sent.id, sent.kind)
    return changed(resource, sent.body, resource["resourceType"], sent.id)


def _of_any_form(value: Any, sent: Sent) -> Delivery:
    """What was posted to the bare endpoint: its own shape says whose it is."""
    if isinstance(value, list):
        return read_event_grid(value)
    if text_at(value, "resourceType") == "Bundle":
        return read_notification(value) if is_notification(value) else read_bundle(value)
    if is_event(value):
        return read_event_grid([value])
    if isinstance(value, dict) and isinstance(value.get("message"), dict):
        return read_pubsub(value["message"])
    return Delivery((_resource(value, sent),))
