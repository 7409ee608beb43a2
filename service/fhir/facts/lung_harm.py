"""Interstitial lung disease or pneumonitis of grade 2 or more, after which T-DXd is not given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from service.core.findings import Source
from service.fhir.conditions import all_texts
from service.fhir.facts.measurements import (
    Course,
    conditions,
    reading,
    stands,
    state_concepts,
    value_texts,
)
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import as_list
from service.fhir.numbers_in_text import plain

#: B15: from this CTCAE grade on.
LOWEST = 2
_GRADE = re.compile(r"\b(?:grade|g)\s*([0-5])\b(?!\s*(?:-|to|/|or)\s*\d)")
_NUMBER = re.compile(r"(?:grade|g)?\s*([0-5])")
_LUNG = re.compile(r"\bpneumonitis\b|\binterstitial lung disease\b|\bild\b")
_GRADED = re.compile(r"\bgrade\b|\bgrading\b|\bctcae\b")
#: CTCAE's own words for its grades.
_WORDS = {"mild": 1, "moderate": 2, "severe": 3}


def graded_lung_harm(record: PatientRecord) -> list[tuple[str, Source]]:
    """Conditions now or past, adverse events and graded Observations of grade 2 or more.

    Without a grade, and with one that is contradicted by a lower one, nothing is said.
    """
    found: list[tuple[set[int], Source]] = []
    for stated in conditions(record, "ild"):
        if stated.course in (Course.PRESENT, Course.PAST):
            resource = stated.located.resource
            stages = [s.get("summary") for s in as_list(resource.get("stage")) if _is(s)]
            texts = [all_texts(c) for c in (resource.get("code"), *stages)]
            found.append((_grades(texts, resource), source_of(stated.located)))
    for event in record.of_type("AdverseEvent"):
        resource = event.resource
        named = [resource.get("event"), resource.get("code")]
        of_lung = any("ild" in state_concepts(record, c) for c in named)
        if of_lung and resource.get("actuality", "actual") == "actual":
            found.append((_grades(map(all_texts, named), resource), source_of(event)))
    for observation in record.of_type("Observation"):
        name = all_texts(observation.resource.get("code"))
        if _LUNG.search(name) and _GRADED.search(name) and stands(observation, record.as_of):
            values = [plain(t) for t in value_texts(observation.resource)]
            numbers = {int(m[1]) for t in values if (m := _NUMBER.fullmatch(t))}
            read = reading(observation)
            if read and not read.sign and read.number in range(6):
                numbers.add(int(read.number))
            found.append((numbers, source_of(observation)))
    return [
        (f"interstitial lung disease of grade {min(grades)}: not given after grade 2", source)
        for grades, source in found
        if grades and min(grades) >= LOWEST
    ]


def _is(value: object) -> bool:
    return isinstance(value, dict)


def _grades(texts: Iterable[str], resource: Mapping[str, Any]) -> set[int]:
    """Grades in these words, and what `severity` says."""
    numbers = {int(g) for text in texts for g in _GRADE.findall(text)}
    severity = resource.get("severity")
    coded = (
        [str(c.get("code")) for c in as_list(severity.get("coding")) if _is(c)]
        if (isinstance(severity, dict))
        else []
    )
    words = " ".join([all_texts(severity), *coded])
    numbers |= {int(g) for g in _GRADE.findall(words)}
    return numbers | {n for word, n in _WORDS.items() if re.search(rf"\b{word}\b", words)}
