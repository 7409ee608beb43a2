"""value[x] of an Observation or component, as numbers with their digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from service.core.measure import COMPARATORS, Measured, compared, counted, exactly, readable

#: Units that say "a bare number": 1, nothing, or only UCUM annotations such as {ratio}.
_BARE_CODE = re.compile(r"1|(?:\{[^{}]*\})(?:/\{[^{}]*\})?|")
_BARE_TEXT = re.compile(
    r"(?:average |mean )?(?:her2 |her2/neu |erbb2 |cep17 |gene )*"
    r"(?:ratio|score|copies|copy number|signals?|number|count|cells?|nuclei|nucleus|1|n/a|#)?"
    r"(?:\s*(?:/|per)\s*(?:cell|nucleus))?",
    re.IGNORECASE,
)


class ValueUnreadable(Exception):
    """The value says nothing the test can take; `part` is the FHIRPath below the element."""

    def __init__(self, text: str, part: str = "value") -> None:
        super().__init__(text)
        self.text = text
        self.part = part


@dataclass(frozen=True, slots=True)
class Number:
    """A number read: None with a reason when it is there but cannot be used (Q03, Q04)."""

    value: Measured | None
    reasons: tuple[str, ...] = ()
    percent: bool = False


def value_keys(part: Mapping[str, Any]) -> list[str]:
    """The value[x] elements present (`valueQuantity`, ...)."""
    return [k for k in part if k.startswith("value") and k != "value" and part[k] is not None]


def quantity(part: Mapping[str, Any]) -> Number:
    """valueQuantity: exact digits, comparator kept, a contradicting unit as Q04."""
    said = part["valueQuantity"]
    if not isinstance(said, dict):
        raise ValueUnreadable("The quantity is no object.")
    amount = said.get("value")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise ValueUnreadable("The quantity has no number.", "value.value")
    number = Decimal(amount)
    if not readable(number):
        return Number(None, ("Q03",))
    comparator = said.get("comparator", "")
    if comparator not in ("", *COMPARATORS):
        raise ValueUnreadable("The comparator is not one of < <= >= >.", "value.comparator")
    read = compared(comparator, number) if comparator else exactly(number)
    if is_percent(said):
        return Number(read, ("Q04",), percent=True)
    return Number(read) if is_bare(said) else Number(read, ("Q04",))


def is_percent(said: Mapping[str, Any]) -> bool:
    """The unit is a percentage."""
    return said.get("code") == "%" or str(said.get("unit", "")).strip() in ("%", "percent")


def is_bare(said: Mapping[str, Any]) -> bool:
    """The unit is one a count or a ratio can have, or there is none."""
    code, unit = said.get("code"), said.get("unit")
    if isinstance(code, str):
        return bool(_BARE_CODE.fullmatch(code)) or bool(_BARE_TEXT.fullmatch(code.strip()))
    if isinstance(unit, str):
        text = unit.strip()
        return bool(_BARE_CODE.fullmatch(text)) or bool(_BARE_TEXT.fullmatch(text))
    return True


def ratio(part: Mapping[str, Any]) -> Number:
    """valueRatio: numerator over denominator, exact; a denominator of 0 or none is Q03 (P32)."""
    said = part["valueRatio"]
    if not isinstance(said, dict):
        raise ValueUnreadable("The ratio is no object.")
    top, bottom = _amount(said.get("numerator")), _amount(said.get("denominator"))
    if top is None:
        raise ValueUnreadable("The ratio has no numerator.", "value.numerator")
    if bottom is None or bottom <= 0:
        return Number(None, ("Q03",))
    sides = [s for s in (said["numerator"], said.get("denominator")) if isinstance(s, dict)]
    sign = sides[0].get("comparator", "") if sides else ""
    wrong = () if all(is_bare(s) for s in sides) else ("Q04",)
    if sign in COMPARATORS:
        value = Fraction(top) / Fraction(bottom)
        if Decimal(bottom) == 1:
            return Number(compared(sign, top), wrong)
        return Number(_one_sided(sign, value), wrong)
    if bottom == 1:
        return Number(exactly(top), wrong)
    return Number(counted(Fraction(top) / Fraction(bottom)), wrong)


def _one_sided(sign: str, value: Fraction) -> Measured:
    sample = compared(sign, Decimal(1), from_words=True)
    low = value if sample.interval.low == 1 else sample.interval.low
    high = value if sample.interval.high == 1 else sample.interval.high
    interval = type(sample.interval)(low, high, sample.interval.low_open, sample.interval.high_open)
    return Measured(interval, None, sign)


def _amount(side: object) -> Decimal | None:
    amount = side.get("value") if isinstance(side, dict) else None
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    number = Decimal(amount)
    return number if readable(number) else None


def integer(part: Mapping[str, Any]) -> int:
    """valueInteger as an int."""
    said = part["valueInteger"]
    if isinstance(said, bool) or not isinstance(said, int):
        raise ValueUnreadable("The integer is no whole number.")
    return said


def text(part: Mapping[str, Any]) -> str:
    """valueString, never empty."""
    said = part["valueString"]
    if not isinstance(said, str) or not said.strip():
        raise ValueUnreadable("The text is empty.")
    return said
