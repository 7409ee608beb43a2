"""What is removed for good, in plain values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from service.core.audit import Audit


@dataclass(frozen=True, slots=True)
class Removal:
    """A patient's complete removal.

    patient: his key; versions of what is in another record now that were in his go too. keys: his
    and those by which he was known before. besides: `Type/id` of what is in nobody's record.
    """

    patient: str
    keys: Collection[str]
    told: Audit
    besides: Collection[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Removed:
    """How many resources, and how many versions of these and of others."""

    resources: int = 0
    versions: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(self.resources + other.resources, self.versions + other.versions)
