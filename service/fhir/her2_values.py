"""One HER2 test's value as findings: IHC, coded ISH, ISH numbers, overall conclusion.

Sources: codes.md; her2-classification sections 4, 7 and 8b; pitfalls P01-P41.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.core.findings import (
    CodedIsh,
    Conclusion,
    Context,
    Finding,
    IhcFinding,
    IhcScore,
    IshConclusion,
    IshNumber,
    LabConclusion,
    Quantity,
)
from service.core.guideline import Guideline
from service.core.measure import exactly
from service.fhir.coder import Coder
from service.fhir.ihc_text import read_ihc_text
from service.fhir.index import codings
from service.fhir.ish_text import IshText, read_ish_text, read_plain_number
from service.fhir.lab_words import as_list, concept_texts, reasons
from service.fhir.numbers_in_text import plain
from service.fhir.values import (
    Number,
    ValueUnreadable,
    integer,
    is_percent,
    quantity,
    ratio,
    text,
    value_keys,
)

#: Tests in the order in which they are preferred when one code says several.
TESTS = ("ihc", "ratio", "copies", "cep17", "cells", "ish", "conclusion")

_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_NOT_DONE = {"not-performed", "unknown", "asked-unknown", "not-asked", "temp-unknown"}

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
_ISH = {
    "positive": IshConclusion.AMPLIFIED,
    "negative": IshConclusion.NOT_AMPLIFIED,
    "absent": IshConclusion.NOT_AMPLIFIED,
    "not-amplified": IshConclusion.NOT_AMPLIFIED,
    "equivocal": IshConclusion.EQUIVOCAL,
    "indeterminate": IshConclusion.UNSATISFACTORY,
    "not-tested": IshConclusion.NOT_DONE,
    "unknown": IshConclusion.NOT_DONE,
}
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
_INTERPRETED = {"POS": "positive", "NEG": "negative", "E": "equivocal", "IND": "indeterminate"}
_DETECTED = {"DET": "positive", "ND": "negative"}
_CONCLUSION_WORDS = (
    ("ultralow", re.compile(r"\bultra[\s-]?low\b")),
    ("low", re.compile(r"\blow\b")),
    ("equivocal", re.compile(r"\bequivocal\b|\bborderline\b")),
    ("indeterminate", re.compile(r"\bindeterminate\b|\binconclusive\b")),
    ("not-tested", re.compile(r"\bnot (?:tested|done|performed)\b")),
    ("negative", re.compile(r"\bnegativ\w*|\bneg\b|\bnot over-?express\w*|\bnot amplified\b")),
    ("positive", re.compile(r"\bpositiv\w*|\bpos\b|\bover-?express\w*|\bamplified\b")),
)


@dataclass(slots=True)
class ValueReading:
    """Findings of one value, and what should be told about it (text by FHIRPath part)."""

    findings: list[Finding] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the value of one test in one part (an Observation or a component)."""

    coder: Coder
    guideline: Guideline

    def read(self, test: str, part: Mapping[str, Any], context: Context) -> ValueReading:
        """The findings of the part; ValueUnreadable when it says nothing the test can take."""
        found = ValueReading()
        keys = value_keys(part)
        if len(keys) > 1:
            raise ValueUnreadable("There is more than one value[x].")
        if test == "ihc":
            self._ihc(part, keys, context, found)
        elif test == "ish":
            self._ish(part, keys, context, found)
        elif test == "conclusion":
            self._conclusion(part, keys, context, found)
        else:
            self._number(Quantity(test), part, keys, context, found)
        return found

    # IHC

    def _ihc(
        self, part: Mapping[str, Any], keys: list[str], context: Context, found: ValueReading
    ) -> None:
        flags: tuple[str, ...] = ()
        key = keys[0] if keys else ""
        if key == "valueCodeableConcept":
            score = self._coded_score(part["valueCodeableConcept"])
        elif key == "valueString":
            read = read_ihc_text(text(part), self.guideline)
            flags = ("PERCENT_ONLY",) if read.percent_only else ()
            score = read.score
        elif key == "valueInteger":
            score = _whole_score(Decimal(integer(part)))
        elif key == "valueQuantity":
            if is_percent(part[key] if isinstance(part[key], Mapping) else {}):
                score, flags = IhcScore.NOT_DONE, ("PERCENT_ONLY",)
            else:
                number = quantity(part)
                exact = number.value if not number.reasons else None
                plain_number = exact.digits if exact and not exact.comparator else None
                score = _whole_score(plain_number) if plain_number is not None else None
        elif key:
            score = None
        else:
            score = self._absent_score(part)
        if score is None:
            raise ValueUnreadable(
                "This is no IHC score: send 0, 1+, 2+ or 3+ as text or coding, or a whole number."
            )
        if flags:
            found.remarks.append(
                ("A percentage alone gives no IHC score: it was not used.", "value")
            )
        if key:
            score = self._cross_checked(score, part)
        if set(context.reasons) & {"Q10", "Q11"} and score is not IhcScore.NOT_DONE:
            score = IhcScore.INDETERMINATE
        found.findings.append(IhcFinding(score, context, flags))

    def _coded_score(self, concept: object) -> IhcScore | None:
        """Known codes first; text and displays cross-check them, or speak if no code is known."""
        coded = [c for c in self.coder.concepts("answer", concept) if c in _SCORES]
        texts = [read_ihc_text(t, self.guideline).score for t in concept_texts(concept)]
        said = {s for s in texts if s is not None and s is not IhcScore.NOT_DONE}
        scores = {_SCORES[c] for c in coded}
        if not scores and texts and all(s is IhcScore.NOT_DONE for s in texts if s):
            return next((s for s in texts if s), None)
        return _agreed(scores, said) if scores or said else None

    def _cross_checked(self, score: IhcScore, part: Mapping[str, Any]) -> IhcScore:
        """P14: an interpretation that contradicts the score makes the result inconsistent."""
        word = _interpretation(part)
        allowed = {
            "positive": {IhcScore.THREE_PLUS, IhcScore.CODED_POSITIVE},
            "negative": {
                IhcScore.ZERO,
                IhcScore.ZERO_ABSENT,
                IhcScore.ZERO_FAINT,
                IhcScore.ONE_PLUS,
                IhcScore.CODED_NEGATIVE,
            },
            "equivocal": {IhcScore.TWO_PLUS},
            "indeterminate": {IhcScore.INDETERMINATE},
        }
        open_scores = {IhcScore.NOT_DONE, IhcScore.INCONSISTENT, IhcScore.INCONSISTENT_HIGH}
        if not word or score in open_scores or score in allowed[word]:
            return score
        high = word in ("positive", "equivocal") or score in (
            IhcScore.TWO_PLUS,
            IhcScore.THREE_PLUS,
            IhcScore.CODED_POSITIVE,
        )
        return IhcScore.INCONSISTENT_HIGH if high else IhcScore.INCONSISTENT

    def _absent_score(self, part: Mapping[str, Any]) -> IhcScore | None:
        reason = _absent_reason(part)
        if reason:
            return IhcScore.NOT_DONE if reason in _NOT_DONE else IhcScore.INDETERMINATE
        word = _interpretation(part)
        return _SCORES[word] if word else None

    # ISH

    def _ish(
        self, part: Mapping[str, Any], keys: list[str], context: Context, found: ValueReading
    ) -> None:
        key = keys[0] if keys else ""
        if key == "valueCodeableConcept":
            self._coded_ish(part[key], context, found)
        elif key == "valueString":
            self._ish_words(read_ish_text(text(part)), context, found)
        elif key == "valueBoolean" and isinstance(part[key], bool):
            said = IshConclusion.AMPLIFIED if part[key] else IshConclusion.NOT_AMPLIFIED
            found.findings.append(CodedIsh(said, context))
        elif key == "valueInteger":
            integer(part)
            told = "A whole number on a coded ISH test says nothing: it was not used (P16)."
            found.remarks.append((told, "value"))
        elif key in ("valueQuantity", "valueRatio"):
            number = quantity(part) if key == "valueQuantity" else ratio(part)
            if number.percent:
                found.findings.append(_percentage(number, context))
            else:
                found.findings.append(
                    IshNumber(Quantity.RATIO, number.value, context, number.reasons)
                )
        elif key:
            raise ValueUnreadable("This is no ISH result.")
        else:
            self._absent_ish(part, context, found)

    def _coded_ish(self, concept: object, context: Context, found: ValueReading) -> None:
        coded = {_ISH[c] for c in self.coder.concepts("answer", concept) if c in _ISH}
        texts = [read_ish_text(t) for t in concept_texts(concept)]
        said = {t.conclusion for t in texts if t.conclusion}
        if not coded and not said:
            numeric = next((t for t in texts if t.readable), None)
            if numeric is None:
                raise ValueUnreadable("This coding is no known ISH result.")
            self._ish_words(numeric, context, found)
            return
        every = coded | said
        agreed = every.pop() if len(every) == 1 else IshConclusion.UNSATISFACTORY
        if not said - coded and len(coded) == 1:
            agreed = next(iter(coded))
        found.findings.append(_coded(agreed, context))

    def _ish_words(self, said: IshText, context: Context, found: ValueReading) -> None:
        for quantity_read, value in said.numbers.items():
            found.findings.append(IshNumber(quantity_read, value, context))
        measured = set(said.numbers) - {Quantity.CELLS}
        if said.percent is not None and not measured:
            number = Number(exactly(said.percent), ("Q12",), percent=True)
            found.findings.append(_percentage(number, context))
        elif said.conclusion:
            found.findings.append(_coded(said.conclusion, context))
        elif not measured and "Q06" in context.reasons:
            found.findings.append(CodedIsh(IshConclusion.UNSATISFACTORY, context, ("Q06",)))
        elif not said.readable:
            raise ValueUnreadable(
                "This is no ISH result: send amplified or not amplified, or the ratio and copies."
            )

    def _absent_ish(self, part: Mapping[str, Any], context: Context, found: ValueReading) -> None:
        reason = _absent_reason(part)
        if reason:
            done = reason not in _NOT_DONE
            said = IshConclusion.UNSATISFACTORY if done else IshConclusion.NOT_DONE
            found.findings.append(CodedIsh(said, context, ("Q06",) if done else ()))
            return
        word = _interpretation(part) or _detected(part)
        if not word:
            raise ValueUnreadable("This ISH result has no value.")
        found.findings.append(_coded(_ISH[word], context))

    # numbers

    def _number(
        self,
        wanted: Quantity,
        part: Mapping[str, Any],
        keys: list[str],
        context: Context,
        found: ValueReading,
    ) -> None:
        key = keys[0] if keys else ""
        if key == "valueQuantity":
            number = quantity(part)
        elif key == "valueRatio" and wanted is not Quantity.CELLS:
            number = ratio(part)
        elif key == "valueInteger":
            number = Number(exactly(Decimal(integer(part))))
        elif key == "valueString":
            number = self._number_text(text(part))
        elif key:
            raise ValueUnreadable(f"The {_NAMES[wanted]} is a number: send a Quantity.")
        else:
            self._absent_number(wanted, part, context, found)
            return
        found.findings.append(IshNumber(wanted, number.value, context, number.reasons))

    def _number_text(self, said: str) -> Number:
        if "%" in said:
            return Number(None, ("Q04",), percent=True)
        value = read_plain_number(said)
        if value:
            return Number(value)
        why = tuple(r for r in reasons(plain(said)) if r == "Q06")
        if why:
            return Number(None, why)
        raise ValueUnreadable("This is no number: send a Quantity, such as 2.1.")

    def _absent_number(
        self, wanted: Quantity, part: Mapping[str, Any], context: Context, found: ValueReading
    ) -> None:
        reason = _absent_reason(part)
        if not reason:
            raise ValueUnreadable(f"The {_NAMES[wanted]} has no value.")
        if reason not in _NOT_DONE:
            found.findings.append(IshNumber(wanted, None, context, ("Q06",)))

    # overall conclusion

    def _conclusion(
        self, part: Mapping[str, Any], keys: list[str], context: Context, found: ValueReading
    ) -> None:
        key = keys[0] if keys else ""
        words: list[str] = []
        if key == "valueCodeableConcept":
            words = [c for c in self.coder.concepts("answer", part[key]) if c in _CONCLUSIONS]
            if not words:
                words = [w for t in concept_texts(part[key]) if (w := conclusion_word(t))]
        elif key == "valueString":
            words = [w for w in [conclusion_word(text(part))] if w]
        elif not key:
            word = "not-tested" if _absent_reason(part) else _interpretation(part)
            words = [word] if word else []
        said = {_CONCLUSIONS[w] for w in words}
        if len(said) == 2 and LabConclusion.NEGATIVE in said:
            said -= {LabConclusion.NEGATIVE} if said & _BELOW_POSITIVE else set()
        if not said:
            raise ValueUnreadable(
                "This is no overall HER2 conclusion: send positive, negative, equivocal, "
                "indeterminate or HER2-low."
            )
        agreed = said.pop() if len(said) == 1 else LabConclusion.INDETERMINATE
        found.findings.append(Conclusion(agreed, context))


