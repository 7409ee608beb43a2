"""The sentences shown to people, and the names callers may use: one CSV each under `words/`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable

from service.core.assessment import Category
from service.core.errors import KnowledgeError
from service.core.facts import FactKind
from service.core.plan_kind import PlanKind
from service.core.words import CategoryWords, FactWords, KindWords, Step, Words
from service.knowledge.csv_table import required, rows_of

#: The places in a plan where a fixed sentence stands.
SENTENCES = {
    "awaited",
    "contradicted",
    "decide",
    "either",
    "no_rule",
    "no_such_setting",
    "off_label",
    "review",
    "solve_first",
    "unreadable",
}


def read_words(folder: Traversable) -> Words:
    """Every file; KnowledgeError when a category, a plan kind or a place in a plan has no words."""
    notes = _pairs(folder / "category_notes.csv", "category", "note")
    categories = {
        Category(row["category"]): CategoryWords(
            row["title"], row["interpretation"], notes.get(row["category"], "")
        )
        for row in _rows(folder / "categories.csv", ("category", "interpretation", "title"), (0, 2))
    }
    kinds = {
        PlanKind(row["kind"]): KindWords(row["title"], row["note"])
        for row in _rows(folder / "plan_kinds.csv", ("kind", "title", "note"), (0, 1))
    }
    wordless = [*({*Category} - {*categories}), *({*PlanKind} - {*kinds})]
    if wordless:
        raise KnowledgeError(f"words: nothing is said for {', '.join(sorted(wordless))}")
    sentences = _pairs(folder / "sentences.csv", "name", "sentence")
    if set(sentences) != SENTENCES:
        strays = ", ".join(sorted(set(sentences) ^ SENTENCES))
        raise KnowledgeError(f"sentences.csv: missing or without a place: {strays}")
    return Words(
        sentences=sentences,
        categories=categories,
        next_steps={
            row["step"]: Step(row["text"], row["concept"])
            for row in _rows(folder / "next_steps.csv", ("step", "concept", "text"), (0, 2))
        },
        plan_kinds=kinds,
        flags=_pairs(folder / "flags.csv", "flag", "sentence"),
        facts={
            row["fact"]: _fact(row)
            for row in _rows(folder / "facts.csv", ("fact", "kind", "event", "question"), (0, 1, 3))
        },
    )


def _fact(row: dict[str, str]) -> FactWords:
    kind, event = FactKind(row["kind"]), row["event"]
    countable = kind in (FactKind.TRUTH, FactKind.COUNT)
    if event not in ("", "yes") or (event and not countable):
        raise KnowledgeError(f"facts.csv: {row['fact']}: event is yes, for a truth or a count")
    return FactWords(kind, event == "yes", row["question"])


def _rows(file: Traversable, columns: Sequence[str], full: Sequence[int]) -> list[dict[str, str]]:
    rows = []
    for line, row in rows_of(file, columns):
        required(file, line, row, [columns[i] for i in full])
        rows.append(row)
    keys = [row[columns[0]] for row in rows]
    if len(set(keys)) != len(keys):
        raise KnowledgeError(f"{file.name}: a name stands twice in column {columns[0]}")
    return rows


def _pairs(file: Traversable, key: str, value: str) -> dict[str, str]:
    return {row[key]: row[value] for row in _rows(file, (key, value), (0, 1))}
