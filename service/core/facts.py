"""Patient facts, three-valued: true, false, or not known.

The seam of the therapy table: facts go in, options come out (`therapy.py`). A fact that no
resource states is not known, never false; a number may be known as a stretch only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Stretch:
    """A number of which only the category was said: above `low`, up to and with `high`.

    pT1b is (0.5, 1.0] cm. Raises ValueError when nothing lies between the two.
    """

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"nothing is above {self.low} and at most {self.high}")


FactValue = bool | int | Decimal | str | Stretch


class FactKind(StrEnum):
    """What a fact can hold."""

    TRUTH = "truth"
    COUNT = "count"
    NUMBER = "number"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a patient.

    stated: facts the caller stated outright; they win over what a record says.
    recorded: facts that the patient's record states.
    setting: the stated setting (`MBC_1L`), empty when it is to be derived.
    history_complete: the sender vouches that its record is whole.
    """

    stated: Mapping[str, FactValue]
    setting: str = ""
    history_complete: bool = False
    recorded: Mapping[str, FactValue] = field(default_factory=dict)

    def known(self, name: str) -> FactValue | None:
        """The fact as stated, else as recorded, or None when it is not known."""
        stated = self.stated.get(name)
        return self.recorded.get(name) if stated is None else stated
