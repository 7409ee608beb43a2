"""Events that a subscription counted and that did not come: asked for by their numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.core.errors import RequestRefused, ServerRefused
from service.fhir.notices.reading import read_events
from service.usecases.exchange.arrival import keep_notices
from service.usecases.exchange.channels import keep, subscription_id
from service.usecases.exchange.desk import Channel
from service.usecases.exchange.gaps import Stretch, found
from service.usecases.exchange.trading import Trading

#: After 21 and 23, 22 may be on its way.
ON_ITS_WAY = timedelta(seconds=5)


def has_gap(channel: Channel, now: datetime) -> bool:
    """Whether something is missing for so long that it will not come by itself."""
    since = channel.gap_since
    return bool(channel.missing) and since is not None and now - since > ON_ITS_WAY


def recover(trading: Trading, channel: Channel) -> tuple[int, list[Stretch]]:
    """Ask for what is missing: how much of that is new, and what the source does not give.

    Raises ServerAway.
    """
    new, left = 0, []
    for stretch in channel.missing:
        came = _events(trading, channel, stretch)
        if came is None:
            left.append(stretch)
            continue
        new += came
        forget(trading, channel, [stretch])
    return new, left


def forget(trading: Trading, channel: Channel, stretches: list[Stretch]) -> None:
    """What was in these is known by now."""

    def without(known: Channel) -> Channel:
        for stretch in stretches:
            known = found(known, stretch)
        return known

    keep(trading, channel.subscription, without)


def _events(trading: Trading, channel: Channel, stretch: Stretch) -> int | None:
    """How much of it is new; None where the source does not give every event of the stretch."""
    first, last = stretch
    query = [("eventsSinceNumber", str(first)), ("eventsUntilNumber", str(last))]
    query.append(("content", trading.source.payload.value))
    id = subscription_id(channel)
    if not id:
        return None
    try:
        answer = trading.server.operation(f"Subscription/{id}/$events", query)
        delivery = read_events(answer)
    except (ServerRefused, RequestRefused):  # HAPI has no such operation
        return None
    new = keep_notices(delivery.notices, delivery.channel, trading)
    numbers = {n.number for n in delivery.notices if n.number is not None}
    told = sum(first <= number <= last for number in numbers)
    return new if told == last - first + 1 else None
