"""Receiving a notification: known as the source's own, read, kept, answered. The work comes later.

Whatever is sent twice is kept once; what cannot be read is kept for a person, unless the source is
strict and wants to hear of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from service.core.errors import Fault, RequestRefused, Unauthenticated
from service.fhir.notices.notice import ChannelWord, Delivery, Happening
from service.fhir.notices.reading import Sent, read_delivery
from service.fhir.notices.signature import signed
from service.usecases.exchange.arrival import arrival_of
from service.usecases.exchange.channels import channel_name
from service.usecases.exchange.desk import Arrival, Channel, Kept, State
from service.usecases.exchange.gaps import heard
from service.usecases.exchange.readable import check, told
from service.usecases.exchange.trading import Trading
from service.usecases.record.along import Settlement

#: Characters of a path or media type that are kept beside what could not be read.
_LONG = 200
#: How often it is noted that a subscription was heard of, when nothing else is new about it.
_OFTEN = timedelta(seconds=1)


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
    new = _keep(delivery, trading)
    if delivery.channel is not None:
        _heard(delivery.channel, delivery, trading)
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
    new = _keep(delivery, trading)
    said = f"Read again: {len(delivery.notices)} notices, {new} of them new."
    trading.desk.settle([Settlement(kept.seq, State.DONE, said)])
    return ""


def _read(sent: Sent, trading: Trading) -> Delivery:
    delivery = read_delivery(sent)
    if trading.source.strict:
        _check(delivery, trading)
    return delivery


def _keep(delivery: Delivery, trading: Trading) -> int:
    """How many of its notices are new."""
    arrivals = [arrival_of(n, delivery.channel, trading) for n in delivery.notices]
    if not arrivals:
        return 0
    return trading.desk.arrive(trading.source.name, arrivals, trading.clock())


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


def _heard(word: ChannelWord, delivery: Delivery, trading: Trading) -> None:
    """What the notification says of its own subscription. Where the numbers fell, or a whole part
    of them is not to be had, the source is looked at as if it had said that something changed."""
    desk, source, now = trading.desk, trading.source, trading.clock()
    known = {channel.subscription: channel for channel in desk.channels(source.name)}
    name = channel_name(word.subscription)
    channel = known.get(name, Channel(name))
    told = heard(channel, word, delivery.notices, now)
    same = replace(told.channel, heard=channel.heard) == channel
    if same and channel.heard is not None and now - channel.heard < _OFTEN:
        return  # senders that do not count say the same with every notice
    desk.keep_channel(source.name, told.channel)
    if told.begun_anew:
        desk.arrive(source.name, [Arrival(Happening.SOMETHING)], now)
