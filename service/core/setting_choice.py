"""Which treatment setting a patient is in (regimens.md section 2): the first true row wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from service.core.assessment import Category
from service.core.fact_book import FactBook
from service.core.therapy_edition import Setting, Therapy


@dataclass(frozen=True, slots=True)
class Found:
    """row: the setting, None when none is true. doubtful: rows before it, or any when there is
    none, that may be true. missing: the facts that would tell, the most telling first."""

    row: Setting | None
    doubtful: tuple[Setting, ...]
    missing: tuple[str, ...]


def stated_row(therapy: Therapy, name: str, category: Category) -> Setting | None:
    """The row of a stated setting; None when there is none for the category."""
    rows = (s for s in therapy.settings if s.name == name and category in s.categories)
    return next(rows, None)


def find_setting(therapy: Therapy, category: Category, book: FactBook) -> Found:
    """The rows in their order, those of another category left out."""
    doubtful: list[Setting] = []
    for row in therapy.settings:
        if category not in row.categories:
            continue
        true = book.evaluate(row.condition)
        if true:
            return Found(row, tuple(doubtful), _telling(doubtful, book))
        if true is None:
            doubtful.append(row)
    return Found(None, tuple(doubtful), _telling(doubtful, book))


def earlier_row(therapy: Therapy, stated: Setting, category: Category, book: FactBook) -> str:
    """The title of a row before the stated one that is true as well; empty when none is."""
    before = (s for s in therapy.settings if s.order < stated.order and category in s.categories)
    return next((s.title for s in before if book.evaluate(s.condition) is True), "")


def _telling(rows: Sequence[Setting], book: FactBook) -> tuple[str, ...]:
    """Each missing fact once; one that decides more rows comes first."""
    counted = Counter(fact for row in rows for fact in book.missing(row.condition))
    return tuple(fact for fact, _ in counted.most_common())
