"""From the numbers of one ISH count to the groups they leave open, or to why they are no use."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from service.core.findings import Context, Probe, Quantity
from service.core.guideline import Guideline
from service.core.measure import Interval, Measured, counted
from service.core.table import MISSING, Value

_ALL_GROUPS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class IshCount:
    """The numbers counted together on one specimen, as reported.

    contexts: of every number, the first's first. reasons: ids that the reading already gave.
    """

    contexts: tuple[Context, ...]
    ratio: Measured | None = None
    copies: Measured | None = None
    cep17: Measured | None = None
    cells: Measured | None = None
    reasons: tuple[str, ...] = ()

    @property
    def recount(self) -> bool:
        return any(c.recount for c in self.contexts)

    @property
    def blinded(self) -> bool:
        return any(c.blinded for c in self.contexts)

    @property
    def second_population(self) -> bool:
        return any(c.second_population for c in self.contexts)

    @property
    def probe(self) -> Probe:
        """The laboratory's word; else a ratio or CEP17 means dual, and copies alone mean dual."""
        stated = {c.probe for c in self.contexts} - {Probe.UNSTATED}
        return stated.pop() if len(stated) == 1 else Probe.DUAL


@dataclass(frozen=True, slots=True)
class IshReading:
    """What one count says.

    unsatisfactory: ids of the reasons; empty when the count can be used.
    ratio, copies: what the tables are asked with; the code `missing` when not usable.
    groups: dual-probe groups left open, in order; empty for single-probe and unsatisfactory.
    flags: informational words of section 9.
    shown: numbers for the report, computed ones included.
    """

    count: IshCount
    unsatisfactory: tuple[str, ...]
    ratio: Value
    copies: Value
    groups: tuple[str, ...]
    flags: tuple[str, ...]
    amplification_suspected: bool
    shown: tuple[tuple[Quantity, Measured], ...]

    @property
    def single(self) -> bool:
        return self.count.probe is Probe.SINGLE


def read_count(count: IshCount, guideline: Guideline) -> IshReading:
    """Judge the count's quality, fill in what can be computed, and find the open groups."""
    flags: list[str] = []
    numbers = (count.ratio, count.copies, count.cep17)
    if any(n and n.comparator for n in numbers):
        flags.append("COMPARATOR")
    unsatisfactory = [r for r in count.reasons if _effect(guideline, r) == "UNSAT"]
    unsatisfactory += _faults(count, guideline)
    ratio, copies = count.ratio, count.copies
    if "Q07" in count.reasons:
        ratio = None
    elif ratio is None and count.probe is not Probe.SINGLE:
        ratio = _computed_ratio(count, guideline)
        flags += ["RATIO_COMPUTED"] if ratio else []
    if copies is None and count.probe is not Probe.SINGLE and "Q07" not in count.reasons:
        copies = _computed_copies(count, guideline)
        flags += ["COPIES_COMPUTED"] if copies else []
    if count.cells is None:
        flags.append("CELLS_NOT_REPORTED")
    if near_threshold(ratio, copies, guideline):
        flags.append("NEAR_THRESHOLD")
    asked = _banded(ratio, "dual_probe_groups", "ratio", guideline)
    table = "single_probe_ish" if count.probe is Probe.SINGLE else "dual_probe_groups"
    asked_copies = _banded(copies, table, "copies", guideline)
    usable = not unsatisfactory
    return IshReading(
        count=count,
        unsatisfactory=tuple(dict.fromkeys(unsatisfactory)),
        ratio=asked,
        copies=asked_copies,
        groups=_groups(asked, asked_copies, guideline)
        if usable and count.probe is not Probe.SINGLE
        else (),
        flags=tuple(flags),
        amplification_suspected=_suspected(count, ratio, copies, guideline),
        shown=tuple(
            (q, n)
            for q, n in (
                (Quantity.RATIO, ratio),
                (Quantity.COPIES, copies),
                (Quantity.CEP17, count.cep17),
            )
            if n is not None
        ),
    )


def _effect(guideline: Guideline, reason: str) -> str:
    return guideline.reasons[reason].effect


