"""Proof that every input meets exactly one row.

The table's own bounds cut each number column into regions; one value from each region, times
every code of the other columns, stands for the whole input space.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from service.core.table import Row, Table, Value

#: How many faulty combinations are worth telling before the rest is only counted.
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of one table: every combination meets one row, every row is met."""

    table: str
    rows: int
    combinations: int
    faults: tuple[str, ...]


def prove(table: Table) -> Proof:
    """Try every combination of regions and codes."""
    axes = [_axis(table, name) for name in table.inputs]
    faults: list[str] = []
    met: set[str] = set()
    combinations = wrong = 0
    for combination in product(*axes):
        combinations += 1
        rows = table.rows_met(combination)
        met.update(row.line for row in rows)
        if len(rows) != 1:
            wrong += 1
            if wrong <= _TOLD:
                faults.append(f"{table.name}: {_said(table, combination)} meets {_which(rows)}")
    if wrong > _TOLD:
        faults.append(f"{table.name}: {wrong - _TOLD} more combinations do not meet one row")
    faults += [f"{table.name}: row {r.line} is never met" for r in table.rows if r.line not in met]
    return Proof(table.name, len(table.rows), combinations, tuple(faults))


def _axis(table: Table, name: str) -> list[Value]:
    """The codes of an input, and for a number one value from each region."""
    return [*table.inputs[name], *table.regions.get(name, ())]


def _said(table: Table, values: tuple[Value, ...]) -> str:
    return ", ".join(
        f"{name}={value if isinstance(value, str) else value.exact}"
        for name, value in zip(table.inputs, values, strict=True)
    )


def _which(rows: list[Row]) -> str:
    return "no row" if not rows else "rows " + ", ".join(row.line for row in rows)
