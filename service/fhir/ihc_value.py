"""An IHC result's value as a score (her2-classification section 7; P01-P15)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from service.core.findings import IhcFinding, IhcScore
from service.fhir.ihc_text import read_ihc_text
from service.fhir.lab_words import concept_texts
from service.fhir.value_reading import (
    NOT_DONE,
    Asked,
    ValueReading,
    absent_reason,
    interpretation,
    told_that_text_was_read,
)
from service.fhir.values import ValueUnreadable, integer, is_percent, quantity, text

_SCORES = {
    "score-0": IhcScore.ZERO,
    "score-1": IhcScore.ONE_PLUS,
    "score-2": IhcScore.TWO_PLUS,
    "score-3": IhcScore.THREE_PLUS,
    "positive": IhcScore.CODED_POSITIVE,
    "negative": IhcScore.CODED_NEGATIVE,
    "equivocal": IhcScore.TWO_PLUS,
    "indeterminate": IhcScore.INDETERMINATE,
    "not-tested": IhcScore.NOT_DONE,
    "unknown": IhcScore.NOT_DONE,
    "low": IhcScore.INDETERMINATE,
    "ultralow": IhcScore.INDETERMINATE,
}
_NEGATIVE = {
    IhcScore.ZERO,
    IhcScore.ZERO_ABSENT,
    IhcScore.ZERO_FAINT,
    IhcScore.ONE_PLUS,
}
_HIGH = {IhcScore.TWO_PLUS, IhcScore.THREE_PLUS, IhcScore.CODED_POSITIVE}
#: The scores that agree with an interpretation.
_AGREES = {
    "positive": {IhcScore.THREE_PLUS, IhcScore.CODED_POSITIVE},
    "negative": {*_NEGATIVE, IhcScore.CODED_NEGATIVE},
    "equivocal": {IhcScore.TWO_PLUS},
    "indeterminate": {IhcScore.INDETERMINATE},
}
_PERCENT_ONLY = "A percentage alone gives no IHC score: it was not used."


def read_ihc(asked: Asked, found: ValueReading) -> None:
    """Add the IHC finding; ValueUnreadable when the value is no score."""
    score, percent_only = _score(asked, found)
    if score is None:
        raise ValueUnreadable(
            "This is no IHC score: send 0, 1+, 2+ or 3+ as text or coding, or a whole number."
        )
    if percent_only:
        found.remarks.append((_PERCENT_ONLY, "value"))
    if asked.key:
        score = _cross_checked(score, interpretation(asked.part))
    flags = ("PERCENT_ONLY",) if percent_only else ()
    score = _trusted(score, asked.context.reasons)
    found.findings.append(IhcFinding(score, asked.context, flags))


def _score(asked: Asked, found: ValueReading) -> tuple[IhcScore | None, bool]:
    """The score, and whether there was only a percentage."""
    match asked.key:
        case "":
            return _absent(asked.part), False
        case "valueCodeableConcept":
            return _coded(asked, found), False
        case "valueString":
            read = read_ihc_text(text(asked.part), asked.guideline)
            return read.score, read.percent_only
        case "valueInteger":
            return _whole(Decimal(integer(asked.part))), False
        case "valueQuantity":
            if isinstance(asked.value, dict) and is_percent(asked.value):
                return IhcScore.NOT_DONE, True
            number = quantity(asked.part)
            value = number.value
            if number.reasons or value is None or value.comparator or value.digits is None:
                return None, False
            return _whole(value.digits), False
        case _:
            return None, False


def _whole(number: Decimal) -> IhcScore | None:
    """0, 1, 2 or 3 as a score."""
    return _SCORES[f"score-{int(number)}"] if number in (0, 1, 2, 3) else None


def _absent(part: Mapping[str, object]) -> IhcScore | None:
    """P13, P15: a reason why there is no value, or an interpretation alone."""
    reason = absent_reason(part)
    if reason:
        return IhcScore.NOT_DONE if reason in NOT_DONE else IhcScore.INDETERMINATE
    return _SCORES.get(interpretation(part))


def _coded(asked: Asked, found: ValueReading) -> IhcScore | None:
    """Known codes first; text and displays cross-check them, or speak if no code is known."""
    concepts = [c for c in asked.coder.concepts("answer", asked.value) if c in _SCORES]
    texts = [read_ihc_text(t, asked.guideline).score for t in concept_texts(asked.value)]
    spoken = [s for s in texts if s is not None]
    said = {s for s in spoken if s is not IhcScore.NOT_DONE}
    scores = {_SCORES[c] for c in concepts}
    if not scores:
        if not spoken:
            return None
        told_that_text_was_read(asked, found)
        return _agreed(set(), said) if said else IhcScore.NOT_DONE
    return _agreed(scores, said)


def _agreed(coded: set[IhcScore], said: set[IhcScore]) -> IhcScore:
    """One score of codes and words, the more precise where they agree."""
    every = coded | said
    for general, precise in (
        (IhcScore.CODED_POSITIVE, {IhcScore.THREE_PLUS}),
        (IhcScore.CODED_NEGATIVE, _NEGATIVE),
        (IhcScore.ZERO, {IhcScore.ZERO_ABSENT, IhcScore.ZERO_FAINT}),
    ):
        if every & precise:
            every = every - {general}
    if len(every) == 1:
        return next(iter(every))
    return IhcScore.INCONSISTENT_HIGH if every & _HIGH else IhcScore.INCONSISTENT


def _cross_checked(score: IhcScore, word: str) -> IhcScore:
    """P14: an interpretation that contradicts the score makes the result inconsistent."""
    unclear = {IhcScore.NOT_DONE, IhcScore.INCONSISTENT, IhcScore.INCONSISTENT_HIGH}
    if not word or score in unclear or score in _AGREES[word]:
        return score
    high = word in ("positive", "equivocal") or score in _HIGH
    return IhcScore.INCONSISTENT_HIGH if high else IhcScore.INCONSISTENT


def _trusted(score: IhcScore, reasons: tuple[str, ...]) -> IhcScore:
    """A definite result does not rest on a doubtful specimen (Q10) or a gastric scale (Q11).

    The specification names both for ISH alone; a wrong patient's 3+ would be unsafe.
    """
    unsettled = {IhcScore.NOT_DONE, IhcScore.TWO_PLUS}
    if set(reasons) & {"Q10", "Q11"} and score not in unsettled:
        return IhcScore.INDETERMINATE
    return score