_BELOW_POSITIVE = {LabConclusion.LOW, LabConclusion.ULTRALOW}
_NAMES = {
    Quantity.RATIO: "HER2/CEP17 ratio",
    Quantity.COPIES: "HER2 copies per cell",
    Quantity.CEP17: "CEP17 copies per cell",
    Quantity.CELLS: "number of cells counted",
}


def _whole_score(number: Decimal) -> IhcScore | None:
    """0, 1, 2 or 3 as a score."""
    digits = {0: "score-0", 1: "score-1", 2: "score-2", 3: "score-3"}
    whole = int(number) if number == number.to_integral_value() else -1
    return _SCORES[digits[whole]] if whole in digits else None


def _agreed(coded: set[IhcScore], said: set[IhcScore]) -> IhcScore:
    """One score of codes and words; the more precise where they agree."""
    every = set(coded | said)
    for general, precise in (
        (IhcScore.CODED_POSITIVE, {IhcScore.THREE_PLUS}),
        (IhcScore.CODED_NEGATIVE, _NEGATIVE_SCORES),
        (IhcScore.ZERO, {IhcScore.ZERO_ABSENT, IhcScore.ZERO_FAINT}),
    ):
        if every & precise:
            every.discard(general)
    if len(every) == 1:
        return every.pop()
    if IhcScore.INDETERMINATE in every and not every & coded - {IhcScore.INDETERMINATE}:
        return IhcScore.INDETERMINATE
    high = {IhcScore.TWO_PLUS, IhcScore.THREE_PLUS, IhcScore.CODED_POSITIVE}
    return IhcScore.INCONSISTENT_HIGH if every & high else IhcScore.INCONSISTENT


