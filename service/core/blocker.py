"""What stops, holds or comments a regimen: blockers, interactions, allergens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.core.condition import Condition


class Effect(StrEnum):
    """What a blocker does when its condition is true.

    exclude: not suggested, and said why. hold: the drugs wait until it is solved. review: a
    person must decide first. order: a test is added. inform: words only.
    """

    EXCLUDE = "exclude"
    HOLD = "hold"
    REVIEW = "review"
    ORDER = "order"
    INFORM = "inform"


class UnknownMeans(StrEnum):
    """What a blocker does while its condition is not known."""

    IGNORE = "ignore"
    HOLD = "hold"
    INFORM = "inform"


class Action(StrEnum):
    """What an interaction asks for: not together, or with another dose or more monitoring."""

    AVOID = "avoid"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stops, holds or comments a regimen.

    applies_to: to which rules it belongs, in words; the rules' own lists decide.
    facts_from: where the facts of the condition stand in FHIR: codes, windows, units.
    sentence: what a clinician reads.
    """

    id: str
    applies_to: str
    effect: Effect
    condition: Condition
    unknown_means: UnknownMeans
    facts_from: str
    sentence: str
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """A class of other medicines that must not, or not simply, be taken with a drug.

    members: ingredients, by name.
    """

    drug: str
    interacting: str
    members: tuple[str, ...]
    action: Action
    sentence: str
    verification: str


@dataclass(frozen=True, slots=True)
class Allergen:
    """An ingredient, excipient or class to which hypersensitivity forbids a drug.

    names: whole names, in small letters. An allergen that is a drug has its codes and brands in
    the code files besides.
    """

    drug: str
    allergen: str
    names: tuple[str, ...]
    source: str
    verification: str
