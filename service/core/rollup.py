"""Specimens to tumours to patient (her2-classification section 6).

Positive if at least one valid invasive sample is positive; else what is still open; else the
highest level of negative ever seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.core.assessment import (
    NO_STEP,
    Binary,
    Category,
    Outcome,
    PatientAssessment,
    SpecimenAssessment,
    TumourAssessment,
)
from service.core.findings import time_order
from service.core.guideline import Guideline

#: What decides when several samples differ, first to last.
_PRECEDENCE = (
    Category.POSITIVE,
    Category.EQUIVOCAL_PENDING,
    Category.INDETERMINATE,
    Category.LOW,
    Category.ULTRALOW,
    Category.ZERO_UNSPECIFIED,
    Category.NEG_IHC_UNKNOWN,
    Category.NULL,
    Category.NOT_TESTED,
    Category.NOT_APPLICABLE_IN_SITU,
)

#: Flags that put every HER2-directed drug on hold until a person has looked (B22).
HOLDING_FLAGS = (
    "DISCORDANT_IHC3_ISHNEG",
    "DISCORDANT_IHCNEG_ISHPOS",
    "HISTOLOGY_DISCORDANT",
    "HER2_LOST_IN_LATEST_METASTASIS",
)

_OPEN = (Category.EQUIVOCAL_PENDING, Category.INDETERMINATE)


def roll_up(
    specimens: Sequence[SpecimenAssessment],
    guideline: Guideline,
    patient_flags: Sequence[str] = (),
) -> PatientAssessment:
    """The patient's category; `patient_flags` are raised by other facts (ER_LOW...)."""
    groups: dict[str, list[SpecimenAssessment]] = {}
    for specimen in _newest_first(specimens):
        groups.setdefault(specimen.specimen.tumour, []).append(specimen)
    tumours = tuple(
        TumourAssessment(key, tuple(group), _tumour(group)) for key, group in sorted(groups.items())
    )
    if not tumours:
        row = guideline["ihc"].meet(ihc="none")
        outcome = Outcome(Category.NOT_TESTED, Binary.NONE, row.then["next_step"], (), (row,))
    else:
        outcome = _patient(tumours)
    flags = tuple(dict.fromkeys([*outcome.flags, *patient_flags]))
    return PatientAssessment(tumours, replace(outcome, flags=flags))


def _newest_first(specimens: Sequence[SpecimenAssessment]) -> list[SpecimenAssessment]:
    """Newest sample first; samples of one day by key, so that entry order plays no part."""
    by_key = sorted(specimens, key=lambda s: s.specimen.key)
    return sorted(by_key, key=_sampled, reverse=True)


def _sampled(assessed: SpecimenAssessment) -> tuple[str, str]:
    return time_order(assessed.specimen.collected or assessed.newest)


def _tumour(specimens: Sequence[SpecimenAssessment]) -> Outcome:
    """The roll-up of one primary's samples, the newest first."""
    deciding = _deciding(specimens)
    outcome = _joined(deciding)
    flags = [*outcome.flags]
    next_step = outcome.next_step
    invasive = [s for s in specimens if not s.specimen.in_situ]
    definite = [s for s in invasive if s.category.definite]
    if outcome.category is Category.POSITIVE:
        if any(s.category is not Category.POSITIVE for s in definite):
            flags.append("PATIENT_DISCORDANT")
        if _converted(definite):
            flags.append("POST_NEOADJ_CONVERSION")
        if lost_in_latest_metastasis(invasive):
            flags.append("HER2_LOST_IN_LATEST_METASTASIS")
            next_step = "PATHOLOGY_REVIEW"
    elif outcome.category.definite and definite[0].category is not outcome.category:
        flags.append("PATIENT_DISCORDANT")
    if any(s.specimen.unreadable for s in invasive):
        flags.append("UNREADABLE_EVIDENCE")
    return replace(
        outcome,
        flags=tuple(dict.fromkeys([*flags, *_elsewhere(outcome.category, invasive)])),
        next_step=next_step,
    )


def _deciding(specimens: Sequence[SpecimenAssessment]) -> list[SpecimenAssessment]:
    """The samples that carry the highest category, the newest first."""
    best = min((s.category for s in specimens), key=_PRECEDENCE.index)
    return [s for s in specimens if s.category is best]


def _joined(deciding: Sequence[SpecimenAssessment]) -> Outcome:
    """One outcome of the samples that decide: the newest's, with every rule and flag of all."""
    first = deciding[0].outcome
    rows = tuple(dict.fromkeys(s.outcome.rows[0] for s in deciding if s.outcome.rows))
    flags = tuple(dict.fromkeys(f for s in deciding for f in s.outcome.flags))
    step = next((s.outcome.next_step for s in deciding if s.outcome.next_step != NO_STEP), NO_STEP)
    return replace(first, rows=rows, flags=flags, next_step=step)


def _converted(definite: Sequence[SpecimenAssessment]) -> bool:
    """A residual tumour after neoadjuvant therapy re-tests not positive."""
    return any(
        s.specimen.post_neoadjuvant and s.category is not Category.POSITIVE for s in definite
    )


def latest_metastasis(specimens: Sequence[SpecimenAssessment]) -> SpecimenAssessment | None:
    """The newest definite sample of a metastasis or recurrence; specimens, the newest first."""
    later = (
        s
        for s in specimens
        if s.specimen.metastasis
        and not s.specimen.in_situ
        and not s.specimen.post_neoadjuvant
        and s.category.definite
    )
    return next(later, None)


def lost_in_latest_metastasis(specimens: Sequence[SpecimenAssessment]) -> bool:
    """The newest definite sample of a metastasis or recurrence is not positive."""
    latest = latest_metastasis(specimens)
    return latest is not None and latest.category is not Category.POSITIVE


def _elsewhere(category: Category, specimens: Sequence[SpecimenAssessment]) -> list[str]:
    """Another sample is definite while this answer is open, or open while this is definite."""
    other = [s.category for s in specimens if s.category is not category]
    if category in _OPEN:
        return ["PENDING_ELSEWHERE"] if any(c.definite for c in other) else []
    if category.definite:
        return ["PENDING_ELSEWHERE"] if any(c in _OPEN for c in other) else []
    return []


def _patient(tumours: Sequence[TumourAssessment]) -> Outcome:
    """Therapy is systemic: it follows the highest tumour; samples are not mixed across tumours."""
    best = min((t.outcome.category for t in tumours), key=_PRECEDENCE.index)
    deciding = [t.outcome for t in tumours if t.outcome.category is best]
    rows = tuple(dict.fromkeys(row for o in deciding for row in o.rows))
    flags = [f for o in deciding for f in o.flags]
    flags += [f for t in tumours for f in t.outcome.flags if f == "UNREADABLE_EVIDENCE"]
    flags += _elsewhere(best, [s for t in tumours for s in t.specimens if not s.specimen.in_situ])
    step = next((o.next_step for o in deciding if o.next_step != NO_STEP), NO_STEP)
    return replace(deciding[0], rows=rows, flags=tuple(dict.fromkeys(flags)), next_step=step)


def held(assessment: PatientAssessment) -> tuple[str, ...]:
    """The flags that put drugs on hold, in the order of HOLDING_FLAGS."""
    return tuple(f for f in HOLDING_FLAGS if f in assessment.outcome.flags)
