"""How it stands with a source: what came, what waits, what is owed, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.usecases.exchange.desk import Channel, Counts, SourceState, State
from service.usecases.exchange.source import Source
from service.usecases.exchange.trading import Trading
from service.usecases.record.stored import instant


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stood with a source `at` a time."""

    at: datetime
    source: Source
    state: SourceState
    channels: tuple[Channel, ...]
    counts: Counts

    @property
    def gaps(self) -> int:
        """Events that did not come, by their numbers; several stretches may be told as one."""
        return sum(last - first + 1 for channel in self.channels for first, last in channel.missing)

    @property
    def quarantined(self) -> int:
        """Deliveries and notices that wait for a person."""
        return self.counts.notices.get(State.QUARANTINED, 0)

    def seconds_since(self, moment: datetime | None) -> float | None:
        """How long before `at` it was; None where it never was. A clock that was set back does not
        make it less than nothing."""
        return None if moment is None else max(0.0, (self.at - moment).total_seconds())


def status(trading: Trading, now: datetime) -> Standing:
    """Asked of the desk alone: the source itself is not called."""
    desk, name = trading.desk, trading.source.name
    return Standing(
        at=now,
        source=trading.source,
        state=desk.state(name),
        channels=tuple(desk.channels(name)),
        counts=desk.counts(name),
    )


def told(standing: Standing) -> dict[str, Any]:
    """As JSON; times are instants in UTC, None for what never was. No patient is named."""
    source, state, counts = standing.source, standing.state, standing.counts
    return {
        "source": source.name,
        "address": source.at.base,
        "mode": "strict" if source.strict else "quarantine",
        "writesTo": source.write_to.base if source.write_to else None,
        "lastNotice": _instant(state.last_notice),
        "caughtUp": _instant(state.caught_up),
        "failing": {"since": _instant(state.failing_since), "said": state.said}
        if state.failing_since
        else None,
        "subscriptions": [_subscription(channel) for channel in standing.channels],
        "gaps": standing.gaps,
        "notices": dict(counts.notices),
        "oldestWaiting": _instant(counts.oldest_waiting),
        "quarantine": standing.quarantined,
        "patients": counts.patients,
        "incomplete": counts.incomplete,
        "outbox": {
            "owed": counts.owed,
            "parked": counts.parked,
            "oldest": _instant(counts.oldest_owed),
        },
        "published": state.published or None,
        "publishing": state.publish_said or None,
    }


def _subscription(channel: Channel) -> dict[str, Any]:
    return {
        "subscription": channel.subscription,
        "status": channel.status or None,
        "lastEvent": channel.number,
        "missing": [list(stretch) for stretch in channel.missing],
        "missingSince": _instant(channel.gap_since),
        "heard": _instant(channel.heard),
        "said": channel.said or None,
    }


def _instant(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None
