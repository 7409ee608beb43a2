"""What reading one value gives, and what is said in place of a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.core.findings import Context, Finding
from service.core.guideline import Guideline
from service.fhir.coder import Coder
from service.fhir.index import codings
from service.fhir.lab_words import as_list

_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_INTERPRETED = {"POS": "positive", "NEG": "negative", "E": "equivocal", "IND": "indeterminate"}
_DETECTED = {"DET": "positive", "ND": "negative"}

#: Reasons that say the test was not done, or nobody knows; every other one is a failed test (8b).
NOT_DONE = {"not-performed", "unknown", "asked-unknown", "not-asked", "temp-unknown"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One value to read. key: its value[x] element, empty when there is none."""

    part: Mapping[str, Any]
    key: str
    context: Context
    coder: Coder
    guideline: Guideline

    @property
    def value(self) -> Any:
        return self.part[self.key]


@dataclass(slots=True)
class ValueReading:
    """Findings of one value, and what should be told about it (text, FHIRPath part)."""

    findings: list[Finding] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)


def interpretation(part: Mapping[str, Any]) -> str:
    """positive, negative, equivocal, indeterminate; empty when none or several are said."""
    return _interpreted(part, _INTERPRETED)


def detected(part: Mapping[str, Any]) -> str:
    """Detected or not detected: a presence that only an ISH test can be read from."""
    return _interpreted(part, _DETECTED)


def _interpreted(part: Mapping[str, Any], known: Mapping[str, str]) -> str:
    said = {
        known[c["code"]]
        for concept in as_list(part.get("interpretation"))
        for c in codings(concept)
        if c.get("system") == _INTERPRETATION and c.get("code") in known
    }
    return said.pop() if len(said) == 1 else ""


def absent_reason(part: Mapping[str, Any]) -> str:
    """The data-absent-reason code; `error` for one that is not known; empty when there is none."""
    concept = part.get("dataAbsentReason")
    if concept is None:
        return ""
    for coding in codings(concept):
        if coding.get("system") == _ABSENT and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return "error"


def told_that_text_was_read(asked: Asked, found: ValueReading) -> None:
    """A coding that nobody maps was read by its text: said, so that it can be mapped."""
    if codings(asked.value) and not asked.coder.concepts("answer", asked.value):
        text = "The code of this answer is not known: its text was read. Map it in a ConceptMap."
        found.remarks.append((text, "value"))
