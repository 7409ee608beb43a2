"""Which ISH numbers were counted together: one count, several counts, recounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.core.findings import IshNumber, Moment, Probe, Quantity, Standing
from service.core.ish import IshCount
from service.core.measure import Measured


def counts_from(numbers: Sequence[IshNumber]) -> tuple[IshCount, ...]:
    """The counts of one specimen, the earliest first; superseded ones are left out.

    Numbers belong together when one panel holds them, or one performer gave them at one time;
    a number that a count lacks joins it.
    """
    groups = [part for group in _together(numbers) for part in _without_repeats(group)]
    groups.sort(key=_time_key)
    counts: list[list[IshNumber]] = []
    for group in groups:
        home = next((c for c in counts if _fits(c, group)), None)
        if home is None:
            counts.append(list(group))
        else:
            home.extend(group)
    return tuple(_count(c) for c in _unsuperseded(counts))


def _together(numbers: Sequence[IshNumber]) -> list[list[IshNumber]]:
    groups: dict[tuple[str, ...], list[IshNumber]] = {}
    for number in numbers:
        context = number.context
        key = (
            ("panel", context.panel)
            if context.panel
            else (context.probe, context.performer, _said(context.effective or context.issued))
        )
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def _said(moment: Moment | None) -> str:
    return f"{moment.day} {moment.instant or ''}" if moment else ""


def _without_repeats(group: list[IshNumber]) -> list[list[IshNumber]]:
    """Split a recount or a second population from the first count of the same observer and day."""
    if not _repeats(group):
        return [group]
    parts: dict[tuple[bool, bool], list[IshNumber]] = {}
    for number in group:
        marked = (number.context.recount, number.context.second_population)
        parts.setdefault(marked, []).append(number)
    return list(parts.values())


def _repeats(group: Sequence[IshNumber]) -> bool:
    quantities = [n.quantity for n in group]
    return len(quantities) != len(set(quantities))


def _time_key(group: Sequence[IshNumber]) -> tuple[str, str]:
    return (
        min(_said(n.context.when) for n in group),
        min(n.context.source.reference for n in group),
    )


def _fits(count: Sequence[IshNumber], group: Sequence[IshNumber]) -> bool:
    """The group fills in what the count lacks, and nothing says it is another count."""
    if {n.quantity for n in count} & {n.quantity for n in group}:
        return False
    probes = {n.context.probe for n in (*count, *group)} - {Probe.UNSTATED}
    return len(probes) < 2 and all(
        any(getattr(n.context, mark) for n in count) == any(getattr(n.context, mark) for n in group)
        for mark in ("recount", "second_population")
    )


def _unsuperseded(counts: list[list[IshNumber]]) -> list[list[IshNumber]]:
    """An amended count replaces the plain ones of the same kind that are not later."""

    def replaced(count: list[IshNumber]) -> bool:
        if _amended(count):
            return False
        return any(
            _amended(other)
            and _kind(other) == _kind(count)
            and _time_key(other) >= _time_key(count)
            for other in counts
        )

    return [count for count in counts if not replaced(count)]


def _amended(count: Sequence[IshNumber]) -> bool:
    return any(n.context.standing is Standing.AMENDED for n in count)


def _kind(count: Sequence[IshNumber]) -> tuple[bool, bool, bool]:
    return (
        any(n.context.recount for n in count),
        any(n.context.second_population for n in count),
        any(n.context.probe is Probe.SINGLE for n in count),
    )


def _count(numbers: Sequence[IshNumber]) -> IshCount:
    """One value a quantity; values that differ within one count contradict each other (Q08)."""
    reasons = [reason for n in numbers for reason in (*n.reasons, *n.context.reasons)]
    chosen: dict[Quantity, IshNumber] = {}
    for number in numbers:
        known = chosen.setdefault(number.quantity, number)
        if not _same(known.value, number.value):
            amended = [n for n in (known, number) if n.context.standing is Standing.AMENDED]
            if len(amended) == 1:
                chosen[number.quantity] = amended[0]
            else:
                reasons.append("Q08")
    value = {quantity: n.value for quantity, n in chosen.items()}
    return IshCount(
        contexts=tuple(n.context for n in numbers),
        ratio=value.get(Quantity.RATIO),
        copies=value.get(Quantity.COPIES),
        cep17=value.get(Quantity.CEP17),
        cells=value.get(Quantity.CELLS),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _same(a: Measured | None, b: Measured | None) -> bool:
    """2.0 and 2.00 are one value."""
    return a == b or (a is not None and b is not None and a.interval == b.interval)


def as_unsatisfactory(count: IshCount, reason: str) -> IshCount:
    """The count with one more reason against it."""
    return replace(count, reasons=(*count.reasons, reason))
