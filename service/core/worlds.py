"""What a condition makes known once it is said to hold.

`metastatic and n_mbc_her2_lines == 0` makes two facts known. With `or` in it there are several
ways in which it may hold; each is a world, and what differs between them stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import product

from service.core.condition import All, Always, Compared, Condition, Not, Sign, Some, Stated
from service.core.facts import FactValue, Stretch

World = Mapping[str, FactValue]

_DENIED = {
    Sign.BELOW: Sign.AT_LEAST,
    Sign.AT_LEAST: Sign.BELOW,
    Sign.ABOVE: Sign.AT_MOST,
    Sign.AT_MOST: Sign.ABOVE,
    Sign.IS: Sign.IS_NOT,
    Sign.IS_NOT: Sign.IS,
}


def worlds_of(condition: Condition, holds: bool = True) -> tuple[World, ...]:
    """Every way in which the condition holds (or, with `holds` false, does not); none when there
    is no way."""
    match condition:
        case Always():
            return ({},) if holds else ()
        case Stated(fact):
            return ({fact: holds},)
        case Compared(fact, sign, value):
            sign = sign if holds else _DENIED[sign]
            if sign is Sign.BELOW and value == 0:
                return ()
            said = _value(sign, value)
            return ({fact: said},) if said is not None else ({},)
        case Not(part):
            return worlds_of(part, not holds)
        case All() | Some():
            every = [worlds_of(part, holds) for part in condition.parts]
            if isinstance(condition, All) is holds:
                joined = [_joined(worlds) for worlds in product(*every)]
                return tuple(w for w in joined if w is not None)
            return tuple(world for worlds in every for world in worlds)
    raise TypeError(f"no world is known of {condition}")


def _value(sign: Sign, value: Decimal | str) -> FactValue | None:
    """The number, the stretch or the letter that a comparison leaves; None when it says little.

    Facts that are numbers are counts, sizes, months and multiples: none is below 0.
    """
    if isinstance(value, str):
        return value if sign is Sign.IS else f"not {value}"
    match sign:
        case Sign.IS:
            return value
        case Sign.IS_NOT:
            return None
        case Sign.AT_LEAST | Sign.ABOVE:
            return Stretch(value, None, includes_low=sign is Sign.AT_LEAST)
        case Sign.AT_MOST:
            return Stretch(Decimal(0), value, includes_low=True) if value > 0 else Decimal(0)
        case Sign.BELOW:
            return Stretch(Decimal(0), value, includes_low=True, includes_high=False)


def _joined(worlds: tuple[World, ...]) -> World | None:
    """All of them at once; None when two contradict each other."""
    joined: dict[str, FactValue] = {}
    for world in worlds:
        for fact, value in world.items():
            left = value if fact not in joined else both(joined[fact], value)
            if left is None:
                return None
            joined[fact] = left
    return joined


def both(one: FactValue, other: FactValue) -> FactValue | None:
    """What is left when both are said; None when they contradict each other."""
    if not agree(one, other):
        return None
    if isinstance(one, Stretch) and isinstance(other, Stretch):
        low = max(one, other, key=lambda s: (s.low, not s.includes_low))
        tops = [s for s in (one, other) if s.high is not None]
        high = min(tops, key=lambda s: (s.high or 0, s.includes_high), default=one)
        if high.high == low.low:
            return low.low
        return Stretch(low.low, high.high, low.includes_low, high.includes_high)
    vague = isinstance(one, Stretch) or (isinstance(one, str) and one.startswith("not "))
    return other if vague else one


def agree(one: FactValue, other: FactValue) -> bool:
    """True when both may be said of the same patient."""
    if isinstance(one, Stretch) and isinstance(other, Stretch):
        return _reaches(one, other) and _reaches(other, one)
    if isinstance(one, Stretch):
        return _within(other, one)
    if isinstance(other, Stretch):
        return _within(one, other)
    if isinstance(one, str) and isinstance(other, str):
        denied = one.startswith("not ") or other.startswith("not ")
        return one == other or (denied and f"not {one}" != other and f"not {other}" != one)
    return one == other


def _reaches(one: Stretch, other: Stretch) -> bool:
    """True when `one` does not end before `other` begins."""
    if one.high is None or one.high > other.low:
        return True
    return one.high == other.low and one.includes_high and other.includes_low


def _within(value: FactValue, stretch: Stretch) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    above = value > stretch.low or (stretch.includes_low and value == stretch.low)
    if stretch.high is None:
        return above
    return above and (value < stretch.high or (stretch.includes_high and value == stretch.high))
