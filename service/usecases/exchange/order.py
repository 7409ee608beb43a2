"""Which of several notices about one resource stands: the newest, however they come in.

Senders redeliver, and their deliveries overtake each other (wire-facts (a), rules 2 and 4). Where
what came along does not tell which is newer, the source is asked what stands there now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import Kept
from service.usecases.record.along import Seen


class Verdict(StrEnum):
    """What is to be done about a resource."""

    TAKE = "take"  # what came along is the newest
    ASK = "ask"  # the source, what stands there
    REMOVE = "remove"  # it was deleted, and nothing says otherwise
    NOTHING = "nothing"  # something newer was taken before


@dataclass(frozen=True, slots=True)
class Decision:
    """newest: the notice whose content is taken; None for every verdict but TAKE."""

    verdict: Verdict
    newest: Kept | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What tells one version from another."""

    version: str
    updated: datetime | None


def decide(notices: Sequence[Kept], seen: Seen | None) -> Decision:
    """notices: all that wait about one resource, in the order they came. seen: what was taken."""
    arrivals = [kept.arrival for kept in notices]
    deleted = [a for a in arrivals if a.happening is Happening.DELETED]
    contents = [kept for kept in notices if kept.arrival.body is not None]
    if len(deleted) == len(arrivals):
        gone = seen is not None and seen.gone
        return Decision(Verdict.NOTHING if gone else Verdict.REMOVE)
    if deleted or len(contents) < len(arrivals) or (seen is not None and seen.gone):
        return Decision(Verdict.ASK)
    newest = contents[0]
    for later in contents[1:]:
        newer = _newer(_of(later), _of(newest))
        if newer is None:
            return Decision(Verdict.ASK)
        newest = later if newer else newest
    if seen is None:
        return Decision(Verdict.TAKE, newest)
    newer = _newer(_of(newest), _Known(seen.version, seen.updated))
    if newer is None:
        return Decision(Verdict.ASK)
    return Decision(Verdict.TAKE, newest) if newer else Decision(Verdict.NOTHING)


def _of(kept: Kept) -> _Known:
    return _Known(kept.arrival.version, kept.arrival.updated)


def _newer(one: _Known, than: _Known) -> bool | None:
    """None: nothing tells, as with two versions of one time that cannot be counted. The same
    version counts as newer, and so does whatever comes later from a sender that gives neither time
    nor version."""
    if one.updated is not None and than.updated is not None and one.updated != than.updated:
        return one.updated > than.updated
    if (one.updated is None) is not (than.updated is None):
        return None
    # Opaque by FHIR; where both are numbers of one second they are counted by every server.
    if one.version.isdigit() and than.version.isdigit():
        return int(one.version) >= int(than.version)
    return True if one.version == than.version else None
