"""Patient facts, three-valued: true, false, or not known.

The seam of the therapy table: facts go in, options come out (`therapy.py`). A fact that no
resource states is not known, never false; a number may be known as a stretch only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Stretch:
    """A number of which only two ends are known; pT1b is (0.5, 1.0] cm.

    high: None when nothing says how large it may be. includes_low, includes_high: whether it may
    be the end itself. Raises ValueError when nothing lies between the two.
    """

    low: Decimal
    high: Decimal | None
    includes_low: bool = False
    includes_high: bool = True

    def __post_init__(self) -> None:
        if self.high is not None and not self.low < self.high:
            raise ValueError(f"nothing is between {self.low} and {self.high}")

    def sides_of(self, number: Decimal) -> tuple[bool, bool, bool]:
        """Whether some value of it is below the number, is the number, is above the number."""
        low, high = self.low, self.high
        inside = low < number and (high is None or number < high)
        on_low = number == low and self.includes_low
        on_high = number == high and self.includes_high
        return low < number, inside or on_low or on_high, high is None or high > number


FactValue = bool | int | Decimal | str | Stretch


class FactKind(StrEnum):
    """What a fact can hold."""

    TRUTH = "truth"
    COUNT = "count"
    NUMBER = "number"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the caller says of a patient.

    stated: facts stated outright; they win over what a record says.
    setting: the stated setting (`MBC_1L`), empty when it is to be derived.
    history_complete: the sender vouches that its record is whole.
    """

    stated: Mapping[str, FactValue]
    setting: str = ""
    history_complete: bool = False
