"""What a record says of one thing: its newest numbers and results, and the conditions stated.

A result counts when it is final, amended or corrected, says something and is neither dated nor
issued after the assessment day. Windows are whole days counted back from that day, both ends in;
a result without a date lies in no window. The newest counts, and if that one cannot be read
nothing is known: an older one does not stand in for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from service.core.findings import Source
from service.core.known_fact import KnownFact
from service.core.measure import COMPARATORS, readable
from service.fhir.entries import Located
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.her2_observation import source_of
from service.fhir.index import codings
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.moments import moment
from service.fhir.numbers_in_text import plain
from service.fhir.systems import INTERPRETATION
from service.fhir.values import value_keys

_STANDING = {"final", "amended", "corrected"}
#: A unit worth repeating in a phrase; anything else that stands there is left out.
_UNIT = re.compile(r"[A-Za-z0-9µμ*/%.^{}\[\]]{1,16}")
_POSITIVE = re.compile(r"(?:positiv(?:e)?|pos|reactive|detected|\+)\.?")
_NEGATIVE = re.compile(
    r"(?:negativ(?:e)?|neg|non[\s-]?reactive|not reactive|not detected|undetected|-)\.?"
)
_INTERPRETED = {"POS": True, "DET": True, "RR": True, "NEG": False, "ND": False, "NR": False}


# Results


def results(record: PatientRecord, *concepts: str) -> list[Located]:
    """Observations of these tests (group `test`) that count and say something, newest last."""
    return [o for o in record.observations(*concepts) if stands(o, record.as_of)]


def stands(observation: Located, as_of: date) -> bool:
    """Final, with a value, parts or an interpretation, and not issued after the day."""
    resource = observation.resource
    issued = moment(resource.get("issued"))
    parts = [*as_list(resource.get("interpretation")), *as_list(resource.get("component"))]
    says = bool(value_keys(resource)) or bool(parts)
    return (
        str(resource.get("status")) in _STANDING
        and says
        and (issued is None or issued.day <= as_of)
    )


def newest(found: Sequence[Located], as_of: date, within: int | None = None) -> list[Located]:
    """The newest of these, dated at most `within` days before the day; several when times tie."""
    known = [(when, o) for o in found if (when := dated(o))]
    recent = [(w, o) for w, o in known if within is None or (as_of - w.day).days <= within]
    return [o for w, o in recent if not any(w.before(other) for other, _ in recent)]


def day_of(located: Located) -> str:
    """`on 2026-11-02`, or that there is no date."""
    when = dated(located)
    return f"on {when.day.isoformat()}" if when else "without a date"


def answered(observation: Located, record: PatientRecord) -> bool | None:
    """Positive or negative, by code, words, truth value or interpretation; None: neither."""
    resource = observation.resource
    value = resource.get("valueCodeableConcept")
    concepts = {"positive", "negative"} & set(record.coder.concepts("answer", value))
    if concepts:
        return concepts == {"positive"} if len(concepts) == 1 else None
    if record.coder.concepts("answer", value):
        return None
    texts = [plain(t) for t in value_texts(resource) if t.strip()]
    said = {worded for t in texts if (worded := _worded(t)) is not None}
    if said:
        return said.pop() if len(said) == 1 else None
    if isinstance(resource.get("valueBoolean"), bool):
        return bool(resource["valueBoolean"])
    return None if texts else _interpreted(resource)


def value_texts(part: Mapping[str, Any]) -> Iterator[str]:
    """The words of valueCodeableConcept or valueString."""
    yield from concept_texts(part.get("valueCodeableConcept"))
    if isinstance(part.get("valueString"), str):
        yield part["valueString"]


def _worded(text: str) -> bool | None:
    if _NEGATIVE.fullmatch(text):
        return False
    return True if _POSITIVE.fullmatch(text) else None


def _interpreted(resource: Mapping[str, Any]) -> bool | None:
    said = {
        _INTERPRETED.get(str(c.get("code")))
        for concept in as_list(resource.get("interpretation"))
        for c in codings(concept)
        if c.get("system") == INTERPRETATION
    }
    return said.pop() if len(said) == 1 else None


# Numbers


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers that the blockers compare a fact with, so that `<5` or `>60` can be used.

    low: the blockers ask for less than a limit (LVEF, platelets); else for more (ALT, QTc).
    """

    at: tuple[str, ...]
    low: bool

    def value(self, number: Fraction, sign: str, step: Fraction) -> Fraction | None:
        """A number that answers every comparison as the reported one does; None: there is none.

        `step`: one unit of the last digit. `>60` may be 60 or 600: it is known on which side of
        every limit it lies only when no limit lies above 60.
        """
        if not sign:
            return number
        limits = [Fraction(t) for t in self.at]
        if sign.startswith("<"):
            end, met_on_it = min(limits), not self.low or sign == "<"
            if number > end or (number == end and not met_on_it):
                return None
            return number - step if self.low and sign == "<" else number
        end, met_on_it = max(limits), self.low or sign == ">"
        if number < end or (number == end and not met_on_it):
            return None
        return number + step if not self.low and sign == ">" else number


