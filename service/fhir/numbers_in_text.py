"""Numbers in what people write: comparators in signs and words, decimal points and commas."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from service.core.measure import Measured, between, compared, exactly

#: Texts whose reading is remembered in memory: displays and set phrases recur all day.
REMEMBERED = 4096

_SIGNS = {"≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "=<": "<=", "=>": ">="}
_WORDS = tuple(
    (re.compile(words), sign)
    for words, sign in (
        (
            r"\b(?:less|lower|fewer|smaller) than or equal to\b|\bat most\b"
            r"|\bup to\b|\bno more than\b",
            "<=",
        ),
        (r"\b(?:greater|more|higher) than or equal to\b|\bat least\b", ">="),
        (r"\b(?:less|lower|fewer|smaller) than\b|\bbelow\b|\bunder\b", "<"),
        (r"\b(?:greater|more|higher|larger) than\b|\babove\b|\bover\b", ">"),
    )
)
#: A number with the comparator before it, or a range: groups `sign`, `number`, `upper`.
NUMBER = (
    r"(?P<sign>[<>]=?)?\s*(?P<number>\d{1,6}(?:[.,]\d{1,6})?)(?!\d)"
    r"(?:\s*(?:-|\u2013|to|and|bis)\s*(?P<upper>\d{1,6}(?:[.,]\d{1,6})?)(?!\d))?"
)


@lru_cache(REMEMBERED)
def plain(text: str) -> str:
    """Unicode-normalised lower case, single spaces, comparators as signs."""
    said = unicodedata.normalize("NFKC", text).casefold()
    for sign, ascii_sign in _SIGNS.items():
        said = said.replace(sign, ascii_sign)
    for words, sign in _WORDS:
        said = words.sub(sign, said)
    return " ".join(said.split())


def measured(match: re.Match[str], *, from_words: bool) -> Measured:
    """The number of a NUMBER match; `from_words`: it was read out of a sentence."""
    number = _decimal(match["number"])
    if match["upper"]:
        return between(number, _decimal(match["upper"]))
    if match["sign"]:
        return compared(match["sign"], number, from_words=from_words)
    return exactly(number)


def _decimal(digits: str) -> Decimal:
    return Decimal(digits.replace(",", "."))
