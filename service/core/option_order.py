"""In which order regimens are shown, and each once (regimens.md section 1, steps 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterable

from service.core.regimen import Rank
from service.core.suggestion import Option, Status

_RANKS = (Rank.NONE, Rank.PREFERRED, Rank.ALTERNATIVE, Rank.OPTIONAL, Rank.ADD_ON)


def in_order(options: Iterable[Option]) -> list[Option]:
    """One option a regimen; add-ons last, what is known before what is conditional."""
    return sorted(_each_once(options), key=_place)


def _each_once(options: Iterable[Option]) -> Iterable[Option]:
    """One option a regimen: the authorised and unblocked rule wins."""
    best: dict[str, Option] = {}
    for option in options:
        code = option.rule.regimen
        if code not in best or _standing(option) < _standing(best[code]):
            best[code] = option
    return best.values()


def _standing(option: Option) -> tuple[bool, bool, bool, bool, int, int, str]:
    status = option.status
    return (
        status is Status.EXCLUDED,
        option.off_label,
        status is Status.CONDITIONAL,
        status is Status.ON_HOLD,
        option.rule.order,
        _RANKS.index(option.rule.rank),
        option.rule.id,
    )


def _place(option: Option) -> tuple[bool, bool, int, int, str]:
    rule = option.rule
    conditional = option.status is Status.CONDITIONAL
    return (option.add_on, conditional, rule.order, _RANKS.index(rule.rank), rule.id)
