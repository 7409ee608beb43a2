"""What is to be done before the first dose, and what is to be watched during therapy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.core.condition import Condition
from service.core.regimen import Coded


class Ask(StrEnum):
    """Whether the codes of a work-up are several ways to say it, or each LOINC code a test."""

    ONCE = "once"
    EACH = "each"


@dataclass(frozen=True, slots=True)
class Window:
    """How old a result may be, in days; `of` names what it holds for, empty for the rest."""

    of: str
    days: int


@dataclass(frozen=True, slots=True)
class WorkUp:
    """What is to be done before the first dose.

    windows: none when a result counts for ever. blockers: ids of those it solves. done_when: None
    when nothing in a record says that it was done.
    """

    id: str
    what: str
    codes: tuple[Coded, ...]
    ask: Ask
    when: str
    windows: tuple[Window, ...]
    for_drugs: str
    if_missing: str
    blockers: tuple[str, ...]
    done_when: Condition | None
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is to be watched during therapy."""

    id: str
    what: str
    codes: tuple[Coded, ...]
    ask: Ask
    when: str
    for_drugs: str
    source: str
    verification: str
