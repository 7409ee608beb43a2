"""Which events of a subscription did not come, told by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.fhir.notices.notice import ChannelWord, Notice
from service.usecases.exchange.desk import Channel

#: Stretches of missing numbers that are remembered one by one; more are one long stretch.
STRETCHES = 20
Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Heard:
    """The channel as it is known now. begun_anew: the numbers fell, as they do when a server
    restarts (HAPI counts in memory): what happened around that is not in the numbers."""

    channel: Channel
    begun_anew: bool = False


def heard(known: Channel, word: ChannelWord, notices: Sequence[Notice], now: datetime) -> Heard:
    """What a notification adds to what is known of its subscription."""
    channel = replace(known, heard=now, status=word.status or known.status)
    channel = replace(channel, said="; ".join(word.errors))
    numbers = sorted({n.number for n in notices if n.number is not None})
    anew = False
    for number in numbers:
        channel, fell = _counted(channel, number, now)
        anew |= fell
    if word.so_far is not None and word.kind != "event-notification":
        channel, fell = _so_far(channel, word.so_far, now)
        anew |= fell
    return Heard(channel, anew)


def _counted(channel: Channel, number: int, now: datetime) -> tuple[Channel, bool]:
    last = channel.number
    if last is None or number == last + 1:
        return replace(channel, number=number), False
    if number > last:
        return _missed(replace(channel, number=number), (last + 1, number - 1), now), False
    if any(first <= number <= end for first, end in channel.missing):
        return found(channel, (number, number)), False
    if number == last:
        return channel, False  # delivered again
    return replace(channel, number=number, missing=(), gap_since=None), True


def _so_far(channel: Channel, so_far: int, now: datetime) -> tuple[Channel, bool]:
    """A handshake, heartbeat or status says how many events there were; none comes with it."""
    last = channel.number
    if last is None:
        return replace(channel, number=so_far), False
    if so_far > last:
        return _missed(replace(channel, number=so_far), (last + 1, so_far), now), False
    if so_far < last:
        return replace(channel, number=so_far, missing=(), gap_since=None), True
    return channel, False


def _missed(channel: Channel, stretch: Stretch, now: datetime) -> Channel:
    missing = (*channel.missing, stretch)
    if len(missing) > STRETCHES:
        missing = ((missing[0][0], missing[-1][1]),)
    return replace(channel, missing=missing, gap_since=channel.gap_since or now)


def found(channel: Channel, stretch: Stretch) -> Channel:
    """The channel without the numbers of the stretch among those that are missing."""
    first, last = stretch
    left: list[Stretch] = []
    for begin, end in channel.missing:
        left += [(begin, min(end, first - 1))] if begin < first else []
        left += [(max(begin, last + 1), end)] if end > last else []
    left = [(begin, end) for begin, end in left if begin <= end]
    return replace(channel, missing=tuple(left), gap_since=channel.gap_since if left else None)
