"""The category of one specimen: its evidence, asked of the guideline's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.core.assessment import (
    NO_STEP,
    Binary,
    Category,
    Outcome,
    Remark,
    SpecimenAssessment,
)
from service.core.evidence import Evidence, evidence_for
from service.core.findings import (
    Conclusion,
    IhcScore,
    LabConclusion,
    Moment,
    Specimen,
    time_order,
)
from service.core.guideline import Guideline
from service.core.ish import IshReading
from service.core.ish_choice import Ish, ish_of
from service.core.recount import recount_state
from service.core.table import Row

#: What the score itself says about the reading of IHC, whatever row it meets.
_SCORE_FLAGS = {
    IhcScore.CODED_POSITIVE: ("IHC_SCORE_NOT_GIVEN",),
    IhcScore.CODED_NEGATIVE: ("IHC_SCORE_NOT_GIVEN",),
    IhcScore.INDETERMINATE: ("IHC_INDETERMINATE",),
    IhcScore.INCONSISTENT: ("IHC_INDETERMINATE", "IHC_DETAIL_CONFLICT"),
    IhcScore.INCONSISTENT_HIGH: ("IHC_INDETERMINATE", "IHC_DETAIL_CONFLICT"),
}


def classify(specimen: Specimen, guideline: Guideline) -> SpecimenAssessment:
    """Assess one specimen; the same evidence gives the same answer in whatever order it came."""
    evidence = evidence_for(specimen)
    ish = ish_of(evidence, guideline)
    outcome, heterogeneous = _settled(specimen, evidence, ish, guideline)
    outcome = _reserved(specimen, evidence, outcome, guideline)
    shown = heterogeneous or ish.reading
    flags = [
        *outcome.flags,
        *(_SCORE_FLAGS.get(evidence.ihc, ()) if not specimen.in_situ else ()),
        *evidence.flags,
        *(shown.flags if shown else ()),
        *(["HETEROGENEOUS"] if heterogeneous else []),
        *specimen.flags,
    ]
    if specimen.preanalytic_caution and outcome.binary is Binary.NEGATIVE:
        flags.append("PREANALYTIC_CAUTION")
    if specimen.suspicious_histology and outcome.category is Category.POSITIVE:
        flags.append("HISTOLOGY_DISCORDANT")
        if outcome.next_step == NO_STEP:
            outcome = replace(outcome, next_step="REPEAT_TEST")
    return SpecimenAssessment(
        specimen=specimen,
        outcome=replace(outcome, flags=tuple(dict.fromkeys(flags))),
        ihc=evidence.ihc,
        numbers=shown.shown if shown and not _misread(shown) else (),
        groups=shown.groups if shown and not ish.unsatisfactory else (),
        awaiting=evidence.awaiting,
        used=(*evidence.used, *specimen.unreadable),
        newest=_newest(specimen),
        remarks=(*evidence.remarks, *_remarks(evidence, ish, outcome, guideline)),
    )


def _settled(
    specimen: Specimen, evidence: Evidence, ish: Ish, guideline: Guideline
) -> tuple[Outcome, IshReading | None]:
    """What the final results say, and the second population if it is what decides."""
    scope = guideline["scope"].meet(scope="in-situ" if specimen.in_situ else "invasive")
    if specimen.in_situ:
        return _outcome([scope], guideline), None
    outcome = _by_tests(evidence, ish, guideline)
    for second in ish.second_populations:
        if second is ish.reading:
            continue
        if second.unsatisfactory:
            continue
        apart = Ish(reading=second)
        other = _by_tests(evidence, apart, guideline)
        if other.category is Category.POSITIVE:
            return other, second
    if ish.reading and ish.reading.count.second_population:
        decides = outcome.category is Category.POSITIVE
        return outcome, ish.reading if decides else None
    return outcome, None


def _by_tests(evidence: Evidence, ish: Ish, guideline: Guideline) -> Outcome:
    ihc = evidence.ihc.value
    if ish.unsatisfactory:
        suspected = "yes" if ish.amplification_suspected else "no"
        row = guideline["unsatisfactory_ish"].meet(ihc=ihc, amplification_suspected=suspected)
    elif ish.reading and ish.reading.single:
        row = guideline["single_probe_ish"].meet(copies=ish.reading.copies, ihc=ihc)
    elif ish.reading and len(ish.reading.groups) == 1:
        state = recount_state(ish.reading, ish.recounts, evidence.conclusions, guideline)
        group = ish.reading.groups[0]
        row = guideline["dual_probe_ish"].meet(group=group, ihc=ihc, recount=state)
    elif ish.reading:
        row = _incomplete(ish.reading, ihc, evidence, guideline)
    elif ish.coded:
        row = guideline["coded_ish"].meet(ish=ish.coded.value, ihc=ihc)
    elif evidence.ihc is IhcScore.NOT_DONE and (said := _conclusion(evidence.conclusions)):
        row = guideline["conclusion"].meet(conclusion=said.value)
    else:
        row = guideline["ihc"].meet(ihc=ihc)
    rows = [row]
    if row.then["category"] == "BY_IHC_LEVEL":
        rows.append(guideline["ihc_level"].meet(ihc=ihc))
    return _outcome(rows, guideline)


def _incomplete(reading: IshReading, ihc: str, evidence: Evidence, guideline: Guideline) -> Row:
    """Every group left open is asked; they agree, or the missing number decides."""
    table = guideline["dual_probe_ish"]
    state = recount_state(reading, (), evidence.conclusions, guideline)
    rows = [table.meet(group=group, ihc=ihc, recount=state) for group in reading.groups]
    categories = {row.then["category"] for row in rows}
    binaries = {row.then["binary"] for row in rows}
    agreed = binaries.pop().lower() if len(binaries) == 1 and len(categories) == 1 else "differ"
    group_5 = "yes" if "5" in reading.groups else "no"
    return guideline["dual_probe_incomplete"].meet(
        completions=agreed if agreed in ("positive", "negative") else "differ", group_5=group_5
    )


def _conclusion(conclusions: Sequence[Conclusion]) -> LabConclusion | None:
    """The laboratory's newest overall conclusion that says something."""
    done = [c.conclusion for c in conclusions if c.conclusion is not LabConclusion.NOT_DONE]
    return done[-1] if done else None


