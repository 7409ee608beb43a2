"""Patient facts, three-valued: true, false, or not known.

The seam of the therapy table: facts go in, options come out (`therapy.py`). A fact that no
resource states is not known, never false.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

FactValue = bool | int | Decimal | str


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
    setting: the stated setting (`MBC_1L`), empty when it is to be derived.
    history_complete: the sender vouches that its record is whole.
    """

    stated: Mapping[str, FactValue]
    setting: str = ""
    history_complete: bool = False

    def known(self, name: str) -> FactValue | None:
        """The fact, or None when it is not known."""
        return self.stated.get(name)
