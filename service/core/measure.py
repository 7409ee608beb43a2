"""A number as a laboratory gave it: exact digits, or one side of a comparator.

Comparisons are exact: 1.9999 is below 2.0, and 120/60 is 2. Nothing is rounded, and nothing
becomes a float.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

COMPARATORS = ("<", "<=", ">=", ">")
#: Stands in place of a comparator where a range was given.
RANGE = "-"

#: Largest power of ten that is still read as a number; beyond it nothing was measured.
_LARGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of the number line; None is unbounded, `open` leaves the end itself out."""

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def inside(self, other: Interval) -> bool:
        """True when every value of this stretch is a value of the other."""
        return _low_inside(self, other) and _high_inside(self, other)

    def overlaps(self, other: Interval) -> bool:
        """True when at least one value is in both."""
        return _reaches(self, other) and _reaches(other, self)


def _low_inside(a: Interval, b: Interval) -> bool:
    if b.low is None:
        return True
    if a.low is None:
        return False
    return a.low > b.low or (a.low == b.low and (a.low_open or not b.low_open))


def _high_inside(a: Interval, b: Interval) -> bool:
    if b.high is None:
        return True
    if a.high is None:
        return False
    return a.high < b.high or (a.high == b.high and (a.high_open or not b.high_open))


def _reaches(a: Interval, b: Interval) -> bool:
    """The low end of `a` is not beyond the high end of `b`."""
    if a.low is None or b.high is None:
        return True
    return a.low < b.high or (a.low == b.high and not a.low_open and not b.high_open)


@dataclass(frozen=True, slots=True)
class Measured:
    """One reported number.

    interval: every value it may stand for (a point, unless it came with a comparator).
    digits: the number as sent; None when it was computed here or read from words.
    comparator: `<`, `<=`, `>=`, `>`, RANGE or empty.
    spread: the values that a computed number may stand for; a fraction of counts is exact and
        stands for itself.
    """

    interval: Interval
    digits: Decimal | None = None
    comparator: str = ""
    spread: Interval | None = None

    @property
    def rounding(self) -> Interval | None:
        """Every value that may have been rounded to this number: 1.9 is [1.85, 1.95)."""
        if self.digits is None or self.comparator:
            return self.spread
        value, exponent = Fraction(self.digits), self.digits.as_tuple().exponent
        half = Fraction(10) ** (exponent if isinstance(exponent, int) else 0) / 2
        return Interval(value - half, value + half, high_open=True)

    @property
    def exact(self) -> Fraction | None:
        """The single value, or None when a comparator leaves a stretch."""
        low, high = self.interval.low, self.interval.high
        return low if low is not None and low == high else None


def readable(number: Decimal) -> bool:
    """False for NaN, infinities and powers of ten that no laboratory measures."""
    return number.is_finite() and abs(number.adjusted()) <= _LARGEST_EXPONENT


def exactly(number: Decimal) -> Measured:
    """The number as sent."""
    value = Fraction(number)
    return Measured(Interval(value, value), digits=number)


def compared(comparator: str, number: Decimal, *, from_words: bool = False) -> Measured:
    """One side of a number: `>`, 2 is everything above 2. Amounts do not go below 0."""
    value = Fraction(number)
    if comparator.startswith("<"):
        interval = Interval(Fraction(0), value, high_open=comparator == "<")
    elif comparator.startswith(">"):
        interval = Interval(value, None, low_open=comparator == ">")
    else:
        raise ValueError(f"not a comparator: {comparator!r}")
    return Measured(interval, None if from_words else number, comparator)


def between(low: Decimal, high: Decimal) -> Measured:
    """A range as reported, both ends included; it has no digits of its own."""
    ends = sorted((Fraction(low), Fraction(high)))
    return Measured(Interval(ends[0], ends[1]), None, RANGE)


def counted(value: Fraction) -> Measured:
    """A fraction of counts, exact: 120 signals over 40 is 3."""
    return Measured(Interval(value, value), spread=Interval(value, value))


def shown(measured: Measured) -> Decimal | None:
    """Digits to show: as sent, or at most four decimals cut (never rounded up to a threshold)."""
    if measured.digits is not None:
        return measured.digits
    if measured.comparator or measured.exact is None:
        return None
    value = Decimal(measured.exact.numerator) / Decimal(measured.exact.denominator)
    cut = value.quantize(Decimal("0.0001"), rounding=ROUND_DOWN)
    return cut.quantize(Decimal(1)) if cut == cut.to_integral() else cut.normalize()
