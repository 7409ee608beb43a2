"""Notices as they are kept, however we heard of them."""

from __future__ import annotations

from collections.abc import Iterable

from service.fhir.notices.key import key_of
from service.fhir.notices.notice import ChannelWord, Happening, Notice
from service.fhir.own import is_own
from service.usecases.exchange.desk import Arrival, State
from service.usecases.exchange.trading import Trading


def keep_notices(notices: Iterable[Notice], channel: ChannelWord | None, trading: Trading) -> int:
    """Keep them, each once: how many of them are new."""
    arrivals = [arrival_of(notice, channel, trading) for notice in notices]
    if not arrivals:
        return 0
    return trading.desk.arrive(trading.source.name, arrivals, trading.clock())


def arrival_of(notice: Notice, channel: ChannelWord | None, trading: Trading) -> Arrival:
    """A notice as it is kept: waiting, or told apart at once as nothing for us."""
    state, reason = State.WAITING, ""
    base = trading.recording.house.canonical_base
    if notice.happening is not Happening.SOMETHING and notice.type not in trading.source.types:
        state, reason = State.IGNORED, f"{notice.type} is not taken from this source."
    elif notice.resource is not None and is_own(notice.resource, base):
        state, reason = State.OWN, "It is this service's own output."
    elif notice.happening is not Happening.SOMETHING and not notice.id:
        state = State.QUARANTINED
        reason = "The resource has no id: nothing tells which of the source's it is."
    return Arrival(
        happening=notice.happening,
        type=notice.type,
        id=notice.id,
        version=notice.version,
        updated=notice.updated,
        key=_key(notice, channel),
        body=notice.body if state in (State.WAITING, State.QUARANTINED) else None,
        state=state,
        reason=reason,
    )


def _key(notice: Notice, channel: ChannelWord | None) -> str:
    """The same however a version came to us; another where a server that was set up anew counts
    its ids and versions from the beginning."""
    key = key_of(notice, channel)
    return f"{key}|{notice.updated.isoformat()}" if key and notice.updated else key
