"""Which ISH of a specimen counts: numbers before conclusions, dual before single, usable first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.core.counts import as_unsatisfactory, counts_from
from service.core.evidence import Evidence
from service.core.findings import CodedIsh, IhcScore, IshConclusion
from service.core.guideline import Guideline
from service.core.ish import IshReading, read_count


@dataclass(frozen=True, slots=True)
class Ish:
    """The ISH that counts: one reading of numbers, or a coded conclusion, or nothing."""

    reading: IshReading | None = None
    recounts: tuple[IshReading, ...] = ()
    second_populations: tuple[IshReading, ...] = ()
    coded: IshConclusion | None = None
    unsatisfactory: tuple[str, ...] = ()
    amplification_suspected: bool = False


def ish_of(evidence: Evidence, guideline: Guideline) -> Ish:
    """Numbers before conclusions, dual-probe before single-probe, a usable count before none."""
    readings = [read_count(count, guideline) for count in counts_from(evidence.numbers)]
    readings = [r for r in readings if _says_something(r)]
    if not readings:
        return _from_conclusions(evidence.coded, guideline)
    numbers = _from_numbers(readings, guideline)
    said = {c.conclusion for c in evidence.coded}
    if numbers.reading and said & {_CONTRADICTS.get(numbers.reading.groups)}:
        return replace(numbers, unsatisfactory=("Q08",), amplification_suspected=True)
    return numbers


#: What the laboratory cannot have concluded from a count in this group.
_CONTRADICTS: dict[tuple[str, ...], IshConclusion] = {
    ("1",): IshConclusion.NOT_AMPLIFIED,
    ("5",): IshConclusion.AMPLIFIED,
}


def _says_something(reading: IshReading) -> bool:
    count = reading.count
    return bool(count.ratio or count.copies or count.cep17 or count.reasons)


def _from_numbers(readings: list[IshReading], guideline: Guideline) -> Ish:
    seconds = tuple(r for r in readings if r.count.second_population)
    plain = [r for r in readings if r not in seconds]
    recounts = tuple(r for r in plain if r.count.recount)
    firsts = [r for r in plain if not r.count.recount]
    if not firsts:  # the count that was repeated was not sent: the recount is what there is
        firsts, recounts = [*recounts[:1]] or [seconds[0]], recounts[1:]
    dual = [r for r in firsts if not r.single]
    chosen = _one_of(dual or firsts, guideline)
    return Ish(
        reading=chosen,
        recounts=recounts,
        second_populations=seconds,
        unsatisfactory=chosen.unsatisfactory,
        amplification_suspected=chosen.amplification_suspected
        or any(r.amplification_suspected for r in firsts),
    )


def _one_of(readings: Sequence[IshReading], guideline: Guideline) -> IshReading:
    """The newest usable count; usable counts that exclude each other are unsatisfactory (Q08)."""
    usable = [r for r in readings if not r.unsatisfactory]
    if not usable:
        return readings[-1]
    left = [set(r.groups) if not r.single else {_band(r, guideline)} for r in usable]
    if not set.intersection(*left):
        return read_count(as_unsatisfactory(usable[-1].count, "Q08"), guideline)
    return min(reversed(usable), key=lambda r: len(r.groups))


def _band(reading: IshReading, guideline: Guideline) -> str:
    """The family of single-probe rows that the copies fall in."""
    row = guideline["single_probe_ish"].meet(copies=reading.copies, ihc=IhcScore.TWO_PLUS)
    return row.rule


def _from_conclusions(coded: Sequence[CodedIsh], guideline: Guideline) -> Ish:
    done = [c for c in coded if c.conclusion is not IshConclusion.NOT_DONE]
    reasons = [r for c in done for r in (*c.reasons, *c.context.reasons)]
    unsat = [r for r in dict.fromkeys(reasons) if guideline.reasons[r].effect == "UNSAT"]
    said = {c.conclusion for c in done} - {IshConclusion.UNSATISFACTORY}
    suspected = IshConclusion.AMPLIFIED in said or any(c.amplification_suspected for c in done)
    if unsat:
        return Ish(unsatisfactory=tuple(unsat), amplification_suspected=suspected)
    if len(said) > 1:
        newest = [
            c
            for c in done
            if not any(
                c.context.when and o.context.when and c.context.when.before(o.context.when)
                for o in done
            )
        ]
        said = {c.conclusion for c in newest}
        if len(said) > 1:
            return Ish(unsatisfactory=("Q08",), amplification_suspected=suspected)
    return Ish(coded=said.pop()) if said else Ish()
