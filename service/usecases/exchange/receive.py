"""Receiving a notification: known as the source's own, read, kept, answered. The work comes later.

Whatever is sent twice is kept once; what cannot be read is kept for a person, unless the source is
strict and wants to hear of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from service.core.errors import Fault, RequestRefused, Unauthenticated
from service.fhir.notices.notice import Delivery
from service.fhir.notices.reading import Sent, read_delivery
from service.fhir.notices.signature import signed
from service.usecases.exchange.arrival import arrival_of, keep_notices
from service.usecases.exchange.channels import hear
from service.usecases.exchange.desk import Arrival, Kept, State
from service.usecases.exchange.readable import check, told
from service.usecases.exchange.trading import Trading
from service.usecases.record.along import Settlement

#: Characters of a path or media type that are kept beside what could not be read.
_LONG = 200


@dataclass(frozen=True, slots=True)
class Received:
    """answer: JSON that the sender needs back, None where 204 does. What the log line tells: how
    many notices it had, how many are new, and whether it was quarantined."""

    answer: dict[str, Any] | None = None
    notices: int = 0
    new: int = 0
    quarantined: bool = False


def receive(sent: Sent, token: str, trading: Trading) -> Received:
    """Keep what was delivered. token: what the sender gave to be known by.

    Raises Unauthenticated (401) where it is not the source's, and what `read_delivery` and
    `_check` raise when the source is strict.
    """
    source = trading.source
    _authenticate(sent, token, trading)
    try:
        delivery = _read(sent, trading)
    except RequestRefused as refused:
        if source.strict:
            raise
        _quarantine(sent, refused, trading)
        return Received(quarantined=True)
    new = keep_notices(delivery.notices, delivery.channel, trading)
    if delivery.channel is not None:
        hear(delivery.channel, delivery.notices, trading)
    return Received(delivery.answer, len(delivery.notices), new)


def receive_again(kept: Kept, trading: Trading) -> str:
    """Read what could not be read when it came: why it still cannot be, empty when it can now.

    It is settled either way. What it says of its own subscription is not heard: the numbers have
    gone on since. Headers were not kept, so that a deletion that only a header names stays.
    """
    was = kept.arrival
    headers = {"content-type": was.content_type} if was.content_type else {}
    try:
        delivery = _read(Sent(was.method, was.type, was.id, headers, was.body or b""), trading)
    except RequestRefused as refused:
        said = told(refused)
        trading.desk.settle([Settlement(kept.seq, State.QUARANTINED, said)])
        return said
    new = keep_notices(delivery.notices, delivery.channel, trading)
    said = f"Read again: {len(delivery.notices)} notices, {new} of them new."
    trading.desk.settle([Settlement(kept.seq, State.DONE, said)])
    return ""


def _read(sent: Sent, trading: Trading) -> Delivery:
    delivery = read_delivery(sent)
    if trading.source.strict:
        _check(delivery, trading)
    return delivery


def _authenticate(sent: Sent, token: str, trading: Trading) -> None:
    source = trading.source
    if source.hmac_secret:
        said = sent.headers.get("x-signature", "")
        if not signed(source.hmac_secret, sent.body, said):
            text = "X-Signature is not the HMAC-SHA256 of the body under the source's secret."
            raise Unauthenticated(Fault("login", text))
    if source.token and not compare_digest(token.encode(errors="replace"), source.token.encode()):
        text = "Send the source's token as `Authorization: Bearer <token>`."
        raise Unauthenticated(Fault("login", text))


def _check(delivery: Delivery, trading: Trading) -> None:
    """Refuse what could not be taken in: no FHIR, or a result that cannot be read."""
    for notice in delivery.notices:
        resource = notice.resource
        if resource is None or arrival_of(notice, None, trading).state is not State.WAITING:
            continue
        check(resource, notice.type, notice.id, trading)


def _quarantine(sent: Sent, refused: RequestRefused, trading: Trading) -> None:
    """The delivery as it came, with why it could not be read."""
    arrival = Arrival(
        happening=None,
        type=sent.kind[:_LONG],
        id=sent.id[:_LONG],
        body=sent.body,
        state=State.QUARANTINED,
        reason=told(refused),
        method=sent.method,
        path="/".join(part for part in (sent.kind, sent.id) if part)[:_LONG],
        content_type=sent.headers.get("content-type", "")[:_LONG],
    )
    trading.desk.arrive(trading.source.name, [arrival], trading.clock())
