"""Medplum's rest-hook: a POST to the bare endpoint whose headers say what has happened.

packages/server/src/workers/subscription.ts @006a04bf.
"""

from __future__ import annotations

from service.fhir.json import decode
from service.fhir.notices.address import Address, address_in, id_in
from service.fhir.notices.content import changed, resource_in
from service.fhir.notices.notice import ChannelWord, Delivery, Happening, Notice
from service.fhir.notices.parts import not_fhir
from service.fhir.notices.sent import Sent

_INTERACTION, _SUBSCRIPTION = "x-medplum-interaction", "x-medplum-subscription"
_DELETED = "x-medplum-deleted-resource"


def is_medplum(sent: Sent) -> bool:
    """By any header of its own: a Bundle that it posts is a stored one, not one to unpack."""
    return any(name in sent.headers for name in (_INTERACTION, _SUBSCRIPTION, _DELETED))


def read_medplum(sent: Sent) -> Delivery:
    """One notice. A deletion comes as `{}`, and only a header names the resource."""
    value = decode(sent.body)
    subscription = id_in(sent.headers.get(_SUBSCRIPTION, ""))
    word = ChannelWord(f"Subscription/{subscription}", kind="event-notification")
    return Delivery((_notice(sent, value),), word if subscription else None)


def _notice(sent: Sent, value: object) -> Notice:
    gone = address_in(sent.headers.get(_DELETED, ""))
    if gone is None and value == {}:
        text = "An empty object says nothing: the header that names the deleted resource is absent."
        raise not_fhir(text, code="required")
    if gone is None:
        resource = resource_in(value, "Resource")
        notice = changed(resource, sent.body, resource["resourceType"])
        if sent.headers.get(_INTERACTION) != "delete":
            return notice
        if not notice.id:
            raise not_fhir("A deleted resource has an id.", f"{notice.type}.id", "required")
        gone = Address(notice.type, notice.id)
    return Notice(Happening.DELETED, gone.type, gone.id, gone.version)
