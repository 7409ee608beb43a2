"""Something that a plan asks for, or forbids, before either FHIR version has its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Concept = dict[str, Any]
Reference = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Activity:
    """A test, a missing fact, a drug to be given, or a regimen that is not to be given.

    kind: ServiceRequest or MedicationRequest; empty for a regimen that is not to be given.
    code: what; of a drug the product. dosage: of a drug, as prescribers write it.
    reasons: references; coded: reasons that are codes. waiting: why a drug is on hold.
    """

    kind: str
    code: Concept
    reasons: Sequence[Reference]
    coded: Sequence[Concept] = ()
    dosage: str = ""
    waiting: Concept | None = None
    forbidden: bool = False

    @property
    def text(self) -> str:
        """What, in words."""
        return str(self.code["text"])

    @property
    def is_drug(self) -> bool:
        """Whether it gives a drug."""
        return self.kind == "MedicationRequest"
