"""Decision tables: rows of cells over named inputs, and the row that the facts meet.

A cell is `*` (anything), a bound (`>=2.0`), two bounds (`>=4.0 <6.0`) or listed codes
(`0|1+`). An input is a code or a number; a number that was not reported is the code `missing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from service.core.errors import KnowledgeError
from service.core.measure import Interval, Measured

MISSING = "missing"

Value = str | Measured


@dataclass(frozen=True, slots=True)
class Cell:
    """What a row asks of one input; both empty means `*`."""

    codes: frozenset[str] | None = None
    bounds: Interval | None = None

    def meets(self, value: Value) -> bool:
        """True when the value, whole, satisfies the cell."""
        if self.codes is None and self.bounds is None:
            return True
        if isinstance(value, Measured):
            return self.bounds is not None and value.interval.inside(self.bounds)
        return self.codes is not None and value in self.codes


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One line of a table, itself and no other: rows compare by identity.

    line: its name, unique in the table; the lines of one rule are `DP-MA.1`, `DP-MA.2`.
    given: a cell for every input. then: the text of every output column.
    reference: where it comes from; never empty.
    """

    line: str
    given: tuple[Cell, ...]
    then: Mapping[str, str]
    reference: str

    @property
    def rule(self) -> str:
        """The rule's name: the line's, up to the point."""
        return self.line.partition(".")[0]


@dataclass(frozen=True)
class Table:
    """A table whose inputs are, in order, `inputs`.

    inputs: name -> the codes that the input can take; a number has the single code `missing`,
        or none when it is always reported.
    numbers: the inputs that are numbers.
    """

    name: str
    inputs: Mapping[str, tuple[str, ...]]
    numbers: frozenset[str]
    rows: tuple[Row, ...]

    @cached_property
    def _met(self) -> dict[tuple[str, ...], Row]:
        """Rows already found for inputs that are all codes."""
        return {}

    @cached_property
    def bounds(self) -> dict[str, tuple[Interval, ...]]:
        """The distinct bounds that the rows ask of each number."""
        return {
            name: tuple(dict.fromkeys(b for row in self.rows if (b := row.given[column].bounds)))
            for column, name in enumerate(self.inputs)
            if name in self.numbers
        }

    @cached_property
    def regions(self) -> dict[str, tuple[Measured, ...]]:
        """One value from each region of each number: every cut itself, between, and beyond."""
        return {name: _regions(bounds) for name, bounds in self.bounds.items()}

    def banded(self, name: str, value: Measured) -> bool:
        """True when no threshold of the column divides what the value may stand for."""
        return all(
            value.interval.inside(bound) or not value.interval.overlaps(bound)
            for bound in self.bounds[name]
        )

    def meet(self, **facts: Value) -> Row:
        """The one row these facts meet; KnowledgeError if the table was never proved."""
        values = tuple(facts[name] for name in self.inputs)
        codes = tuple(v for v in values if isinstance(v, str))
        if len(codes) == len(values) and (known := self._met.get(codes)):
            return known
        rows = self.rows_met(values)
        if len(rows) != 1:
            raise KnowledgeError(f"{self.name}: {len(rows)} rows for {values!r}, not one")
        if len(codes) == len(values):
            self._met[codes] = rows[0]
        return rows[0]

    def rows_met(self, values: tuple[Value, ...]) -> list[Row]:
        """Every row whose cells the values satisfy (one, in a proved table)."""
        return [
            row
            for row in self.rows
            if all(cell.meets(v) for cell, v in zip(row.given, values, strict=True))
        ]


def _regions(bounds: tuple[Interval, ...]) -> tuple[Measured, ...]:
    """Amounts start at 0, so the line is cut above it."""
    cuts = sorted({c for b in bounds for c in (b.low, b.high) if c is not None and c > 0})
    if not cuts:
        return (_point(Fraction(1)),)
    between = [(a + b) / 2 for a, b in pairwise(cuts)]
    return tuple(_point(v) for v in sorted({cuts[0] / 2, *cuts, *between, cuts[-1] + 1}))


def _point(value: Fraction) -> Measured:
    return Measured(Interval(value, value))
