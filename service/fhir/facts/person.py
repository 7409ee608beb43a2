"""Age, sex and general condition (ECOG)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from service.core.known_fact import KnownFact
from service.fhir.facts.measurements import Reading, day_of, newest, reading, results, value_texts
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.moments import moment
from service.fhir.numbers_in_text import plain
from service.fhir.values import value_keys

#: B20: the newest ECOG of so many days.
ECOG_DAYS = 92
#: B16: below it nothing was studied; an age known by the year only must lie on one side.
_ADULT = 18
_ECOG = re.compile(
    r"(?:ecog\s*)?(?:ps|performance status|grade|score|status)?\s*(?:grade|score)?\s*[:=]?\s*"
    r"([0-5])(?!\s*[-/.,]\s*\d)(?:\s*[-:,(.].*)?"
)
_BARE_UNITS = {"", "1", "{score}", "{ECOG}"}


def person_facts(record: PatientRecord) -> list[KnownFact]:
    """age, sex_male and ecog, as far as they are stated."""
    return [*age(record), *sex_male(record), *ecog(record)]


def ages(record: PatientRecord) -> tuple[int, int] | None:
    """Lowest and highest possible age in whole years; they differ for a year or month alone."""
    written = record.patient.resource.get("birthDate") if record.patient else None
    first = moment(written)
    if first is None or not isinstance(written, str):
        return None
    last = _last_day(written, first.day)
    if first.day > record.as_of:
        return None
    return _years(min(last, record.as_of), record.as_of), _years(first.day, record.as_of)


def _last_day(written: str, first: date) -> date:
    """The last day that a birth date of a year, of a month or of a day can mean."""
    parts = written.count("-")
    if parts == 0 or (parts == 1 and first.month == 12):
        return first.replace(month=12, day=31)
    return first if parts > 1 else first.replace(month=first.month + 1) - timedelta(days=1)


def _years(born: date, as_of: date) -> int:
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def gender(record: PatientRecord) -> str:
    """`male` or `female`; empty for other, unknown and nothing (B04, B05, B17)."""
    said = record.patient.resource.get("gender") if record.patient else None
    return said if said in ("male", "female") else ""


def age(record: PatientRecord) -> list[KnownFact]:
    """Whole years from Patient.birthDate (B16); of two possible ages the lower one."""
    found = ages(record)
    if record.patient is None or found is None or (found[0] < _ADULT <= found[1]):
        return []
    low, high = found
    said = f"age {low}" if low == high else f"age {low} or {high}"
    return [KnownFact("age", low, (source_of(record.patient),), said)]


def sex_male(record: PatientRecord) -> list[KnownFact]:
    """Patient.gender male or female (B17)."""
    said = gender(record)
    if record.patient is None or not said:
        return []
    return [KnownFact("sex_male", said == "male", (source_of(record.patient),), f"gender {said}")]


def ecog(record: PatientRecord) -> list[KnownFact]:
    """ECOG 0-5, the newest 89247-1 of 92 days (B20); of two at once the worse."""
    found = newest(results(record, "ecog"), record.as_of, ECOG_DAYS)
    grades = [_number(r) if (r := reading(o)) else _grade(o.resource) for o in found]
    known = [g for g in grades if g is not None]
    if not known or len(known) < len(grades):
        return []
    sources = tuple(source_of(o) for o in found)
    return [KnownFact("ecog", max(known), sources, f"ECOG {max(known)} {day_of(found[0])}")]


def _number(read: Reading) -> int | None:
    if read.sign or read.unit not in _BARE_UNITS:
        return None
    return int(read.number) if read.number in range(6) else None


def _grade(resource: Mapping[str, Any]) -> int | None:
    """`ECOG 1`, `1 - restricted`: the texts must agree."""
    if len(value_keys(resource)) != 1:
        return None
    found = {int(m[1]) for t in value_texts(resource) if (m := _ECOG.fullmatch(plain(t)))}
    return found.pop() if len(found) == 1 else None