@dataclass(frozen=True, slots=True)
class Reading:
    """One number as sent. sign: `<`, `<=`, `>=`, `>` or empty. unit: UCUM code, else its text."""

    located: Located
    number: Decimal
    sign: str
    unit: str

    @property
    def said(self) -> str:
        unit = f" {self.unit}" if _UNIT.fullmatch(self.unit) else ""
        return f"{self.sign}{self.number:f}{unit}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """The newest number. value: in the fact's unit. said: as sent, with unit and date."""

    value: Decimal
    said: str
    day: date
    sources: tuple[Source, ...]


def reading(observation: Located) -> Reading | None:
    """The number of valueQuantity or valueInteger; None when it cannot be read."""
    resource = observation.resource
    if len(value_keys(resource)) != 1:
        return None
    value = resource.get("valueQuantity")
    said = value if isinstance(value, dict) else {"value": resource.get("valueInteger")}
    number, sign = amount(said.get("value")), said.get("comparator", "")
    if number is None or number < 0 or not isinstance(sign, str) or sign not in ("", *COMPARATORS):
        return None
    return Reading(observation, number, sign, _unit(said))


def amount(value: object) -> Decimal | None:
    """A JSON number that a laboratory can have measured, every digit kept."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value) if readable(Decimal(value)) else None


def _unit(said: Mapping[str, Any]) -> str:
    unit = said.get("code") or said.get("unit")
    return unit.strip() if isinstance(unit, str) else ""


def measured(
    observations: Sequence[Located], scale: Callable[[Reading], Fraction | None], limits: Limits
) -> Measurement | None:
    """The number of the newest ones in the fact's unit; of several the one nearest to danger.

    `scale`: what to multiply by; None: the unit or range does not allow it.
    """
    found: list[tuple[Fraction, Reading]] = []
    for observation in observations:
        read = reading(observation)
        factor = scale(read) if read else None
        if read is None or factor is None:
            return None
        exponent = read.number.as_tuple().exponent
        step = Fraction(10) ** (exponent if isinstance(exponent, int) else 0) * factor
        value = limits.value(Fraction(read.number) * factor, read.sign, step)
        if value is None or value < 0:
            return None
        found.append((value, read))
    if not found:
        return None
    value, worst = (min if limits.low else max)(found, key=lambda f: f[0])
    when = dated(worst.located)
    if when is None:
        return None
    said, sources = f"{worst.said} {day_of(worst.located)}", tuple(map(source_of, observations))
    return Measurement(_digits(value, worst.number), said, when.day, sources)


def _digits(value: Fraction, sent: Decimal) -> Decimal:
    """The number as sent when it is the value, else the value itself."""
    if value == Fraction(sent):
        return sent
    return Decimal(value.numerator) / Decimal(value.denominator)


def in_units(factors: Mapping[str, str]) -> Callable[[Reading], Fraction | None]:
    """A scale by unit: what one of it is in the fact's unit."""
    return lambda read: Fraction(factors[read.unit]) if read.unit in factors else None


