"""What a laboratory said, as core values: short ways to write findings in tests."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from service.core.classify import classify
from service.core.findings import (
    CodedIsh,
    Conclusion,
    Context,
    Finding,
    IhcFinding,
    IhcScore,
    IshConclusion,
    IshNumber,
    LabConclusion,
    Moment,
    Probe,
    Quantity,
    Source,
    Specimen,
)
from service.core.ish import IshCount, IshReading, read_count
from service.core.measure import Measured, compared, exactly
from tests.support.cases import library

(GUIDELINE,) = library().guidelines
FIRST_DAY = date(2026, 5, 1)


def day(number: int) -> Moment:
    """The n-th day of the work-up."""
    return Moment(FIRST_DAY + timedelta(number - 1))


def context(on: int | None = 1, name: str = "o", **more: Any) -> Context:
    """An Observation of a day; None: of unknown time."""
    when = day(on) if on else None
    return Context(Source(f"Observation/{name}", f"Bundle.{name}"), effective=when, **more)


def number(text: str) -> Measured:
    """`2.0`, or with a comparator `>=2.0`."""
    digits = text.lstrip("<>=")
    sign = text[: len(text) - len(digits)]
    return compared(sign, Decimal(digits)) if sign else exactly(Decimal(digits))


def ihc(score: IhcScore | str, on: int | None = 1, **more: Any) -> IhcFinding:
    """An IHC result of a day."""
    return IhcFinding(IhcScore(score), context(on, f"ihc-{score}-{on}", **more))


def ish(
    ratio: str = "",
    copies: str = "",
    cep17: str = "",
    cells: str = "",
    on: int | None = 1,
    **more: Any,
) -> tuple[IshNumber, ...]:
    """The numbers of one count."""
    said = {
        Quantity.RATIO: ratio,
        Quantity.COPIES: copies,
        Quantity.CEP17: cep17,
        Quantity.CELLS: cells,
    }
    return tuple(
        IshNumber(name, number(text), context(on, f"{name}-{on}-{text}", **more))
        for name, text in said.items()
        if text
    )


def coded(conclusion: IshConclusion | str, on: int | None = 1, **more: Any) -> CodedIsh:
    """An ISH result without numbers."""
    return CodedIsh(IshConclusion(conclusion), context(on, f"coded-{conclusion}", **more))


def concluded(conclusion: LabConclusion | str, on: int | None = 1, **more: Any) -> Conclusion:
    """An overall interpretation."""
    return Conclusion(LabConclusion(conclusion), context(on, f"said-{conclusion}", **more))


def specimen(*findings: Finding | tuple[Finding, ...], key: str = "core", **more: Any) -> Specimen:
    """A specimen with these findings; the numbers of a count may stand together."""
    flat: list[Finding] = []
    for found in findings:
        flat += found if isinstance(found, tuple) else [found]
    return Specimen(key, tuple(flat), **more)


def assessed(*findings: Finding | tuple[Finding, ...], **more: Any) -> Any:
    """The assessment of a specimen with these findings."""
    return classify(specimen(*findings, **more), GUIDELINE)


def said(*findings: Finding | tuple[Finding, ...], **more: Any) -> tuple[str, str, str]:
    """(category, rule, next step) of a specimen with these findings."""
    outcome = assessed(*findings, **more).outcome
    return (outcome.category, outcome.rule, outcome.next_step)


def reading(
    ratio: str = "",
    copies: str = "",
    cep17: str = "",
    cells: str = "",
    reasons: tuple[str, ...] = (),
    probe: Probe = Probe.UNSTATED,
    **more: Any,
) -> IshReading:
    """What one count of these numbers says."""

    def value(text: str) -> Measured | None:
        return number(text) if text else None

    numbers = (value(ratio), value(copies), value(cep17), value(cells))
    count = IshCount((context(probe=probe, **more),), *numbers, reasons)
    return read_count(count, GUIDELINE)
