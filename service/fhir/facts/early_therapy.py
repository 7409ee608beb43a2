"""(Neo)adjuvant therapy: what was given around surgery, whether it is over, relapse after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from service.core.early_course import course_is_over, last_day, reaches_past
from service.core.exposure import (
    ANTI_HER2,
    INFUSED_HER2,
    Exposure,
    Kind,
    Origin,
    When,
    months_between,
)
from service.fhir.facts.collected import Collected
from service.fhir.facts.disease import Spread
from service.fhir.facts.exposures import Therapy
from service.fhir.facts.record import PatientRecord
from service.fhir.facts.surgery import Surgery
from service.fhir.facts.therapy_history import listed, sources_of

#: An order written this shortly before surgery may be for afterwards.
_ORDER_AHEAD = 28


def neoadjuvant_fact(
    therapy: Therapy, spread: Spread, surgery: Surgery, collected: Collected
) -> None:
    """neoadjuvant_given: systemic therapy that began before the definitive surgery."""
    every = therapy.exposures
    if not surgery.done or not every:
        return
    if surgery.when is None:
        said = "it is not clear which surgery the therapy preceded"
        collected.leave_open("neoadjuvant_given", said, surgery.sources)
        return
    before = [e for e in every if e.start and _precedes(e, surgery.when)]
    sources = [*sources_of(before), *surgery.sources]
    if before:
        said = f"{listed(before)}; surgery on {surgery.when}"
        collected.state("neoadjuvant_given", True, said, sources)
        return
    open_dates = [e for e in every if not e.start or e.start.before(surgery.when) is not False]
    if open_dates:
        said = f"dates leave open whether it preceded surgery: {listed(open_dates)}"
        collected.leave_open("neoadjuvant_given", said, sources_of(open_dates))


def _precedes(exposure: Exposure, surgery: When) -> bool:
    assert exposure.start is not None
    if exposure.start.before(surgery) is not True:
        return False
    ahead = (surgery.earliest - exposure.start.latest).days
    return exposure.origin is not Origin.ORDER or ahead > _ORDER_AHEAD


def early_facts(
    therapy: Therapy, spread: Spread, surgery: Surgery, record: PatientRecord, collected: Collected
) -> None:
    """adj_her2_given, adj_her2_complete, postop_her2_started, months_since_trastuzumab_end,
    relapse_months, rec_within6_adj_chemo, n_her2_regimens."""
    early, open_dates = _early(therapy.exposures, spread)
    her2 = [e for e in early if e.kind in ANTI_HER2]
    open_her2 = [e for e in open_dates if e.kind in ANTI_HER2]
    if her2:
        collected.state("adj_her2_given", True, listed(her2), sources_of(her2))
    elif open_her2:
        said = f"not clear whether (neo)adjuvant: {listed(open_her2)}"
        collected.leave_open("adj_her2_given", said, sources_of(open_her2))
    _postoperative(her2, open_her2, surgery, collected)
    _completion(her2, open_her2, surgery, record, collected)
    _since_trastuzumab(her2, open_her2, record, collected)
    _relapse(early, open_dates, spread, collected)
    _regimens(her2, open_her2, surgery, spread, collected)


def _early(exposures: Sequence[Exposure], spread: Spread) -> tuple[list[Exposure], list[Exposure]]:
    """(begun before metastasis or with M0, those that may have been either)."""
    if spread.metastatic is False:
        return list(exposures), []
    if spread.metastatic is None or spread.when is None:
        return [], list(exposures)
    since = spread.when
    early = [e for e in exposures if e.start and e.start.before(since) is True]
    unsure = [e for e in exposures if not e.start or e.start.before(since) is None]
    return early, unsure


def _postoperative(
    her2: Sequence[Exposure],
    open_her2: Sequence[Exposure],
    surgery: Surgery,
    collected: Collected,
) -> None:
    given = [e for e in her2 if e.kind in INFUSED_HER2 and e.origin is not Origin.ORDER]
    if surgery.when:
        day = surgery.when
        after = [e for e in given if reaches_past(e, day)]
        if after:
            said = f"{listed(after)}; surgery on {day}"
            collected.state("postop_her2_started", True, said, sources_of(after))
            return
        given = [e for e in given if not (e.end and e.end.before(day) is True)]
    left = [*given, *(e for e in open_her2 if e.kind in INFUSED_HER2)]
    if surgery.done and left:
        said = f"dates leave open whether it followed surgery: {listed(left)}"
        collected.leave_open("postop_her2_started", said, sources_of(left))


def _completion(
    her2: Sequence[Exposure],
    open_her2: Sequence[Exposure],
    surgery: Surgery,
    record: PatientRecord,
    collected: Collected,
) -> None:
    """False too while any systemic course runs and no definitive surgery is recorded."""
    if open_her2 or any(not e.start for e in her2):
        return
    over = course_is_over(her2, surgery.when, record.as_of) if her2 or surgery.when else None
    sources = [*sources_of(her2), *surgery.sources]
    if over is None and not surgery.done and collected.value("on_active_line") is True:
        over, sources = False, collected.sources("on_active_line")
    if over is not None and (sources or her2):
        word = "over" if over else "not over"
        said = f"anti-HER2 course {word}: {listed(her2) or 'no dose after surgery recorded'}"
        collected.state("adj_her2_complete", over, said, sources)


def _since_trastuzumab(
    her2: Sequence[Exposure],
    open_her2: Sequence[Exposure],
    record: PatientRecord,
    collected: Collected,
) -> None:
    doubtful = [e for e in (*her2, *open_her2) if e.kind is Kind.TRASTUZUMAB_FAMILY]
    given = [e for e in her2 if e.drug == "trastuzumab"]
    if doubtful or any(e.drug == "trastuzumab" for e in open_her2):
        return
    last = last_day(given)
    if last and last <= record.as_of:
        months = months_between(last, record.as_of)
        said = f"last trastuzumab on {last}"
        collected.state("months_since_trastuzumab_end", months, said, sources_of(given))


def _relapse(
    early: Sequence[Exposure],
    open_dates: Sequence[Exposure],
    spread: Spread,
    collected: Collected,
) -> None:
    """Months from the last dose to metastasis; during therapy 0; chemotherapy within 6 months."""
    met = spread.when
    if not spread.metastatic or met is None:
        return
    for fact, kinds in (
        ("relapse_months", ANTI_HER2),
        ("rec_within6_adj_chemo", frozenset({Kind.CYTOTOXIC})),
    ):
        given = [e for e in early if e.kind in kinds]
        unsure = [e for e in open_dates if e.kind in kinds]
        months = _months_to(given, met) if given and not unsure else None
        sources = [*sources_of(given), *spread.sources]
        if months is None:
            if (given or unsure) and fact == "rec_within6_adj_chemo":
                said = f"dates leave it open: {listed([*given, *unsure])}"
                collected.leave_open(fact, said, [*sources, *sources_of(unsure)])
            continue
        said = f"{listed(given)}; metastatic {met}"
        value: bool | Decimal = months <= 6 if fact == "rec_within6_adj_chemo" else months
        collected.state(fact, value, said, sources)


def _months_to(given: Sequence[Exposure], met: When) -> Decimal | None:
    """0 when therapy still ran at metastasis; None when one of the two days is not exact."""
    if not met.exact:
        return None
    day = met.earliest
    if any(e.running or (e.end and e.end.earliest > day) for e in given):
        return Decimal(0)
    last: date | None = last_day(given)
    return months_between(last, day) if last else None


def _regimens(
    her2: Sequence[Exposure],
    open_her2: Sequence[Exposure],
    surgery: Surgery,
    spread: Spread,
    collected: Collected,
) -> None:
    """Lines for metastatic disease, one for (neo)adjuvant therapy, one for a conjugate after it."""
    lines = collected.value("n_mbc_her2_lines")
    count = lines if isinstance(lines, int) else 0
    if "n_mbc_her2_lines" in collected.open or open_her2:
        if her2 or open_her2 or "n_mbc_her2_lines" in collected.open:
            said = "not clear which therapy was for metastatic disease"
            collected.leave_open("n_her2_regimens", said, sources_of([*her2, *open_her2]))
        return
    after, unsure = _conjugate_after(her2, surgery)
    if unsure:
        said = "not clear whether the conjugate followed surgery"
        collected.leave_open("n_her2_regimens", said, sources_of(her2))
        return
    total = count + bool(her2) + after
    if total:
        said = f"{count} for metastatic disease, {total - count} (neo)adjuvant"
        sources = [*sources_of(her2), *collected.sources("n_mbc_her2_lines")]
        collected.state("n_her2_regimens", total, said, sources)


def _conjugate_after(her2: Sequence[Exposure], surgery: Surgery) -> tuple[bool, bool]:
    """(a conjugate followed surgery after other anti-HER2 therapy, that is not clear)."""
    conjugates = [e for e in her2 if e.kind is Kind.ADC]
    others = [e for e in her2 if e.kind is not Kind.ADC]
    if not conjugates or not others or not surgery.done:
        return False, False
    day = surgery.when
    if day is None:
        return False, True
    after = any(e.start and day.before(e.start) is True for e in conjugates)
    before = any(e.start and e.start.before(day) is True for e in others)
    return after and before, False
