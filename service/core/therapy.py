"""Assessment and facts in; plan kind, options and what is missing out.

The regimen table is read and checked (`regimen.py`, `condition.py`), and not asked yet: a category
that could be treated gets the kind `clarify`, with no options and the facts that a setting depends
on. The seam is this module's one function.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.core.assessment import Category, PatientAssessment
from service.core.facts import Facts
from service.core.rollup import held


class PlanKind(StrEnum):
    """What a CarePlan suggests, as interfaces.md orders them."""

    TESTING_ONLY = "TESTING_ONLY"
    REVIEW_FIRST = "REVIEW_FIRST"
    NO_HER2_THERAPY = "NO_HER2_THERAPY"
    CLARIFY = "CLARIFY"
    THERAPY = "THERAPY"


#: The facts that the setting rests on first: until they are known no regimen can be suggested.
SETTING_FACTS = ("metastatic", "surgery_done", "prior_systemic")

_TESTING = {Category.EQUIVOCAL_PENDING, Category.INDETERMINATE, Category.NOT_TESTED}
_RULED_OUT = {
    Category.NULL,
    Category.ZERO_UNSPECIFIED,
    Category.NEG_IHC_UNKNOWN,
    Category.NOT_APPLICABLE_IN_SITU,
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the plan holds. missing: names of facts to ask for. holds: flags that stop drugs."""

    kind: PlanKind
    missing: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


def suggest(assessment: PatientAssessment, facts: Facts) -> Suggestion:
    """The kind of plan, first that fits."""
    category = assessment.outcome.category
    holds = held(assessment)
    if category in _TESTING:
        return Suggestion(PlanKind.TESTING_ONLY)
    if holds or "UNREADABLE_EVIDENCE" in assessment.outcome.flags:
        return Suggestion(PlanKind.REVIEW_FIRST, holds=holds)
    if category in _RULED_OUT:
        return Suggestion(PlanKind.NO_HER2_THERAPY)
    missing = tuple(name for name in SETTING_FACTS if facts.known(name) is None)
    return Suggestion(PlanKind.CLARIFY, missing=() if facts.setting else missing)