def _faults(count: IshCount, guideline: Guideline) -> list[str]:
    """Q01 cells, Q02 disagreement, Q03 plausibility, judged on the numbers alone."""
    faults = []
    if count.cells and not guideline.within("Q01", count.cells.interval):
        faults.append("Q01")
    if _disagree(count):
        faults.append("Q02")
    for number, limit in (
        (count.ratio, "Q03-ratio"),
        (count.copies, "Q03-copies"),
        (count.cep17, "Q03-cep17"),
    ):
        if number and not number.interval.overlaps(guideline.limits[limit].bound):
            faults.append("Q03")
    return faults


def _disagree(count: IshCount) -> bool:
    """Q02: the values that round to the ratio miss every quotient of the rounded copies."""
    if not (count.ratio and count.copies and count.cep17):
        return False
    ratio, copies, cep17 = (n.rounding for n in (count.ratio, count.copies, count.cep17))
    if not (ratio and copies and cep17) or cep17.low is None or cep17.low <= 0:
        return False
    if copies.low is None or copies.high is None or cep17.high is None:
        return False
    quotients = Interval(copies.low / cep17.high, copies.high / cep17.low)
    return not ratio.overlaps(quotients)


def _computed_ratio(count: IshCount, guideline: Guideline) -> Measured | None:
    """HER2 copies over CEP17 copies, exact; None unless both are plain plausible numbers."""
    if not (count.copies and count.cep17):
        return None
    copies, cep17 = count.copies.exact, count.cep17.exact
    if copies is None or cep17 is None or cep17 <= 0:
        return None
    return counted(copies / cep17)


def _computed_copies(count: IshCount, guideline: Guideline) -> Measured | None:
    """Ratio times CEP17 copies, only if all that rounds to the two lies in one band."""
    if not (count.ratio and count.cep17 and count.ratio.rounding and count.cep17.rounding):
        return None
    r, c = count.ratio.rounding, count.cep17.rounding
    if None in (r.low, r.high, c.low, c.high):
        return None
    low, high = _product(r.low, c.low), _product(r.high, c.high)
    spread = Measured(Interval(low, high, high_open=True))
    if _banded(spread, "dual_probe_groups", "copies", guideline) == MISSING:
        return None
    if count.ratio.exact is None or count.cep17.exact is None:
        return None
    value = count.ratio.exact * count.cep17.exact
    return Measured(Interval(value, value), spread=spread.interval)


def _product(a: Fraction | None, b: Fraction | None) -> Fraction:
    return (a or Fraction(0)) * (b or Fraction(0))


def _banded(number: Measured | None, table: str, column: str, guideline: Guideline) -> Value:
    """The number if it lies whole in one band of the table's column, else `missing` (Q05)."""
    return number if number and guideline[table].banded(column, number) else MISSING


def _groups(ratio: Value, copies: Value, guideline: Guideline) -> tuple[str, ...]:
    """Every group that some completion of what is missing meets."""
    table = guideline["dual_probe_groups"]
    ratios = [ratio] if isinstance(ratio, Measured) else table.regions["ratio"]
    counts = [copies] if isinstance(copies, Measured) else table.regions["copies"]
    met = {table.meet(ratio=r, copies=c).then["group"] for r in ratios for c in counts}
    return tuple(g for g in _ALL_GROUPS if g in met)


def near_threshold(ratio: Measured | None, copies: Measured | None, guideline: Guideline) -> bool:
    """A plain number close to 2.0, 4.0 or 6.0 (informational)."""
    near = [(ratio, "NEAR-ratio"), (copies, "NEAR-copies-4"), (copies, "NEAR-copies-6")]
    return any(
        n is not None and not n.comparator and guideline.within(limit, n.interval)
        for n, limit in near
    )


def _suspected(
    count: IshCount, ratio: Measured | None, copies: Measured | None, guideline: Guideline
) -> bool:
    """The raw numbers, unsatisfactory or not, may be those of an amplified tumour."""
    raw = [(count.ratio or ratio, "AMP-ratio"), (count.copies or copies, "AMP-copies")]
    return any(n and n.interval.overlaps(guideline.limits[limit].bound) for n, limit in raw)
