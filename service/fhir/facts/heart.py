"""The heart: ejection fraction and heart failure (B06, B06C, B07, B07E, B07C, B31)."""

from __future__ import annotations

from decimal import Decimal

from service.core.known_fact import KnownFact
from service.fhir.facts.measurements import (
    Limits,
    conditions,
    in_units,
    measured,
    newest,
    present_or_refuted,
    results,
)
from service.fhir.facts.record import PatientRecord

#: B07C 40, B07 50, B07E and B31 55 per cent; the 10 of B06 only guards against impossible values.
LVEF_LIMITS = Limits(("40", "50", "55"), low=True)
#: B06: a value is possible between these, both ends out.
_POSSIBLE = (Decimal(5), Decimal(95))
_PERCENT = {"%": "1", "percent": "1"}


def heart_facts(record: PatientRecord) -> list[KnownFact]:
    """lvef, lvef_age_days and heart_failure."""
    return [*lvef(record), *heart_failure(record)]


def lvef(record: PatientRecord) -> list[KnownFact]:
    """The newest LVEF in % (10230-1, 8806-2, 18043-0) of any age, and its age in days.

    Both are unknown when the newest is not in % or impossible: an older one does not count.
    """
    found = newest(results(record, "lvef"), record.as_of)
    said = measured(found, in_units(_PERCENT), LVEF_LIMITS)
    if said is None or not _POSSIBLE[0] < said.value < _POSSIBLE[1]:
        return []
    old = (record.as_of - said.day).days
    return [
        KnownFact("lvef", said.value, said.sources, f"LVEF {said.said}"),
        KnownFact("lvef_age_days", old, said.sources, f"LVEF of {said.day}, {old} days ago"),
    ]


def heart_failure(record: PatientRecord) -> list[KnownFact]:
    """Condition 42343007, 84114007 or ICD-10-CM I50 active; false only when refuted (B07)."""
    found = conditions(record, "heart-failure")
    return present_or_refuted("heart_failure", "heart failure", found)
