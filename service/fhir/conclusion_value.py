"""The laboratory's overall HER2 interpretation (LOINC 48676-1)."""

from __future__ import annotations

import re

from service.core.findings import Conclusion, IhcScore, LabConclusion
from service.core.guideline import Guideline
from service.fhir.clauses import clauses, denies, leaves_open
from service.fhir.ihc_text import read_ihc_text
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
_LOW = (
    ("ultralow", re.compile(r"\bultra[\s-]?low\b")),
    ("low", re.compile(r"\blow\b")),
)
_EXPRESSED = re.compile(r"\bover-?express\w*|amplifi\w*")
_OPEN = (
    ("equivocal", re.compile(r"\bequivocal\b|\bborderline\b")),
    ("indeterminate", re.compile(r"\bindeterminate\b|\binconclusive\b")),
    ("not-tested", re.compile(r"\bnot (?:tested|done|performed)\b")),
)
_POSITIVE = re.compile(r"\bpositiv\w*|\bpos\b")
_NEGATIVE = re.compile(r"\bnegativ\w*|\bneg\b")
_OF_SCORE = {
    IhcScore.THREE_PLUS: "positive",
    IhcScore.TWO_PLUS: "equivocal",
    IhcScore.ONE_PLUS: "negative",
    IhcScore.ZERO: "negative",
    IhcScore.INDETERMINATE: "indeterminate",
    IhcScore.INCONSISTENT: "indeterminate",
    IhcScore.INCONSISTENT_HIGH: "indeterminate",
}
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
            said = text(asked.part)
            return words_of(said) or _by_score(said, asked.guideline)
        case "valueCodeableConcept":
            coded = asked.coder.concepts("answer", asked.value)
            if any(c in _CONCLUSIONS for c in coded):
                return coded
            told_that_text_was_read(asked, found)
            return [w for t in concept_texts(asked.value) for w in words_of(t)]
        case _:
            return []


def words_of(said: str) -> list[str]:
    """The conclusions that a text states, clause by clause; a denied word is never affirmed."""
    found = [word for clause in clauses(plain(said)) if (word := _word(clause))]
    return list(dict.fromkeys(found))


def _by_score(said: str, guideline: Guideline) -> list[str]:
    """A conclusion given as an IHC score alone says what the score says."""
    score = read_ihc_text(said, guideline).score
    return [_OF_SCORE[score]] if score in _OF_SCORE else []


def _word(clause: str) -> str:
    denied = denies(clause)
    for word, pattern in _OPEN:
        if pattern.search(clause):
            return word if word == "not-tested" or not denied else "indeterminate"
    for word, pattern in _LOW:
        if pattern.search(clause) and not denied:
            return word
    named = _EXPRESSED.search(clause) or _POSITIVE.search(clause) or _NEGATIVE.search(clause)
    if named and leaves_open(clause):
        return "indeterminate"
    if _EXPRESSED.search(clause):
        return "negative" if denied else "positive"
    if _NEGATIVE.search(clause):
        return "negative"
    if _POSITIVE.search(clause):
        return "indeterminate" if denied else "positive"
    return ""
