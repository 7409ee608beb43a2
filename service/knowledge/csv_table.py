"""CSV files as rows, and their cells as core values, with file, line and column in every error."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from importlib.resources.abc import Traversable

from service.core.errors import KnowledgeError
from service.core.measure import Interval
from service.core.table import Cell, Row, Table

_BOUND = re.compile(r"(>=|<=|>|<)(\d+(?:\.\d+)?)")
_MARKS = ("V", "G", "I")


def rows_of(file: Traversable, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Every row with its line number; the header must be exactly `columns`, cells stripped."""
    lines = _lines(file)
    _, header = next(lines, (1, []))
    unknown = [c for c in header if c not in columns]
    missing = [c for c in columns if c not in header]
    if unknown or missing or len(set(header)) != len(header):
        raise KnowledgeError(
            f"{file.name} line 1: unknown columns {unknown}, missing columns {missing}"
        )
    for line, cells in lines:
        if len(cells) != len(header):
            raise KnowledgeError(f"{file.name} line {line}: {len(cells)} cells, not {len(header)}")
        yield line, {n: c.strip() for n, c in zip(header, cells, strict=True)}


def _lines(file: Traversable) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells; a file that is missing or no UTF-8 CSV is named."""
    try:
        reader = csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline=""), strict=True)
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{file.name}: cannot be read ({error})") from error
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise KnowledgeError(f"{file.name} line {reader.line_num}: {error}") from error
        yield reader.line_num, cells


def required(
    file: Traversable, line: int, row: Mapping[str, str], columns: Collection[str]
) -> None:
    """Refuse a row whose cell in one of these columns is empty."""
    for column in columns:
        if not row[column]:
            raise KnowledgeError(f"{file.name} line {line}, column {column}: empty")


def marked(file: Traversable, line: int, row: Mapping[str, str]) -> None:
    """Refuse a row whose verification mark is not V, G or I."""
    if row["verified"] not in _MARKS:
        raise KnowledgeError(
            f"{file.name} line {line}, column verified: {row['verified']!r} is none of {_MARKS}"
        )


def read_table(
    file: Traversable, inputs: Mapping[str, Sequence[str]], outputs: Sequence[str]
) -> Table:
    """A decision table; `inputs` gives each input's codes, `number` among them for a number."""
    rows: list[Row] = []
    seen: set[str] = set()
    columns = ("row", *inputs, *outputs, "reference", "verified")
    for line, raw in rows_of(file, columns):
        required(file, line, raw, ("row", *inputs, "reference"))
        marked(file, line, raw)
        if raw["row"] in seen:
            raise KnowledgeError(f"{file.name} line {line}, column row: {raw['row']} stands twice")
        seen.add(raw["row"])
        given = tuple(
            parse_cell(raw[name], codes, f"{file.name} line {line}, column {name}")
            for name, codes in inputs.items()
        )
        rows.append(Row(raw["row"], given, {n: raw[n] for n in outputs}, raw["reference"]))
    return Table(
        name=file.name,
        inputs={n: tuple(c for c in codes if c != "number") for n, codes in inputs.items()},
        numbers=frozenset(n for n, codes in inputs.items() if "number" in codes),
        rows=tuple(rows),
    )


def parse_cell(text: str, codes: Sequence[str], place: str) -> Cell:
    """`*`, a bound, two bounds, listed codes; in a number column a bound may stand with codes."""
    if text == "*":
        return Cell()
    bounds: Interval | None = None
    listed: list[str] = []
    for part in text.split("|"):
        if part and part[0] in "<>" and "number" in codes:
            if bounds is not None:
                raise KnowledgeError(f"{place}: more than one stretch in {text!r}")
            bounds = parse_bound(part, place)
        elif part in codes and part != "number":
            listed.append(part)
        else:
            raise KnowledgeError(f"{place}: {part!r} is not one of {', '.join(codes)}")
    if len(set(listed)) != len(listed):
        raise KnowledgeError(f"{place}: a code stands twice in {text!r}")
    return Cell(frozenset(listed) if listed else (None if bounds else frozenset()), bounds)


def parse_bound(text: str, place: str) -> Interval:
    """`>=4.0` or `>=4.0 <6.0`."""
    low: tuple[Fraction, bool] | None = None
    high: tuple[Fraction, bool] | None = None
    for part in text.split():
        match = _BOUND.fullmatch(part)
        if not match:
            raise KnowledgeError(f"{place}: {part!r} is not a bound such as >=2.0")
        sign, number = match[1], Fraction(Decimal(match[2]))
        if sign.startswith(">") and low is None:
            low = (number, sign == ">")
        elif sign.startswith("<") and high is None:
            high = (number, sign == "<")
        else:
            raise KnowledgeError(f"{place}: {text!r} bounds the same side twice")
    if low and high and low[0] >= high[0]:
        raise KnowledgeError(f"{place}: {text!r} holds nothing")
    return Interval(
        low[0] if low else None,
        high[0] if high else None,
        low_open=bool(low and low[1]),
        high_open=bool(high and high[1]),
    )
