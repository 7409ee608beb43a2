"""The laboratory's overall HER2 interpretation (LOINC 48676-1)."""

from __future__ import annotations

import re

from service.core.findings import Conclusion, LabConclusion
from service.fhir.lab_words import concept_texts
from service.fhir.numbers_in_text import plain
from service.fhir.value_reading import (
    Asked,
    ValueReading,
    absent_reason,
    interpretation,
    told_that_text_was_read,
)
from service.fhir.values import ValueUnreadable, text

_CONCLUSIONS = {
    "positive": LabConclusion.POSITIVE,
    "negative": LabConclusion.NEGATIVE,
    "low": LabConclusion.LOW,
    "ultralow": LabConclusion.ULTRALOW,
    "equivocal": LabConclusion.EQUIVOCAL,
    "indeterminate": LabConclusion.INDETERMINATE,
    "not-tested": LabConclusion.NOT_DONE,
    "unknown": LabConclusion.NOT_DONE,
}
#: The first that a text says: `HER2-low (negative)` is low.
_WORDS = (
    ("ultralow", re.compile(r"\bultra[\s-]?low\b")),
    ("low", re.compile(r"\blow\b")),
    ("equivocal", re.compile(r"\bequivocal\b|\bborderline\b")),
    ("indeterminate", re.compile(r"\bindeterminate\b|\binconclusive\b")),
    ("not-tested", re.compile(r"\bnot (?:tested|done|performed)\b")),
    ("negative", re.compile(r"\bnegativ\w*|\bneg\b|\bnot over-?express\w*|\bnot amplified\b")),
    ("positive", re.compile(r"\bpositiv\w*|\bpos\b|\bover-?express\w*|\bamplified\b")),
)
_BELOW_POSITIVE = {LabConclusion.LOW, LabConclusion.ULTRALOW}


def read_conclusion(asked: Asked, found: ValueReading) -> None:
    """Add the conclusion; ValueUnreadable when there is none."""
    said = {_CONCLUSIONS[w] for w in _words(asked, found) if w in _CONCLUSIONS}
    if said & _BELOW_POSITIVE:
        said.discard(LabConclusion.NEGATIVE)
    if not said:
        raise ValueUnreadable(
            "This is no overall HER2 conclusion: send positive, negative, equivocal, "
            "indeterminate or HER2-low."
        )
    agreed = said.pop() if len(said) == 1 else LabConclusion.INDETERMINATE
    found.findings.append(Conclusion(agreed, asked.context))


def _words(asked: Asked, found: ValueReading) -> list[str]:
    match asked.key:
        case "":
            absent = "not-tested" if absent_reason(asked.part) else ""
            return [absent or interpretation(asked.part)]
        case "valueString":
            return [_word(text(asked.part))]
        case "valueCodeableConcept":
            coded = asked.coder.concepts("answer", asked.value)
            if any(c in _CONCLUSIONS for c in coded):
                return coded
            told_that_text_was_read(asked, found)
            return [_word(t) for t in concept_texts(asked.value)]
        case _:
            return []


def _word(said: str) -> str:
    left = plain(said)
    return next((word for word, pattern in _WORDS if pattern.search(left)), "")
