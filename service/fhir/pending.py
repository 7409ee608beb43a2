"""Results that are announced and not there yet, and cells counted that only a note tells."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

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
    Quantity,
)
from service.core.measure import exactly

if TYPE_CHECKING:
    from service.fhir.her2_observation import Part


def pending_placeholder(test: str, context: Context) -> Finding:
    """A registered result without a value: something is awaited."""
    if test == "ihc":
        return IhcFinding(IhcScore.NOT_DONE, context)
    if test == "ish":
        return CodedIsh(IshConclusion.NOT_DONE, context)
    if test == "conclusion":
        return Conclusion(LabConclusion.NOT_DONE, context)
    return IshNumber(Quantity(test), None, context)


def note_of_cells(
    part: Part, digits: str | None, context: Context, parts: Sequence[Part]
) -> list[Finding]:
    """The cells counted as a note of a ratio or of copies tells them, unless they are coded."""
    coded = any(p.test == "cells" for p in parts)
    if not digits or coded or part.test not in ("ratio", "copies", "ish"):
        return []
    return [IshNumber(Quantity.CELLS, exactly(Decimal(digits)), context)]
