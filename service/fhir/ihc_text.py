"""An IHC result in words and digits: `2+ (equivocal)`, `+++`, `0 with faint staining in 5%`.

The digit is the score; words only cross-check it, and a contradiction is never resolved
(her2-classification section 7, pitfalls P01-P08). Source of the patterns: W18 Fig. 1, as the
table ihc_pattern.csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from service.core.findings import IhcScore
from service.core.guideline import Guideline
from service.core.measure import Measured
from service.core.table import Value
from service.fhir.clauses import clauses, denies, leaves_open, negates
from service.fhir.numbers_in_text import NUMBER, REMEMBERED, measured, plain

_HER2 = re.compile(r"\b(?:c-?)?(?:her|erb-?b)[\s-]?2(?:[\s/-]*neu)?(?!\d)|\bneu\b")
_NOISE = re.compile(
    r"\b(?:19|20)\d{2}(?:-\d{2}){0,2}\b"  # years and dates
    r"|\b\d+\s*(?:cells|nuclei)\b|\b4b5\b|\bp?[tnmg]\d[a-d]?\b|\bgrade\s*[1-3]\b(?!\s*\+)"
)
_ULTRALOW = re.compile(r">\s*0\s*(?:and|to|but|,|-)?\s*<\s*1\s*\+?|\bultra[\s-]?low\b")
_PERCENT = re.compile(
    r"(?:\d+(?:[.,]\d+)?\s*%?\s*(?:-|to)\s*)?" + NUMBER + r"\s*(?:%|percent\b|per cent\b)"
)
_RANGE = re.compile(
    r"(?<![\d.,])([0-3])\s*(?:\+|plus)?\s*(?:-|\u2013|/|to|or|and|bis)\s*([0-3])"
    r"\s*(?:\+|plus)?(?![\d.,])"
)
_DIGIT = re.compile(r"(?<![a-z\d.,<>=])([0-3])\s*(\+|plus\b)?(?!\d|[.,]\d)")
_PLUSES = re.compile(r"(?<![\d+])(?<!\d )(\+{1,3})(?![\d+])")
#: The end of the scale (`2+ of 3+`) and what is said of controls are no score of the tumour.
_END_OF_SCALE = re.compile(r"\b(?:out )?of\s+3\s*\+?")
_CONTROL = re.compile(r"\b(?:positive |negative |external |internal |on-slide )*controls?\b[^.;,]*")
_OVEREXPRESSED = re.compile(r"\bover-?express\w*|\b\u00fcberexpr\w*")
_WORD = (
    ("positive", re.compile(r"\bpositiv\w*|\bpos\b")),
    ("negative", re.compile(r"\bnegativ\w*|\bneg\b")),
    ("equivocal", re.compile(r"\bequivocal\b|\bborderline\b")),
    ("indeterminate", re.compile(r"\bindeterminate\b|\binconclusive\b|\binterpretable\b")),
    ("low", re.compile(r"\blow\b(?!\s*(?:power|magnif))")),
)
_NOT_DONE = re.compile(r"\bnot (?:tested|done|performed)\b")
_NO_STAINING = re.compile(
    r"\b(?:no|without(?: any)?|absent|absence of|negative for)\s+(?:\w+\s+){0,2}staining"
    r"|\bstaining\s+(?:is\s+|was\s+)?(?:absent|not seen)|\bnull\b"
)
_STAINING = re.compile(
    r"\b(?:no|without(?: any)?|absent|absence of|negative for)\s+(?:\w+\s+){0,2}staining"
    r"|\bstaining\s+(?:is\s+|was\s+)?(?:absent|not seen)|\bnull\b"
)
_STAINING = re.compile(r"stain|membran|circumferential|incomplete|complete|barely perceptible")
#: Which stated scores agree with a word.
_AGREES = {
    "positive": {"3"},
    "negative": {"0", "1"},
    "equivocal": {"2"},
    "low": {"1", "2"},
    "ultralow": {"0"},
    "indeterminate": set(),
    "not-done": set(),
}
_SCORE = {
    "0": IhcScore.ZERO,
    "1": IhcScore.ONE_PLUS,
    "2": IhcScore.TWO_PLUS,
    "3": IhcScore.THREE_PLUS,
}
_WORD_ALONE = {
    "positive": IhcScore.CODED_POSITIVE,
    "negative": IhcScore.CODED_NEGATIVE,
    "equivocal": IhcScore.TWO_PLUS,
    "indeterminate": IhcScore.INDETERMINATE,
    "low": IhcScore.INDETERMINATE,
    "ultralow": IhcScore.INDETERMINATE,
    "not-done": IhcScore.NOT_DONE,
}


@dataclass(frozen=True, slots=True)
class IhcText:
    """What a text says. score None: nothing readable. percent_only: a percentage and no score."""

    score: IhcScore | None
    percent_only: bool = False


@lru_cache(REMEMBERED)
def read_ihc_text(text: str, guideline: Guideline) -> IhcText:
    """The score that a text states, or that the staining it describes has by Figure 1."""
    said = _HER2.sub(" ", plain(text))
    said = _END_OF_SCALE.sub(" ", _CONTROL.sub(" ", _NOISE.sub(" ", said)))
    named = [c for c in clauses(said) if _ULTRALOW.search(c)]
    words = {"ultralow"} if any(not negates(c) for c in named) else set()
    said = _ULTRALOW.sub(" ", said)
    percents = [measured(m, from_words=True) for m in _PERCENT.finditer(said)]
    said = _PERCENT.sub(" ", said)
    described = described_scores(said, percents, guideline)
    words |= _words(said)
    scores = _stated(said)
    if len(scores) > 1:
        return IhcText(IhcScore.INDETERMINATE)
    if scores:
        return IhcText(_checked(scores.pop(), words, described))
    if described:
        return IhcText(_from_pattern(described, words))
    if len(words) > 1:
        return IhcText(IhcScore.INDETERMINATE)
    if words:
        return IhcText(_WORD_ALONE[words.pop()])
    if percents:
        return IhcText(IhcScore.NOT_DONE, percent_only=True)
    return IhcText(None)


def _stated(said: str) -> set[str]:
    """The scores a text states; a digit with a plus, or after `score`, outweighs a bare one."""
    spans = [m.groups() for m in _RANGE.finditer(said)]
    if any(a != b for a, b in spans):
        return {digit for pair in spans for digit in pair}
    strong = {str(len(m[1])) for m in _PLUSES.finditer(said)}
    bare = set()
    for match in _DIGIT.finditer(said):
        before = said[: match.start()].rstrip(" :=(")
        named = before.endswith(("score", "ihc", "ihk", "is", "immunohistochemistry"))
        (strong if match[2] or named else bare).add(match[1])
    return strong or bare


def _words(said: str) -> set[str]:
    """The words that cross-check a score; a denied word is no word, or leaves the result open."""
    if _NOT_DONE.search(said):
        return {"not-done"}
    words: set[str] = set()
    for clause in clauses(said):
        if _OVEREXPRESSED.search(clause):
            words.add(
                "indeterminate"
                if leaves_open(clause)
                else "negative"
                if denies(clause)
                else "positive"
            )
            continue
        found = {word for word, pattern in _WORD if pattern.search(clause)}
        scored = bool(_DIGIT.search(clause) or _PLUSES.search(clause))
        doubted = leaves_open(clause) and bool(found or scored)
        denied = scored and negates(_NO_STAINING.sub(" ", clause))
        if doubted or denied or (denies(clause) and "positive" in found):
            words.add("indeterminate")
        elif denies(clause):
            words |= found - {"low", "equivocal"}
        else:
            words |= found
    return words


def described_scores(said: str, percents: list[Measured], guideline: Guideline) -> frozenset[str]:
    """Every score that Figure 1 gives the described staining; empty when none is described."""
    table = guideline["ihc_pattern"]
    unstained = bool(_NO_STAINING.search(said))
    if not (unstained or _STAINING.search(said)):
        return frozenset()
    incomplete = bool(re.search(r"\bincomplete|\bpartial|\bbasolateral|\blateral", said))
    complete = bool(re.search(r"\bcomplete|\bcircumferential", said))
    faint = bool(re.search(r"\bfaint|\bbarely perceptible", said))
    intense = bool(re.search(r"\bintense|\bstrong", said))
    moderate = bool(re.search(r"\bmoderate", said))
    weak = bool(re.search(r"\bweak", said))
    staining = "unstated" if incomplete == complete else "incomplete" if incomplete else "complete"
    named = [("faint", faint), ("intense", intense), ("moderate", moderate), ("weak", weak)]
    intensity = next((word for word, present in named if present), "")
    if unstained:
        # "no staining, or faint in 10% or fewer" repeats the definition of 0: both stay open
        share = table.regions["percent"][0]
        patterns = [("none", "unstated"), *([("incomplete", "faint")] if faint else [])]
        return frozenset(
            table.meet(staining=s, intensity=i, percent=share).then["score"] for s, i in patterns
        )
    if not intensity and staining == "unstated":
        return frozenset()
    shares: list[Value] = [p for p in percents if table.banded("percent", p)][:1]
    shares = shares or list(table.regions["percent"])
    return frozenset(
        table.meet(staining=staining, intensity=intensity or "unstated", percent=p).then["score"]
        for p in shares
    )


def _checked(score: str, words: set[str], described: frozenset[str]) -> IhcScore:
    """The stated score, unless a word or the described staining contradicts it."""
    contradicted = any(score not in _AGREES[word] for word in words)
    if described and "undefined" not in described:
        contradicted = contradicted or score not in {d[0] for d in described}
    if contradicted:
        high = score in ("2", "3") or bool(words & {"positive", "equivocal"})
        return IhcScore.INCONSISTENT_HIGH if high else IhcScore.INCONSISTENT
    if score != "0":
        return _SCORE[score]
    faint = "ultralow" in words or ("0-faint" in described and "0-absent" not in described)
    absent = described == {"0-absent"}
    if faint and absent:
        return IhcScore.INCONSISTENT
    return IhcScore.ZERO_FAINT if faint else IhcScore.ZERO_ABSENT if absent else IhcScore.ZERO


def _from_pattern(described: frozenset[str], words: set[str]) -> IhcScore:
    """A score derived from the described staining alone; unclear descriptions stay open."""
    if len(described) > 1 or "undefined" in described:
        only = words & {"positive", "negative", "equivocal"}
        return (
            _WORD_ALONE[only.pop()] if words == only and len(only) == 1 else IhcScore.INDETERMINATE
        )
    score = next(iter(described))
    if any(score[0] not in _AGREES[word] for word in words):
        high = score[0] in "23" or bool(words & {"positive", "equivocal"})
        return IhcScore.INCONSISTENT_HIGH if high else IhcScore.INCONSISTENT
    return IhcScore(score)
