"""Definitive breast surgery: a completed mastectomy, lumpectomy or excision, not a biopsy.

No procedure code is verified (codes.md), so the words of the Procedure decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.core.exposure import When, months_between
from service.core.findings import Source
from service.fhir.conditions import all_texts, side_of
from service.fhir.entries import Located
from service.fhir.facts.collected import Collected
from service.fhir.facts.dates import first_of, period_of
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of

_WHOLE = re.compile(
    r"\bmastectomy\b|\blumpectomy\b|\bquadrantectomy\b|\btylectomy\b|\btumou?rectomy\b"
    r"|\bbreast[ -]conserving (?:surgery|operation|excision)\b|\bmastektomie\b|\blumpektomie\b"
    r"|\bbrusterhaltende operation\b|\bablatio mammae\b"
)
_EXCISION = re.compile(
    r"\b(?:excision|resection|segmentectomy)\b.*\bbreast\b|\bbreast\b.*\b(?:excision|resection)\b"
)
_NOT_BREAST = re.compile(r"\bbiops\w*|\bsentinel\b|\baxill\w*|\blymph\w*|\bnodes?\b|\bscar\b")
_NOT_TREATMENT = re.compile(
    r"\bprophyla\w*|\brisk[ -]reduc\w*|\breconstruct\w*|\breduction mamm\w*|\bhistory of\b"
    r"|\bgynaecomastia\b|\bgynecomastia\b|\bbenign\b|\bfibroadenoma\b|\bplanned\b|\bno\b|\bnot\b"
    r"|\bcosmetic\b"
)
#: Operations within a year are one treatment; further apart nobody says which is meant.
_ONE_EPISODE = 365


@dataclass(frozen=True, slots=True)
class Surgery:
    """done: at least one. when: of the first, None when undated or when it is not clear which."""

    done: bool
    when: When | None
    sources: tuple[Source, ...]


def read_surgery(record: PatientRecord) -> Surgery:
    """Operations on the assessed side, on or before the assessment day."""
    found: list[tuple[When | None, Source]] = []
    sides = {d.side for d in record.diagnoses if d.kind == "invasive"}
    for located in record.of_type("Procedure"):
        if located.host or located.resource.get("status") != "completed":
            continue
        text = all_texts(located.resource.get("code"))
        if _is_definitive(text) and not _other_side(located, text, sides, record):
            found.append((_when(located), source_of(located)))
    return Surgery(bool(found), _first([w for w, _ in found]), tuple(s for _, s in found))


def _is_definitive(text: str) -> bool:
    if _NOT_TREATMENT.search(text) or re.search(r"\bbiops\w*", text):
        return False
    return bool(_WHOLE.search(text)) or bool(
        _EXCISION.search(text) and not _NOT_BREAST.search(text)
    )


def _other_side(located: Located, text: str, sides: set[str], record: PatientRecord) -> bool:
    side = side_of(located.resource.get("bodySite"), text, record.coder)
    return bool(side) and len(sides) == 1 and "" not in sides and side not in sides


def _when(located: Located) -> When | None:
    start, end = period_of(located.resource, "performedPeriod", "occurrencePeriod")
    return first_of(located.resource, "performedDateTime", "occurrenceDateTime") or end or start


def _first(days: list[When | None]) -> When | None:
    known = sorted((w for w in days if w), key=lambda w: (w.earliest, w.latest))
    if not known or len(known) < len(days):
        return None
    apart = (known[-1].latest - known[0].earliest).days
    return known[0] if len(known) == 1 or apart <= _ONE_EPISODE else None


def surgery_facts(surgery: Surgery, record: PatientRecord, collected: Collected) -> None:
    """surgery_done, months_since_surgery (calendar months, two decimals)."""
    if not surgery.done:
        return
    when = surgery.when
    said = f"definitive breast surgery on {when}" if when else "definitive breast surgery"
    collected.state("surgery_done", True, said, surgery.sources)
    if when and when.exact:
        months = months_between(when.earliest, record.as_of)
        collected.state("months_since_surgery", months, said, surgery.sources)
