"""One line of a therapy table, and its cells as core values; every refusal names the place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import TypeVar

from service.core.assessment import Category
from service.core.condition import Condition, parse
from service.core.errors import KnowledgeError
from service.core.facts import FactKind
from service.core.regimen import Coded
from service.knowledge.csv_table import required, rows_of

Listed = TypeVar("Listed", bound=StrEnum)

_SYSTEMS = ("loinc", "snomed")
_ANY = "ANY"


@dataclass(frozen=True, slots=True)
class Line:
    """A line and where it stands; lists in a cell are separated by `;`."""

    file: str
    number: int
    row: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.row[column]

    def refused(self, column: str, why: str) -> KnowledgeError:
        """The error to raise for a cell."""
        return KnowledgeError(f"{self.place(column)}: {why}")

    def place(self, column: str) -> str:
        """`regimens.csv line 7, column when`."""
        return f"{self.file} line {self.number}, column {column}"

    def one_of(self, column: str, kind: type[Listed]) -> Listed:
        """The cell as a member of an enumeration."""
        try:
            return kind(self[column])
        except ValueError:
            known = ", ".join(kind)
            raise self.refused(column, f"{self[column]!r} is none of {known}") from None

    def listed(self, column: str) -> tuple[str, ...]:
        """The texts of a cell; none of an empty one, and none of them empty or twice."""
        texts = tuple(text.strip() for text in self[column].split(";")) if self[column] else ()
        if "" in texts or len(set(texts)) != len(texts):
            raise self.refused(column, f"{self[column]!r} lists something empty or twice")
        return texts

    def names(self, column: str, known: Collection[str]) -> tuple[str, ...]:
        """Listed names, each of which must be known."""
        names = self.listed(column)
        if unknown := [name for name in names if name not in known]:
            raise self.refused(column, f"{', '.join(unknown)} is not known")
        return names

    def several(self, column: str, kind: type[Listed]) -> tuple[Listed, ...]:
        """One or more listed members of an enumeration."""
        names = self.names(column, list(kind))
        if not names:
            raise self.refused(column, "empty")
        return tuple(kind(name) for name in names)

    def categories(self, column: str) -> tuple[Category, ...]:
        """Listed HER2 categories; `ANY` is all of them."""
        return tuple(Category) if self[column] == _ANY else self.several(column, Category)

    def count(self, column: str) -> int:
        """A whole number of 1 or more."""
        if not (self[column].isascii() and self[column].isdigit() and int(self[column])):
            raise self.refused(column, f"{self[column]!r} is no whole number of 1 or more")
        return int(self[column])

    def condition(self, column: str, kinds: Mapping[str, FactKind]) -> Condition:
        """The cell as a condition over the facts there are."""
        return parse(self[column], kinds, self.place(column))

    def codes(self, column: str) -> tuple[Coded, ...]:
        """Listed `system code mark name`, such as `loinc 10230-1 V ejection fraction`."""
        return tuple(self._code(column, text) for text in self.listed(column))

    def _code(self, column: str, text: str) -> Coded:
        system, code, mark, name = (*text.split(" ", 3), "", "", "")[:4]
        if system not in _SYSTEMS or not code or mark not in ("V", "G") or not name:
            raise self.refused(column, f"{text!r} is not a system, a code, V or G, and a name")
        return Coded(system, code, name, mark == "V")


def lines_of(
    file: Traversable, columns: Sequence[str], empty: Collection[str] = (), twice: bool = False
) -> Iterator[Line]:
    """The lines of a table whose first column names them.

    columns: exactly the header. empty: the columns whose cells may be empty.
    twice: whether a name may stand on several lines.
    """
    seen: set[str] = set()
    for number, row in rows_of(file, columns):
        required(file, number, row, [c for c in columns if c not in empty])
        line = Line(file.name, number, row)
        name = line[columns[0]]
        if name in seen and not twice:
            raise line.refused(columns[0], f"{name} stands twice")
        seen.add(name)
        yield line
