"""Our own vocabularies, and how the categories stand to the answers of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.core.assessment import Category


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a vocabulary: what a list shows of it, and what it means."""

    word: str
    display: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary by its name (`her2-flag`). terms: those that no other table says."""

    name: str
    title: str
    description: str
    terms: tuple[Term, ...]


class Relation(StrEnum):
    """How a category stands to an answer: the same, narrower than it, related, or none fits."""

    SAME = "same"
    NARROWER = "narrower"
    RELATED = "related"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CategoryAnswer:
    """A category, and a concept of the group `answer` of the code files (empty: none fits)."""

    category: Category
    answer: str
    relation: Relation
    comment: str


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """Every vocabulary by name, the answers of the categories, and notices by code system."""

    by_name: Mapping[str, Vocabulary]
    answers: tuple[CategoryAnswer, ...]
    notices: Mapping[str, str]
