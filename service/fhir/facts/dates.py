"""FHIR dates as days or stretches of days: a year stands for each of its days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from service.core.exposure import When, on
from service.fhir.moments import moment


def when_of(value: object) -> When | None:
    """A date, dateTime or instant; None when it is missing or malformed."""
    found = moment(value)
    if found is None or not isinstance(value, str):
        return None
    day = found.day
    if len(value) == 4:
        return When(day, date(day.year, 12, 31))
    if len(value) == 7:
        last = date(day.year + day.month // 12, day.month % 12 + 1, 1) if day.year < 9999 else day
        return When(day, last - timedelta(1) if last > day else day)
    return on(day)


def first_of(resource: Mapping[str, Any], *names: str) -> When | None:
    """The first of these elements that is a date."""
    return next((w for n in names if (w := when_of(resource.get(n)))), None)


def period_of(resource: Mapping[str, Any], *names: str) -> tuple[When | None, When | None]:
    """Start and end of the first of these elements that is a Period."""
    for name in names:
        period = resource.get(name)
        if isinstance(period, dict):
            return when_of(period.get("start")), when_of(period.get("end"))
    return None, None
