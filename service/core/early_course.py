"""The (neo)adjuvant course: how much of an anti-HER2 year was given, and whether it is over.

Numbers are regimens.md section 9's: 17 three-weekly doses or 51 weeks together, 14 postoperative
doses of a conjugate, 42 days since the last dose, 12 months since surgery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from service.core.exposure import (
    INFUSED_HER2,
    Exposure,
    Kind,
    Origin,
    When,
    months_between,
    on,
    three_weekly_doses,
)
from service.core.lines import LINE_DAYS

WHOLE_YEAR_DOSES, WHOLE_YEAR_DAYS, CONJUGATE_DOSES = 17, 51 * 7, 14
_CYCLE = timedelta(21)


def reaches_past(exposure: Exposure, day: When) -> bool:
    """At least one dose after the day: it began after it, ended after it, or still runs."""
    if exposure.start and day.before(exposure.start):
        return True
    return exposure.running or bool(exposure.end and day.before(exposure.end))


def last_day(exposures: Sequence[Exposure], running_on: date | None = None) -> date | None:
    """The last day of these, or None when one of them may have gone on longer.

    An order that a dose followed within 42 days says nothing beyond its doses. running_on: the
    day that counts as last for what still runs; None: then nothing is the last day.
    """
    found: list[date] = []
    for exposure in exposures:
        if exposure.running:
            if running_on is None:
                return None
            found.append(running_on)
        elif exposure.end and exposure.end.exact:
            found.append(exposure.end.earliest)
        elif not fulfilled(exposure, exposures):
            return None
    return max(found, default=None)


def fulfilled(order: Exposure, exposures: Iterable[Exposure]) -> bool:
    """Doses of the ordered drug are recorded, so that the order adds nothing to them."""
    if order.origin is not Origin.ORDER or order.start is None:
        return False
    begun = order.start.earliest
    return any(
        e.drug == order.drug and e.dose_day and 0 <= (e.dose_day - begun).days <= LINE_DAYS
        for e in exposures
    )


def days_covered(exposures: Iterable[Exposure]) -> int:
    """Days under therapy: each dose stands for three weeks, pauses beyond 42 days left out."""
    stretches = sorted(
        (e.start.earliest, e.end.earliest + (_CYCLE if e.dose_day else timedelta(0)))
        for e in exposures
        if e.origin in (Origin.DOSE, Origin.STATEMENT) and not e.running
        if e.start and e.end and e.start.exact and e.end.exact
    )
    covered, until = 0, date.min
    for start, end in stretches:
        paused = start > until and (start - until) > _CYCLE
        begin = start if paused else until
        if end > begin:
            covered, until = covered + (end - begin).days, end
    return covered


def course_is_over(exposures: Sequence[Exposure], surgery: When | None, today: date) -> bool | None:
    """Whether the anti-HER2 course of early disease has ended for good; None when open.

    surgery: the definitive one, None when none is recorded. Kinase inhibitors play no part:
    neratinib follows the course.
    """
    given = [e for e in exposures if e.kind in INFUSED_HER2]
    running = any(e.running for e in given)
    covered = days_covered(given)
    if running:
        began = [e.start.latest for e in given if e.running and e.start]
        stale = any((today - day).days >= WHOLE_YEAR_DAYS for day in began)
        return None if stale else False
    doses = [e.dose_day for e in given if e.dose_day]
    after = [e for e in given if surgery and reaches_past(e, surgery)]
    conjugates = [e.dose_day for e in after if e.dose_day and e.kind is Kind.ADC]
    if three_weekly_doses(doses) >= WHOLE_YEAR_DOSES or covered >= WHOLE_YEAR_DAYS:
        return True
    recent = any(e.end and (today - e.end.latest).days <= LINE_DAYS for e in after if not e.ended)
    if three_weekly_doses(conjugates) >= CONJUGATE_DOSES or _recorded_as_ended(after, recent):
        return True
    return False if recent or _awaited(after, surgery, today) else None


def _awaited(after: Sequence[Exposure], surgery: When | None, today: date) -> bool:
    """No postoperative dose yet, and surgery less than twelve months ago (P132)."""
    if surgery is None or after:
        return False
    return months_between(surgery.earliest, today) < 12


def _recorded_as_ended(after: Sequence[Exposure], recent: bool) -> bool:
    """A postoperative history says completed or stopped, and nothing was given after its end."""
    ended = [e for e in after if e.origin is Origin.STATEMENT and e.ended]
    ends = [e.end.latest for e in ended if e.end]
    if not ends:
        return bool(ended) and not recent
    others = [e for e in after if e not in ended]
    return not any(reaches_past(e, on(max(ends))) for e in others)
