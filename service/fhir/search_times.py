"""FHIR's dates as stretches of time: microseconds since 1970 in UTC, both ends included."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?"
    r"(Z|[+-]\d{2}:\d{2})?)?)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE


def microseconds(instant: datetime) -> int:
    """An instant with its zone, as the store keeps it."""
    return (instant - _EPOCH) // _MICROSECOND


def stretch(text: object) -> tuple[int, int] | None:
    """What a date, dateTime or instant covers by its precision; None when it is none of them.

    `2026` is a year, `2026-11-22` a day, a time its minute, second or fraction of one. Without a
    zone it is taken to be in UTC.
    """
    match = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    try:
        return _covered(*match.groups())
    except (ValueError, OverflowError):
        return None


def _covered(
    year: str,
    month: str | None,
    day: str | None,
    hour: str | None,
    minute: str | None,
    second: str | None,
    fraction: str | None,
    zone: str | None,
) -> tuple[int, int]:
    y, m = int(year), int(month or 1)
    start = datetime(y, m, int(day or 1), tzinfo=UTC)
    low = microseconds(start)
    if hour is None or minute is None:
        if day:
            length = _DAY
        elif month:
            length = monthrange(y, m)[1] * _DAY
        else:
            length = microseconds(datetime(y, 12, 31, tzinfo=UTC)) + _DAY - low
        return low, low + length - 1
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        raise ValueError("no time of a day")
    low += int(hour) * 60 * _MINUTE + int(minute) * _MINUTE + min(int(second or 0), 59) * _SECOND
    if zone and zone != "Z":
        ahead = int(zone[1:3]) * 60 * _MINUTE + int(zone[4:6]) * _MINUTE
        low += -ahead if zone[0] == "+" else ahead
    if second is None:
        return low, low + _MINUTE - 1
    if fraction is None:
        return low, low + _SECOND - 1
    low += int(fraction[:6].ljust(6, "0"))
    return low, low + 10 ** max(0, 6 - len(fraction)) - 1