def limit_of_normal(read: Reading, end: str) -> Decimal | None:
    """`high` or `low` of the Observation's own normal range, in the value's unit; else None."""
    found: set[Decimal] = set()
    for given in as_list(read.located.resource.get("referenceRange")):
        side = given.get(end) if isinstance(given, dict) else None
        if not isinstance(side, dict) or not _is_normal(given.get("type")):
            continue
        number, unit = amount(side.get("value")), _unit(side)
        if number is None or number <= 0 or (unit and read.unit and unit != read.unit):
            return None
        found.add(number)
    return found.pop() if len(found) == 1 else None


def _is_normal(kind: object) -> bool:
    return all(c.get("code") == "normal" for c in codings(kind))


# Conditions


class Course(Enum):
    """How a condition stands on the assessment day; OPEN: it is only suspected."""

    PRESENT = "present"
    PAST = "past"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Stated:
    """A coded Condition. day: since when, ended: until when, None when not dated.

    marked: its clinical status says how it stands (one without status and end counts as present).
    """

    located: Located
    course: Course
    marked: bool
    day: date | None
    ended: date | None

    @property
    def said(self) -> str:
        since = f", recorded {self.day.isoformat()}" if self.day else ""
        return f"{self.course.value}{since}{'' if self.marked else ', clinical status not given'}"


def conditions(record: PatientRecord, *concepts: str) -> list[Stated]:
    """Conditions of these kinds (groups `state` and `state-prefix`), those in error left out."""
    found = [
        stated
        for c in record.of_type("Condition")
        if set(concepts) & _kinds(record, c) and (stated := _stated(c, record.as_of))
    ]
    return sorted(found, key=lambda s: (str(s.day or ""), s.located.reference, s.located.where))


def _kinds(record: PatientRecord, condition: Located) -> set[str]:
    return state_concepts(record, condition.resource.get("code"))


def state_concepts(record: PatientRecord, concept: object) -> set[str]:
    """What a CodeableConcept's codings say of a patient's state, ICD-10-CM categories too."""
    found = set(record.coder.concepts("state", concept))
    for coding in codings(concept):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str):
            known = record.coder.local.standard(system, code) or (system, code)
            found.add(record.coder.codes.concept_by_prefix("state-prefix", *known))
    return found - {""}


def status_of(resource: Mapping[str, Any], name: str) -> str:
    """The code of clinicalStatus or verificationStatus."""
    return next((str(c.get("code")) for c in codings(resource.get(name))), "")


def _stated(condition: Located, as_of: date) -> Stated | None:
    resource = condition.resource
    day = _date(resource, "onset", "start") or _date(resource, "recorded", "start")
    ended = _date(resource, "abatement", "end")
    verified = status_of(resource, "verificationStatus")
    status = status_of(resource, "clinicalStatus")
    if verified == "entered-in-error" or (day and day > as_of):
        return None
    over = any(k.startswith("abatement") for k in resource) and not (ended and ended > as_of)
    if verified == "refuted":
        course = Course.REFUTED
    elif verified in ("unconfirmed", "provisional", "differential"):
        course = Course.OPEN
    elif status in ("active", "recurrence", "relapse"):
        course = Course.PRESENT
    elif status in ("inactive", "resolved", "remission"):
        course = Course.PRESENT if ended and ended > as_of else Course.PAST
    else:
        course = Course.PAST if over else Course.PRESENT
    marked = bool(status) or course is not Course.PRESENT
    return Stated(condition, course, marked, day, ended)


def _date(resource: Mapping[str, Any], stem: str, end: str) -> date | None:
    period = resource.get(f"{stem}Period")
    within = period.get(end) if isinstance(period, dict) else None
    names = (f"{stem}DateTime", f"{stem}Date")
    found = next((m for n in names if (m := moment(resource.get(n)))), None) or moment(within)
    return found.day if found else None


def present_or_refuted(name: str, label: str, found: Sequence[Stated]) -> list[KnownFact]:
    """True while one is present, false when one is refuted and none suspected, else not known."""
    present = [s for s in found if s.course is Course.PRESENT]
    if not present and any(s.course is Course.OPEN for s in found):
        return []
    used = present or [s for s in found if s.course is Course.REFUTED]
    if not used:
        return []
    sources = tuple(source_of(s.located) for s in used)
    return [KnownFact(name, bool(present), sources, f"{label}: {used[-1].said}")]
