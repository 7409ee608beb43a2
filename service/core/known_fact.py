"""Facts that a record states, with the resources that state them."""

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


@dataclass(frozen=True, slots=True)
class DrugFact:
    """One fact about one drug of a regimen (B14, B14A, B15, B19); what is not known has none.

    name: `key_agent_progressed`, `key_agent_stopped_toxicity`, `allergy_to_component`,
        `ddi_avoid` or `ddi_adjust`.
    drug: as in components.csv; a class stands for its members.
    sources: the resources it was read from. said: how it follows from them, without any name of
        a person or date of birth; for an interaction the other medicine and what is to be done,
        for an allergy the component.
    """

    name: str
    drug: str
    value: bool
    sources: tuple[Source, ...]
    said: str
