"""FHIR dates and instants as moments: the day as written, the instant when it is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from service.core.findings import Moment
from service.fhir.numbers_in_text import REMEMBERED

_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?)?)?"
)


def moment(value: object) -> Moment | None:
    """A date, dateTime or instant; a year or month counts from its first day; else None."""
    return _moment(value) if isinstance(value, str) else None


@lru_cache(REMEMBERED)
def _moment(value: str) -> Moment | None:
    match = _DATE_TIME.fullmatch(value)
    if not match:
        return None
    year, month, day, time, zone = match.groups()
    try:
        on = date(int(year), int(month or 1), int(day or 1))
        if not (time and zone):
            return Moment(on)
        clock = re.sub(r"(\.\d{6})\d+", r"\1", time)
        clock = re.sub(r":60", ":59", clock)
        instant = datetime.fromisoformat(f"{on.isoformat()}T{clock}{zone}")
        return Moment(on, instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def effective(resource: Mapping[str, Any]) -> Moment | None:
    """effectiveDateTime or effectiveInstant, else the end or start of effectivePeriod."""
    for name in ("effectiveDateTime", "effectiveInstant"):
        if found := moment(resource.get(name)):
            return found
    period = resource.get("effectivePeriod")
    if isinstance(period, dict):
        return moment(period.get("end")) or moment(period.get("start"))
    return None


def effective_as_sent(resource: Mapping[str, Any]) -> str:
    """The text of what `effective` read, for repeating in an answer; empty when there is none."""
    for name in ("effectiveDateTime", "effectiveInstant"):
        if moment(resource.get(name)):
            return str(resource[name])
    period = resource.get("effectivePeriod")
    if isinstance(period, dict):
        for name in ("end", "start"):
            if moment(period.get(name)):
                return str(period[name])
    return ""
