"""Which findings of a specimen count: what is final, what waits, which IHC score stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from service.core.assessment import Remark
from service.core.findings import (
    CodedIsh,
    Conclusion,
    Finding,
    IhcFinding,
    IhcScore,
    IshNumber,
    Source,
    Specimen,
    Standing,
)

_HIGH = {IhcScore.TWO_PLUS, IhcScore.THREE_PLUS, IhcScore.CODED_POSITIVE}
_LEVELS_OF_NEGATIVE = {
    IhcScore.CODED_NEGATIVE,
    IhcScore.ZERO,
    IhcScore.ZERO_ABSENT,
    IhcScore.ZERO_FAINT,
    IhcScore.ONE_PLUS,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one specimen's tests say, after status and repeats are settled.

    ihc: the score that counts. flags: words that reading raised. numbers, coded, conclusions:
    final findings. awaiting: a pending result that no final one has replaced.
    """

    ihc: IhcScore
    flags: tuple[str, ...]
    numbers: tuple[IshNumber, ...]
    coded: tuple[CodedIsh, ...]
    conclusions: tuple[Conclusion, ...]
    awaiting: bool
    used: tuple[Source, ...]
    remarks: tuple[Remark, ...]


def evidence_for(specimen: Specimen) -> Evidence:
    """Settle the specimen's findings; the order in which they came plays no part."""
    findings = sorted(specimen.findings, key=order)
    final = [f for f in findings if f.context.standing is not Standing.PENDING]
    tests = [f for f in final if not isinstance(f, Conclusion)]
    awaited = [
        f
        for f in findings
        if f.context.standing is Standing.PENDING
        and not _replaced(f, final)
        and not (isinstance(f, Conclusion) and tests)
    ]
    ihc = [f for f in final if isinstance(f, IhcFinding)]
    score, remarks = settled_score(ihc)
    return Evidence(
        ihc=score,
        flags=tuple(dict.fromkeys(word for f in ihc for word in f.flags)),
        numbers=tuple(f for f in final if isinstance(f, IshNumber)),
        coded=tuple(f for f in final if isinstance(f, CodedIsh)),
        conclusions=tuple(f for f in final if isinstance(f, Conclusion)),
        awaiting=bool(awaited),
        used=tuple(dict.fromkeys(f.context.source for f in [*final, *awaited])),
        remarks=remarks,
    )


def order(finding: Finding) -> tuple[str, str, str, str]:
    """A total order that does not depend on how the findings came: time, then source."""
    context = finding.context
    when = context.when
    moment = f"{when.day.isoformat()} {when.instant or ''}" if when else ""
    return (moment, context.source.reference, context.source.where, _kind(finding))


def _kind(finding: Finding) -> str:
    """Findings of one resource are told apart by what they measure."""
    return finding.quantity if isinstance(finding, IshNumber) else type(finding).__name__


def _replaced(pending: Finding, final: Sequence[Finding]) -> bool:
    """A final result of the same test that is not older stands in its place."""
    return any(_same_test(pending, f) and not _older(f, pending) for f in final)


def _same_test(a: Finding, b: Finding) -> bool:
    if isinstance(a, IshNumber) and isinstance(b, IshNumber):
        return a.quantity is b.quantity
    return type(a) is type(b)


def _older(a: Finding, b: Finding) -> bool:
    first, second = a.context.when, b.context.when
    return first is not None and second is not None and first.before(second)


def settled_score(findings: Sequence[IhcFinding]) -> tuple[IhcScore, tuple[Remark, ...]]:
    """One score of several: the more precise of those that agree, else the newest.

    Scores that disagree and cannot be put in time contradict each other, and count as such.
    """
    done = [f for f in findings if f.score is not IhcScore.NOT_DONE]
    if not done:
        return IhcScore.NOT_DONE, ()
    agreed = _most_precise({f.score for f in done})
    if agreed:
        return agreed, ()
    newest = [f for f in done if not any(_older(f, other) for other in done)]
    if any(f.context.standing is Standing.AMENDED for f in newest):
        newest = [f for f in newest if f.context.standing is Standing.AMENDED]
    where = newest[0].context.source.where
    score = _most_precise({f.score for f in newest})
    if score:
        text = "Several IHC results of one specimen disagree: the newest was used."
        return score, (Remark(text, where, "warning", "conflict"),)
    text = "IHC results of one specimen contradict each other and cannot be put in time."
    high = any(f.score in _HIGH for f in newest)
    contradiction = IhcScore.INCONSISTENT_HIGH if high else IhcScore.INCONSISTENT
    return contradiction, (Remark(text, where, "warning", "conflict"),)


def _most_precise(scores: Collection[IhcScore]) -> IhcScore | None:
    """The score that says all that the others say, or None when they disagree."""
    left = set(scores)
    if len(left) == 1:
        return left.pop()
    if left == {IhcScore.CODED_POSITIVE, IhcScore.THREE_PLUS}:
        return IhcScore.THREE_PLUS
    if not left <= _LEVELS_OF_NEGATIVE:
        return None
    left.discard(IhcScore.CODED_NEGATIVE)
    if len(left) > 1:
        left.discard(IhcScore.ZERO)
        if IhcScore.ONE_PLUS in scores and IhcScore.ZERO in scores:
            return None
    return left.pop() if len(left) == 1 else None
