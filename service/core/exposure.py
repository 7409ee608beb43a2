"""Anticancer therapy as a record states it: which drug, from when to when, how surely.

Days are calendar days. A date of which only the month or year was given stands for every day
of it, and what follows from it must follow for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from service.core.findings import Source


class Kind(StrEnum):
    """What a drug is; values are those of `codes/therapy.csv`, group `drug-kind`.

    TRASTUZUMAB_FAMILY: trastuzumab, T-DM1 or T-DXd, and the record does not say which.
    """

    ANTIBODY = "antibody"
    TRASTUZUMAB_FAMILY = "trastuzumab-family"
    ADC = "adc"
    TKI = "tki"
    CYTOTOXIC = "cytotoxic"
    ENDOCRINE = "endocrine"
    CDK46 = "cdk4-6"
    OTHER = "other"


ANTI_HER2 = frozenset({Kind.ANTIBODY, Kind.TRASTUZUMAB_FAMILY, Kind.ADC, Kind.TKI})
#: Without the kinase inhibitors: what an (neo)adjuvant year consists of.
INFUSED_HER2 = ANTI_HER2 - {Kind.TKI}


class Origin(StrEnum):
    """What kind of record says it: a dose given, a history, an order, a procedure."""

    DOSE = "dose"
    STATEMENT = "statement"
    ORDER = "order"
    PROCEDURE = "procedure"


@dataclass(frozen=True, slots=True)
class When:
    """A day, or the first and last day that it may be."""

    earliest: date
    latest: date

    @property
    def exact(self) -> bool:
        return self.earliest == self.latest

    def before(self, other: When) -> bool | None:
        """Earlier, not earlier, or not known."""
        if self.latest < other.earliest:
            return True
        return False if self.earliest >= other.latest else None

    def __str__(self) -> str:
        if self.exact:
            return self.earliest.isoformat()
        same = self.earliest.month == self.latest.month and self.earliest.year == self.latest.year
        return f"{self.earliest:%Y-%m}" if same else f"{self.earliest:%Y}"


def on(day: date) -> When:
    """Exactly this day."""
    return When(day, day)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One record of a drug taken.

    drug: its family (`trastuzumab` for every trastuzumab product). start, end: None when not
    said. running: recorded as going on. ended: a history or order
    recorded as completed or stopped.
    """

    drug: str
    kind: Kind
    origin: Origin
    start: When | None
    end: When | None
    running: bool
    ended: bool
    source: Source

    @property
    def dose_day(self) -> date | None:
        """The day of a single dose, when it is one and the day is known."""
        single = self.origin is Origin.DOSE and self.start == self.end
        return self.start.earliest if single and self.start and self.start.exact else None

    @property
    def last(self) -> When | None:
        """The last day said; None when the drug runs on or nobody says when it ended."""
        return None if self.running else self.end


def months_between(first: date, last: date) -> Decimal:
    """Calendar months with two decimals, 15 January to 15 July is 6; below 0 if `last` is first."""
    if last < first:
        return -months_between(last, first)
    whole = (last.year - first.year) * 12 + last.month - first.month
    if _months_on(first, whole) > last:
        whole -= 1
    start, end = _months_on(first, whole), _months_on(first, whole + 1)
    part = Decimal((last - start).days) / Decimal((end - start).days)
    return (Decimal(whole) + part).quantize(Decimal("0.01"))


def _months_on(day: date, months: int) -> date:
    """The same day of the month later, or the last day of a shorter month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    if (year, month) > (date.max.year, 11):
        return date.max
    next_month = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, min(day.day, (next_month - timedelta(1)).day))


def three_weekly_doses(days: Iterable[date]) -> int:
    """Doses as three-weekly ones: a dose within 16 days of one that counts adds nothing, so
    that three weekly doses are one and a dose given a few days early still counts."""
    counted = 0
    last: date | None = None
    for day in sorted(set(days)):
        if last is None or (day - last).days >= 17:
            counted, last = counted + 1, day
    return counted


def taxane_cycles(days: Sequence[date]) -> int:
    """Cycles of a taxane: three-weekly doses count one each, of weekly ones three make one."""
    given = sorted(set(days))
    weekly = any((b - a).days <= 10 for a, b in pairwise(given))
    return len(given) // 3 if weekly else len(given)
