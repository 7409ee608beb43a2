"""Clauses of a sentence, and whether they deny what they name.

`No evidence of HER2 amplification` and `amplification: not detected` deny; `amplification cannot
be excluded` and `not negative` leave it open. A denied word is never read as affirmed.
"""

from __future__ import annotations

import re

_BREAK = re.compile(
    r"[.;,()\[\]]|\s[-\u2013]\s|\bbut\b|\bhowever\b|\band\b(?=\s+(?:not?|negative)\b)"
)
_DECIMAL_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
_NEGATION = re.compile(
    r"\b(?:no|not|non|nor|none|never|without|absent|absence|lack\w*|excluded|ruled out|un)\b"
    r"|\b(?:kein\w*|nicht|ohne)\b|\b(?:non|un)(?=amplif)|\bundetect\w*"
)
_NEGATIVE = re.compile(r"\b(?:negativ\w*|neg)\b")
_LEFT_OPEN = re.compile(
    r"\b(?:not|cannot|can't|no)\b (?:be )?(?:\w+ )?(?:exclude[ds]?|ruled? out|assessed|determined)"
    r"|\bnot (?:\w+ )?negativ\w*|\bpossibl\w*|\bprobabl\w*|\bsuspicious\b|\bsuspected\b|\?"
)


def clauses(said: str) -> list[str]:
    """The parts of a text between stops, brackets and commas that are not decimal marks."""
    kept = _DECIMAL_POINT.sub("\x00", said)
    return [c.replace("\x00", ".").strip() for c in _BREAK.split(kept) if c and c.strip()]


def negates(clause: str) -> bool:
    """The clause has a no, not, without or the like; "negative" alone is a result."""
    return bool(_NEGATION.search(clause))


def denies(clause: str) -> bool:
    """The clause says that something is not so, also by calling it negative."""
    return negates(clause) or bool(_NEGATIVE.search(clause))


def leaves_open(clause: str) -> bool:
    """The clause says that something may or may not be so."""
    return bool(_LEFT_OPEN.search(clause))