def _reserved(
    specimen: Specimen, evidence: Evidence, settled: Outcome, guideline: Guideline
) -> Outcome:
    """An unreadable result, or one still awaited, may keep the answer open."""
    in_situ = settled.category is Category.NOT_APPLICABLE_IN_SITU
    row = guideline["reservation"].meet(
        unreadable="yes" if specimen.unreadable else "no",
        awaiting="yes" if evidence.awaiting else "no",
        settled="IN_SITU" if in_situ else settled.binary.value,
    )
    if row.then["category"] == "AS_SETTLED":
        return settled
    open_ended = _outcome([row], guideline)
    if settled.category is Category.EQUIVOCAL_PENDING and not specimen.unreadable:
        return settled  # it waits already, and its own row says for what
    return open_ended


def _outcome(rows: Sequence[Row], guideline: Guideline) -> Outcome:
    """Read the deciding row; a negative takes its level from the row of its IHC."""
    deciding, level = rows[0].then, rows[-1].then
    by_level = deciding["category"] == "BY_IHC_LEVEL"
    flags = [w for row in rows for w in row.then["flags"].split(";") if w]
    return Outcome(
        category=Category(level["category"] if by_level else deciding["category"]),
        binary=Binary(deciding["binary"]),
        next_step=level["next_step"]
        if deciding["next_step"] == "BY_IHC_LEVEL"
        else deciding["next_step"] or NO_STEP,
        flags=tuple(dict.fromkeys(flags)),
        rows=tuple(rows),
        comment=guideline.comments.get(deciding["comment"], ""),
    )


def _misread(reading: IshReading) -> bool:
    """Numbers that are not plausible, or have a contradicting unit, are not repeated as results."""
    return bool({"Q03", "Q04"} & set(reading.unsatisfactory))


def _newest(specimen: Specimen) -> Moment | None:
    """When the newest evidence was taken (effective), else was there (issued)."""
    moments = [f.context.effective or f.context.issued for f in specimen.findings]
    known = [m for m in moments if m]
    return max(known, key=time_order) if known else None


def _remarks(
    evidence: Evidence, ish: Ish, outcome: Outcome, guideline: Guideline
) -> tuple[Remark, ...]:
    """Why ISH was not used, and where the laboratory's own conclusion says otherwise."""
    remarks = []
    where = evidence.numbers[0].context.source.where if evidence.numbers else ""
    if not where and evidence.coded:
        where = evidence.coded[0].context.source.where
    reasons = [*ish.unsatisfactory]
    if ish.reading:
        reasons += [r for r in ish.reading.count.reasons if r not in reasons]
        reasons += _straddling(ish.reading)
    for reason in reasons:
        said = guideline.reasons[reason]
        text = f"ISH, {reason}: {said.sentence}"
        remarks.append(Remark(text, where, "warning", "business-rule"))
    said_by_lab = _conclusion(evidence.conclusions)
    contradicts = {
        Binary.POSITIVE: {LabConclusion.NEGATIVE, LabConclusion.LOW, LabConclusion.ULTRALOW},
        Binary.NEGATIVE: {LabConclusion.POSITIVE},
    }
    if said_by_lab and said_by_lab in contradicts.get(outcome.binary, ()):
        text = "The laboratory's overall conclusion differs from what its IHC and ISH results give."
        source = evidence.conclusions[-1].context.source.where
        remarks.append(Remark(text, source, "warning", "conflict"))
    return tuple(remarks)


def _straddling(reading: IshReading) -> list[str]:
    """Q05: a number came with a comparator and could not be placed on one side."""
    numbers = ((reading.count.ratio, reading.ratio), (reading.count.copies, reading.copies))
    single = reading.single
    return (
        ["Q05"]
        if any(
            n and n.comparator and isinstance(asked, str)
            for i, (n, asked) in enumerate(numbers)
            if not (single and i == 0)
        )
        else []
    )
