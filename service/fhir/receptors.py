"""Patient-level words: low oestrogen receptor, and a histology that doubts a positive HER2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from service.core.findings import Moment
from service.fhir.conditions import Diagnosis, all_texts, ductal_or_lobular, special_histology
from service.fhir.her2_observation import standing_of
from service.fhir.moments import effective, moment
from service.fhir.numbers_in_text import plain
from service.fhir.values import value_keys

if TYPE_CHECKING:
    from service.fhir.entries import Located
    from service.fhir.patient_evidence import Asked

_RECEPTORS = {"er", "er-percent", "pr", "pr-percent"}
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,]\d+)?)\s*%")
#: The tumour's grade; an adverse event or a performance status has a grade too.
_GRADE = re.compile(
    r"\b(?:histolog\w*|nottingham|tumou?r|bloom|elston|carcinoma)\b.*\bgrad(?:e|ing)\b"
    r"|\bgrad(?:e|ing)\b.*\b(?:histolog\w*|tumou?r|carcinoma)\b"
)
_HISTOLOGY = re.compile(r"\bhistolog\w*|\bmorpholog\w*")
_GRADE_1 = re.compile(r"\b(?:grade\s*|g)?(?:1|i)\b|\blow grade\b|\bwell differentiated\b")


def patient_flags(
    record: Sequence[Located], diagnoses: Sequence[Diagnosis], asked: Asked
) -> tuple[tuple[str, ...], bool, tuple[Located, ...]]:
    """(flags, histology suspicious of a positive result, the resources this rests on)."""
    er: list[tuple[Moment | None, Located, Decimal | None, bool | None]] = []
    pr: list[bool] = []
    grade_1 = False
    described: list[str] = []
    used: list[Located] = []
    for located in record:
        if located.type != "Observation" or not _counts(located, asked):
            continue
        tests = set(asked.coder.concepts("test", located.resource.get("code")))
        if tests and not tests & _RECEPTORS:
            continue
        percent, positive = _receptor(located.resource, asked) if tests else (None, None)
        if tests & {"er", "er-percent"}:
            when = effective(located.resource) or moment(located.resource.get("issued"))
            er.append((when, located, percent, positive))
        elif tests & {"pr", "pr-percent"}:
            pr += [positive] if positive is not None else []
            used.append(located)
        else:
            name = all_texts(located.resource.get("code"))
            if _GRADE.search(name):
                grade_1 = grade_1 or _is_grade_1(located.resource)
                used.append(located)
            elif _HISTOLOGY.search(name):
                described.append(all_texts(located.resource.get("valueCodeableConcept")))
                described.append(plain(str(located.resource.get("valueString", ""))))
                used.append(located)
    er.sort(key=lambda e: (str(e[0].day) if e[0] else "", e[1].where))
    used += [e[1] for e in er]
    flags = ("ER_LOW",) if _er_low([e[2] for e in er]) else ()
    every = [*diagnoses, *_as_diagnoses(described, diagnoses)]
    receptors_positive = any(e[3] for e in er) and any(pr)
    suspicious = special_histology(every) or (
        grade_1 and ductal_or_lobular(every) and receptors_positive
    )
    return flags, suspicious, tuple(used)


def _counts(located: Located, asked: Asked) -> bool:
    when = effective(located.resource) or moment(located.resource.get("issued"))
    stands = standing_of(located.resource.get("status")) is not None
    return stands and not (when and when.day > asked.as_of)


def _receptor(resource: Mapping[str, Any], asked: Asked) -> tuple[Decimal | None, bool | None]:
    """Percentage of stained cells if given; positive from 1% on, or as coded."""
    keys = value_keys(resource)
    value = resource.get(keys[0]) if len(keys) == 1 else None
    if isinstance(value, dict) and keys == ["valueQuantity"]:
        amount = value.get("value")
        if isinstance(amount, int | Decimal) and not isinstance(amount, bool):
            return Decimal(amount), Decimal(amount) >= 1
    if isinstance(value, str) and (found := _PERCENT.search(plain(value))):
        percent = Decimal(found[1].replace(",", "."))
        return percent, percent >= 1
    concepts = asked.coder.concepts("answer", value)
    if "positive" in concepts or "negative" in concepts:
        return None, "positive" in concepts
    return None, None


def _er_low(percents: Sequence[Decimal | None]) -> bool:
    """The newest percentage is 1-10%."""
    known = [p for p in percents if p is not None]
    return bool(known) and 1 <= known[-1] <= 10


def _is_grade_1(resource: Mapping[str, Any]) -> bool:
    value = resource.get("valueInteger")
    if value == 1:
        return True
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict) and quantity.get("value") == 1:
        return True
    said = f"{all_texts(resource.get('valueCodeableConcept'))} {resource.get('valueString', '')}"
    return bool(_GRADE_1.search(plain(said)))


def _as_diagnoses(texts: Sequence[str], diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """A histology stated in an Observation, read like the text of an invasive diagnosis."""
    like = next((d for d in diagnoses if d.kind == "invasive"), None)
    if like is None:
        return []
    return [Diagnosis(like.located, "invasive", "", False, text) for text in texts if text]
