"""Was the ISH count repeated or adjudicated, as groups 2 to 4 with IHC 2+ ask?

Source: W18 Figs 4-6; what makes a recount valid is settled in the project's specification 8b.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.core.findings import Conclusion, Context, LabConclusion
from service.core.guideline import Guideline
from service.core.ish import IshReading

_ADJUDICATED = {
    LabConclusion.POSITIVE: "adjudicated-positive",
    LabConclusion.NEGATIVE: "adjudicated-negative",
    LabConclusion.LOW: "adjudicated-negative",
    LabConclusion.ULTRALOW: "adjudicated-negative",
}


def recount_state(
    first: IshReading,
    recounts: Sequence[IshReading],
    conclusions: Sequence[Conclusion],
    guideline: Guideline,
) -> str:
    """A code of the `recount` input of dual_probe_ish.csv."""
    valid = [r for r in recounts if is_valid(first, r, guideline)]
    if valid and valid[-1].groups == first.groups:
        return "same-group"
    contexts = [c for reading in (first, *recounts) for c in reading.count.contexts]
    adjudicated = _adjudication(contexts, conclusions)
    if adjudicated:
        return adjudicated
    if valid:
        return "other-group"
    return "invalid" if recounts else "not-done"


def is_valid(first: IshReading, recount: IshReading, guideline: Guideline) -> bool:
    """Another performer's, later, said to be blinded, of 20 or more cells, and itself usable."""
    cells = recount.count.cells
    return (
        recount.count.blinded
        and cells is not None
        and guideline.within("RECOUNT-cells", cells.interval)
        and _another_performer(first.count.contexts, recount.count.contexts)
        and _later(first.count.contexts, recount.count.contexts)
        and not recount.unsatisfactory
        and len(recount.groups) == 1
    )


def _another_performer(first: Sequence[Context], second: Sequence[Context]) -> bool:
    one = {c.performer for c in first if c.performer}
    other = {c.performer for c in second if c.performer}
    return bool(one) and bool(other) and not one & other


def _later(first: Sequence[Context], second: Sequence[Context]) -> bool:
    """The recount's results were effective, or issued, after the first count's."""
    return any(
        a and b and a.before(b)
        for x in first
        for y in second
        for a, b in ((x.effective, y.effective), (x.issued, y.issued), (x.when, y.when))
    )


def _adjudication(numbers: Sequence[Context], conclusions: Sequence[Conclusion]) -> str | None:
    """The newest signed-out conclusion that is not older than any ISH number."""
    for conclusion in reversed(conclusions):
        signed = conclusion.context.when
        counted = [c.when for c in numbers]
        if signed and all(when and not signed.before(when) for when in counted):
            return _ADJUDICATED.get(conclusion.conclusion)
    return None
