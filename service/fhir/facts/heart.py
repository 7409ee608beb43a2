"""The heart: ejection fraction, its fall, heart failure (B06, B06C, B07, B07E, B07C, B31)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal

from service.core.exposure import ANTI_HER2
from service.core.known_fact import KnownFact
from service.fhir.entries import Located
from service.fhir.facts.exposures import read_therapy
from service.fhir.facts.measurements import (
    Limits,
    conditions,
    day_of,
    in_units,
    measured,
    newest,
    present_or_refuted,
    reading,
    results,
)
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.her2_observation import source_of

#: B07C 40, B07 50, B07E and B31 55 per cent; the 10 of B06 only guards against impossible values.
LVEF_LIMITS = Limits(("40", "50", "55"), low=True)
#: B06: a value is possible between these, both ends out.
_POSSIBLE = (Decimal(5), Decimal(95))
_PERCENT = {"%": "1", "percent": "1"}


def heart_facts(record: PatientRecord) -> list[KnownFact]:
    """lvef, lvef_age_days, lvef_drop and heart_failure."""
    return [*lvef(record), *lvef_drop(record), *heart_failure(record)]


def lvef(record: PatientRecord) -> list[KnownFact]:
    """The newest LVEF in % (10230-1, 8806-2, 18043-0) of any age, and its age in days.

    Both are unknown when the newest is not in % or impossible: an older one does not count.
    """
    found = newest(results(record, "lvef"), record.as_of)
    said = measured(found, in_units(_PERCENT), LVEF_LIMITS)
    if said is None or not _POSSIBLE[0] < said.value < _POSSIBLE[1]:
        return []
    old = max((record.as_of - said.day).days, 0)
    return [
        KnownFact("lvef", said.value, said.sources, f"LVEF {said.said}"),
        KnownFact("lvef_age_days", old, said.sources, f"LVEF of {said.day}, {old} days ago"),
    ]


def lvef_drop(record: PatientRecord) -> list[KnownFact]:
    """LVEF nearest before the first anti-HER2 dose minus the newest, in percentage points (B07C).

    One of the day of that dose counts as before it; of a dose of which only the month or year is
    known, the first day that it may be. Unknown without an LVEF since, or when either is no
    single possible number in %. Below 0 when it has risen. An undated dose is passed over.
    """
    every = results(record, "lvef")
    if len(every) < 2:
        return []
    exposures = record.once(read_therapy).exposures
    days = [e.start.earliest for e in exposures if e.kind in ANTI_HER2 and e.start]
    first = min(days, default=date.min)
    before = newest([o for o in every if (w := dated(o)) and w.day <= first], record.as_of)
    last = newest(every, record.as_of)
    old, new = _percent(before), _percent(last)
    if old is None or new is None or set(map(id, before)) & set(map(id, last)):
        return []
    digits = len(old.as_tuple().digits) + len(new.as_tuple().digits) + 4
    drop = Context(prec=digits).subtract(old, new)
    sources = tuple(map(source_of, (*before, *last)))
    said = f"LVEF {old:f} % {day_of(before[0])} before anti-HER2 therapy, {new:f} % "
    return [KnownFact("lvef_drop", drop, sources, said + day_of(last[0]))]


def _percent(observations: Sequence[Located]) -> Decimal | None:
    """The one possible number in % that they all give."""
    found: set[Decimal | None] = set()
    for observation in observations:
        read = reading(observation)
        fits = read and not read.sign and read.unit in _PERCENT
        possible = read and _POSSIBLE[0] < read.number < _POSSIBLE[1]
        found.add(read.number if read and fits and possible else None)
    return found.pop() if len(found) == 1 else None


def heart_failure(record: PatientRecord) -> list[KnownFact]:
    """Condition 42343007, 84114007 or ICD-10-CM I50 active; false only when refuted (B07)."""
    found = conditions(record, "heart-failure")
    return present_or_refuted("heart_failure", "heart failure", found)
