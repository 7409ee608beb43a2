"""A subscription that promised to be heard of, and is not: asked how it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from service.core.errors import RequestRefused, ServerRefused
from service.fhir.notices.notice import ChannelWord
from service.fhir.notices.reading import read_status
from service.usecases.exchange.channels import hear, keep, subscription_id
from service.usecases.exchange.desk import Channel
from service.usecases.exchange.trading import Trading

#: Heartbeats that may be late together.
BEATS = 2


def is_silent(channel: Channel, now: datetime) -> bool:
    """Whether it was not heard of for longer than it promised."""
    if not channel.heartbeat or channel.heard is None or not subscription_id(channel):
        return False
    return now - channel.heard > timedelta(seconds=BEATS * channel.heartbeat)


def ask(trading: Trading, channel: Channel) -> None:
    """Ask for its status and how many events there were; what did not come is then a gap.

    Where the source does not say, or it is not well, its Subscription is looked at next. Raises
    ServerAway.
    """
    source, now = trading.source.name, trading.clock()
    word = _status(trading, subscription_id(channel))
    if word is None or word.status not in ("", "active"):
        trading.desk.note(source, checked=None)
    if word is None:
        keep(trading, channel.subscription, lambda known: replace(known, heard=now))
    else:
        hear(replace(word, subscription=channel.subscription), (), trading)


def _status(trading: Trading, id: str) -> ChannelWord | None:
    try:
        word = read_status(trading.server.operation(f"Subscription/{id}/$status", []))
    except (ServerRefused, RequestRefused):
        return None
    # Whatever kind it says it is, no event came with it.
    return replace(word, kind="query-status") if word else None