_NEGATIVE_SCORES = {
    IhcScore.ZERO,
    IhcScore.ZERO_ABSENT,
    IhcScore.ZERO_FAINT,
    IhcScore.ONE_PLUS,
}


def _coded(said: IshConclusion, context: Context) -> CodedIsh:
    """An indeterminate result is the laboratory's own "unsatisfactory" (Q06)."""
    return CodedIsh(said, context, ("Q06",) if said is IshConclusion.UNSATISFACTORY else ())


def _percentage(number: Number, context: Context) -> CodedIsh:
    """Q12: a percentage of amplified cells; above 10% amplification is suspected."""
    exact = number.value.exact if number.value else None
    return CodedIsh(
        IshConclusion.UNSATISFACTORY,
        context,
        ("Q12",),
        amplification_suspected=exact is None or exact > 10,
    )


def _interpretation(part: Mapping[str, Any]) -> str:
    """positive, negative, equivocal, indeterminate; empty when none or several are said."""
    return _interpreted(part, _INTERPRETED)


def _detected(part: Mapping[str, Any]) -> str:
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


def _absent_reason(part: Mapping[str, Any]) -> str:
    """The data-absent-reason code; `error` for one that is not known."""
    concept = part.get("dataAbsentReason")
    if concept is None:
        return ""
    for coding in codings(concept):
        if coding.get("system") == _ABSENT and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return "error"


def conclusion_word(said: str) -> str:
    """The overall conclusion that a text states, or empty."""
    left = plain(said)
    for word, pattern in _CONCLUSION_WORDS:
        if pattern.search(left):
            return word
    return ""
