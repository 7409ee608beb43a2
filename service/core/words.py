"""The sentences shown to people, as values; `knowledge/words/` holds their text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.assessment import Category
from service.core.facts import FactKind, FactValue
from service.core.plan_kind import PlanKind


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """title: what a summary says. interpretation: v3-ObservationInterpretation or empty."""

    title: str
    interpretation: str
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """A next step: what to do, and the concept of a code file to code it with (may be empty)."""

    text: str
    concept: str


@dataclass(frozen=True, slots=True)
class KindWords:
    """What the title of a plan of this kind ends with, and the note it carries."""

    title: str
    note: str


@dataclass(frozen=True, slots=True)
class FactWords:
    """A fact: its kind, and the question that asks for it.

    event: a complete history denies it by not mentioning it.
    """

    kind: FactKind
    event: bool
    question: str


@dataclass(frozen=True, slots=True)
class Words:
    """Everything under `words/`, by the table's own word."""

    categories: Mapping[Category, CategoryWords]
    next_steps: Mapping[str, Step]
    plan_kinds: Mapping[PlanKind, KindWords]
    flags: Mapping[str, str]
    facts: Mapping[str, FactWords]
    sentences: Mapping[str, str]

    @property
    def events(self) -> Mapping[str, FactValue]:
        """Event facts, and what a complete history makes of each that it does not mention."""
        return {
            name: False if fact.kind is FactKind.TRUTH else 0
            for name, fact in self.facts.items()
            if fact.event
        }
