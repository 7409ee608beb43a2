"""A fact that a record states, with the resources that state it."""

from __future__ import annotations

from dataclasses import dataclass

from service.core.facts import FactValue
from service.core.findings import Source


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One fact of one patient.

    name: as in words/facts.csv. value: true, false, a count, a number or a letter.
    sources: the resources it was read from. said: how it follows from them, one phrase without
    any name or date of birth (`LVEF 58 % on 2026-11-02`).
    """

    name: str
    value: FactValue
    sources: tuple[Source, ...]
    said: str
