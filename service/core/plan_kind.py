"""What a CarePlan suggests, as interfaces.md orders them."""

from __future__ import annotations

from enum import StrEnum


class PlanKind(StrEnum):
    """The first that fits, in this order."""

    TESTING_ONLY = "TESTING_ONLY"
    REVIEW_FIRST = "REVIEW_FIRST"
    NO_HER2_THERAPY = "NO_HER2_THERAPY"
    CLARIFY = "CLARIFY"
    THERAPY = "THERAPY"
