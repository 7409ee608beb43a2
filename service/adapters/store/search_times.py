"""How FHIR compares stretches of time (search, "Date"): a prefix as SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from service.usecases.record.query import Time


def covers(
    time: Time, low: ColumnElement[int | None], high: ColumnElement[int | None]
) -> ColumnElement[bool]:
    """Whether a resource's stretch lies to the asked one as the prefix says.

    A missing end lies before, or after, every other time. `ap` is "overlaps", without a margin.
    """
    within = and_(low >= time.low, high <= time.high)
    reaches_above = or_(high > time.high, high.is_(None))
    reaches_below = or_(low < time.low, low.is_(None))
    match time.prefix:
        case "eq":
            return within
        case "ne":
            return or_(reaches_below, reaches_above)
        case "gt":
            return reaches_above
        case "lt":
            return reaches_below
        case "ge":
            return or_(within, reaches_above)
        case "le":
            return or_(within, reaches_below)
        case "sa":
            return low > time.high
        case "eb":
            return high < time.low
        case _:
            return and_(or_(low <= time.high, low.is_(None)), or_(high >= time.low, high.is_(None)))
