"""Pregnancy and breast-feeding (B03, B04, B05): the newest statement wins.

Codes: service/knowledge/codes/safety.csv. Of statements of one day, and of those without a date,
the one that says pregnant (or breast-feeding) wins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.core.known_fact import KnownFact
from service.fhir.clauses import clauses, denies
from service.fhir.entries import Located
from service.fhir.facts.measurements import (
    Course,
    answered,
    conditions,
    day_of,
    newest,
    results,
    stands,
    state_concepts,
    value_texts,
)
from service.fhir.facts.person import ages, gender
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.numbers_in_text import plain

#: B03: how long a statement that somebody is pregnant, or is not, can say so today.
PREGNANCY_DAYS = 280
#: B04: how old a negative test may be.
TEST_DAYS = 7
#: B05: how long an answer about breast-feeding holds.
LACTATION_DAYS = 90
#: B04: ages at which pregnancy is possible, both ends in.
FERTILE_AGES = (12, 55)
_PERMANENT = re.compile(
    r"\bhysterectomy\b|\bbilateral\b[^.;]*\b(?:oophorectomy|ovariectomy)\b|\bpost-?\s?menopaus\w*"
)
_ONLY_MEANT = re.compile(r"\b(?:planned|plan|consult\w*|counsel\w*|discuss\w*|consider\w*)\b")


@dataclass(frozen=True, slots=True)
class _Statement:
    """holds: it says yes. tells: it says so of today, not only that an older one is over."""

    located: Located
    day: date | None
    holds: bool
    tells: bool
    said: str


def pregnancy_facts(record: PatientRecord) -> list[KnownFact]:
    """pregnant, pregnancy_possible, pregnancy_test_negative and lactating."""
    return [
        *pregnant(record),
        *pregnancy_possible(record),
        *pregnancy_test_negative(record),
        *lactating(record),
    ]


def pregnant(record: PatientRecord) -> list[KnownFact]:
    """The newest of status (82810-3), Conditions and positive hCG tests (B03).

    False only when that is `not pregnant` of the last 280 days or a refuted Condition. A negative
    test says nothing here, and a Condition that has ended only outdates what was said before.
    """
    said: list[_Statement] = []
    for observation in results(record, "pregnancy-status"):
        answer = record.coder.concepts("state", observation.resource.get("valueCodeableConcept"))
        if len(answer) == 1 and answer[0] in ("pregnant", "not-pregnant"):
            yes = answer[0] == "pregnant"
            text = f"{'pregnant' if yes else 'not pregnant'} {day_of(observation)}"
            said.append(_observed(record, observation, yes, PREGNANCY_DAYS, text))
    for observation in results(record, "pregnancy-test"):
        if answered(observation, record):
            text = f"pregnancy test positive {day_of(observation)}"
            said.append(_observed(record, observation, True, PREGNANCY_DAYS, text))
    said += _from_conditions(record, "pregnant", "pregnancy", PREGNANCY_DAYS)
    return _newest_wins("pregnant", said, record.as_of)


def lactating(record: PatientRecord) -> list[KnownFact]:
    """63895-7 of the last 90 days and Condition Z39.1; false for men and when answered no (B05)."""
    if gender(record) == "male" and record.patient:
        return [KnownFact("lactating", False, (source_of(record.patient),), "gender male")]
    said: list[_Statement] = []
    for observation in results(record, "breast-feeding"):
        yes = _breast_feeds(observation, record)
        if yes is not None:
            text = f"breast-feeding: {'yes' if yes else 'no'} {day_of(observation)}"
            said.append(_observed(record, observation, yes, LACTATION_DAYS, text))
    said += _from_conditions(record, "lactating", "breast-feeding", LACTATION_DAYS)
    return _newest_wins("lactating", said, record.as_of)


def _breast_feeds(observation: Located, record: PatientRecord) -> bool | None:
    resource = observation.resource
    value = resource.get("valueCodeableConcept")
    if "lactating" in record.coder.concepts("state", value):
        return True
    if isinstance(resource.get("valueBoolean"), bool):
        return bool(resource["valueBoolean"])
    answers = {plain(t).rstrip(".") for t in value_texts(resource)} & {"yes", "no"}
    return answers == {"yes"} if len(answers) == 1 else None


def _observed(
    record: PatientRecord, observation: Located, holds: bool, window: int, text: str
) -> _Statement:
    when = dated(observation)
    fresh = when is not None and (record.as_of - when.day).days <= window
    return _Statement(observation, when.day if when else date.min, holds, fresh, text)


def _from_conditions(
    record: PatientRecord, concept: str, label: str, window: int
) -> list[_Statement]:
    """Present: yes. Refuted: no. Past, with the day it ended: what was said before is over."""
    said = []
    for c in conditions(record, concept):
        text = f"{label}: {c.said}"
        fresh = c.day is None or (record.as_of - c.day).days <= window
        if c.course is Course.PRESENT:
            stated = c.marked or (fresh and c.day is not None)
            said.append(_Statement(c.located, c.day, True, stated, text))
        elif c.course is Course.REFUTED:
            said.append(_Statement(c.located, c.day or date.min, False, fresh, text))
        elif c.course is Course.PAST and c.ended:
            said.append(_Statement(c.located, c.ended, False, False, text))
    return said


def _newest_wins(name: str, said: Sequence[_Statement], as_of: date) -> list[KnownFact]:
    counted = [s for s in said if s.tells or not s.holds]
    if not counted:
        return []
    last = max(counted, key=lambda s: (s.day or as_of, s.holds, s.tells))
    if not last.tells:
        return []
    used = [s for s in counted if (s.day, s.holds, s.tells) == (last.day, last.holds, True)]
    return [KnownFact(name, last.holds, tuple(source_of(s.located) for s in used), last.said)]


def pregnancy_test_negative(record: PatientRecord) -> list[KnownFact]:
    """The newest 2118-8 or 2106-3 of the last 7 days is negative; false when none is (B04)."""
    found = newest(results(record, "pregnancy-test"), record.as_of, TEST_DAYS)
    sources = tuple(source_of(o) for o in found)
    if not found:
        text = f"no pregnancy test in the last {TEST_DAYS} days"
        return [KnownFact("pregnancy_test_negative", False, (), text)]
    negative = all(answered(o, record) is False for o in found)
    text = f"pregnancy test {'' if negative else 'not '}negative {day_of(found[0])}"
    return [KnownFact("pregnancy_test_negative", negative, sources, text)]


def pregnancy_possible(record: PatientRecord) -> list[KnownFact]:
    """A woman of 12-55 without hysterectomy, bilateral oophorectomy or menopause (B04).

    False for men, outside these ages, and with a permanent reason; unknown when gender or birth
    date is missing and nothing else decides.
    """
    name = "pregnancy_possible"
    patient = (source_of(record.patient),) if record.patient else ()
    known, sex = ages(record), gender(record)
    if sex == "male":
        return [KnownFact(name, False, patient, "gender male")]
    low, high = FERTILE_AGES
    if known and (known[1] < low or known[0] > high):
        text = f"outside the ages {low}-{high}"
        return [KnownFact(name, False, patient, text)]
    if reasons := _permanent_reasons(record):
        sources = tuple(source_of(located) for located, _ in reasons)
        return [KnownFact(name, False, sources, reasons[0][1])]
    if sex and known and low <= known[0] and known[1] <= high:
        return [KnownFact(name, True, patient, f"female, within the ages {low}-{high}")]
    return []


def _permanent_reasons(record: PatientRecord) -> list[tuple[Located, str]]:
    """Menopause by code, operations by a completed Procedure's words, a status with a reason."""
    found = [
        (c.located, f"postmenopausal: {c.said}")
        for c in conditions(record, "postmenopausal")
        if c.course is Course.PRESENT
    ]
    for observation in record.of_type("Observation"):
        value = observation.resource.get("valueCodeableConcept")
        if stands(observation, record.as_of) and "postmenopausal" in state_concepts(record, value):
            found.append((observation, f"postmenopausal {day_of(observation)}"))
    for observation in results(record, "pregnancy-status"):
        value = observation.resource.get("valueCodeableConcept")
        notes = as_list(observation.resource.get("note"))
        notes = [n.get("text") for n in notes if isinstance(n, dict)]
        said = [*concept_texts(value), *notes]
        if "not-pregnant" in record.coder.concepts("state", value) and _permanent(said):
            found.append((observation, f"not pregnant for good {day_of(observation)}"))
    for procedure in record.of_type("Procedure"):
        said = [*concept_texts(procedure.resource.get("code"))]
        if procedure.resource.get("status") == "completed" and _permanent(said):
            found.append((procedure, f"operation that rules it out {day_of(procedure)}"))
    return found


def _permanent(texts: Sequence[object]) -> bool:
    said = [c for t in texts if isinstance(t, str) for c in clauses(_said(t))]
    return any(_PERMANENT.search(c) and not denies(c) and not _ONLY_MEANT.search(c) for c in said)


def _said(text: str) -> str:
    return re.sub(r"\bnot pregnant\b", " ", plain(text))
