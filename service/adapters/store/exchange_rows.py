"""Rows of the exchange's tables to plain values and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from service.adapters.store.rows import microseconds, moment_of
from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import Arrival, Channel, Kept, Owed, SourceState, State
from service.usecases.record.along import Missing, Seen


def at(moment: datetime | None) -> int | None:
    """A column of a time that may not be known."""
    return None if moment is None else microseconds(moment)


def moment(count: int | None) -> datetime | None:
    """What `at` made a number of."""
    return None if count is None else moment_of(count)


def notice_values(source: str, arrival: Arrival, now: datetime) -> dict[str, Any]:
    """The columns of `notice` for what arrived."""
    return {
        "source": source,
        "key": arrival.key,
        "received": microseconds(now),
        "happening": arrival.happening.value if arrival.happening else "",
        "type": arrival.type,
        "id": arrival.id,
        "version": arrival.version,
        "updated": at(arrival.updated),
        "method": arrival.method,
        "path": arrival.path,
        "content_type": arrival.content_type,
        "body": arrival.body,
        "state": arrival.state.value,
        "reason": arrival.reason,
        "patient": "",
        "tries": 0,
        "due": microseconds(now),
        "claim": "",
        "claimed_until": 0,
    }


def kept_of(row: Row[Any]) -> Kept:
    """A row of `notice`."""
    arrival = Arrival(
        happening=Happening(row.happening) if row.happening else None,
        type=row.type,
        id=row.id,
        version=row.version,
        updated=moment(row.updated),
        key=row.key,
        body=row.body,
        state=State(row.state),
        reason=row.reason,
        method=row.method,
        path=row.path,
        content_type=row.content_type,
    )
    received, due = moment_of(row.received), moment_of(row.due)
    return Kept(row.seq, row.source, received, arrival, row.tries, due)


def seen_of(row: Row[Any]) -> Seen:
    """A row of `seen`."""
    return Seen(row.type, row.id, row.kept, row.version, moment(row.updated), row.gone)


def missing_text(missing: Sequence[Missing]) -> str:
    """The column `missing` of `feed`."""
    return json.dumps([[m.type, m.said, m.transient] for m in missing])


def missing_of(text: str) -> tuple[Missing, ...]:
    """What `missing_text` made a text of."""
    return tuple(Missing(*each) for each in json.loads(text))


def owed_of(row: Row[Any], claim: str = "") -> Owed:
    """A row of `outbox`."""
    return Owed(
        source=row.source,
        patient=row.patient,
        wanted=row.wanted,
        sent=row.sent,
        since=moment_of(row.since),
        tries=row.tries,
        due=moment_of(row.due),
        parked=row.state == "parked",
        said=row.said,
        outcome=row.outcome,
        claim=claim,
    )


def channel_of(row: Row[Any]) -> Channel:
    """A row of `channel`."""
    return Channel(
        subscription=row.subscription,
        number=row.number,
        missing=tuple((first, last) for first, last in json.loads(row.missing)),
        gap_since=moment(row.gap_since),
        heard=moment(row.heard or None),
        status=row.status,
        heartbeat=row.heartbeat,
        said=row.said,
    )


def channel_values(source: str, channel: Channel) -> dict[str, Any]:
    """The columns of `channel`."""
    return {
        "source": source,
        "subscription": channel.subscription,
        "number": channel.number,
        "missing": json.dumps([list(stretch) for stretch in channel.missing]),
        "gap_since": at(channel.gap_since),
        "heard": at(channel.heard) or 0,
        "status": channel.status,
        "heartbeat": channel.heartbeat,
        "said": channel.said,
    }


_TIMES = (
    "last_notice",
    "caught_up",
    "checked",
    "failing_since",
    "publish_due",
)
#: Columns of a time that is always there: 0 is "no time".
_COUNTED = ("publish_due",)


def state_of(row: Row[Any]) -> SourceState:
    """A row of `source_state`."""
    columns = dict(row._mapping)
    for name in _TIMES:
        columns[name] = moment(columns[name] or None)
    return SourceState(**columns)


def state_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of `source_state`."""
    values = dict(fields)
    for name in _TIMES:
        if name in values:
            values[name] = at(values[name])
            if name in _COUNTED:
                values[name] = values[name] or 0
    return values
