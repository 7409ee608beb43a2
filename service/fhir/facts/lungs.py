"""The lungs: interstitial lung disease and pneumonitis, now or in the past (B08, B27).

Dyspnoea at rest (B36) is a clinician's statement and is not read here.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.core.findings import Source
from service.core.known_fact import KnownFact
from service.fhir.entries import Located
from service.fhir.facts.measurements import (
    Course,
    Limits,
    conditions,
    day_of,
    in_units,
    measured,
    newest,
    results,
    state_concepts,
)
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.index import codings
from service.fhir.lab_words import as_list
from service.fhir.moments import moment

#: B08: oxygen saturation below it, in per cent, counts as lung disease when nothing explains it.
LOW_SATURATION = 92
#: W7: how old a saturation may be.
SATURATION_DAYS = 42
_OVER = {"resolved", "resolvedWithSequelae", "mitigated"}
#: DetectedIssue and AdverseEvent, R4 (no status, or a result's) and R5.
_COUNTS = {"", "final", "amended", "corrected", "mitigated", "completed", "in-progress"}


def lung_facts(record: PatientRecord) -> list[KnownFact]:
    """ild_current and ild_history.

    Current: an active Condition (233703007, 205237003, ICD-10-CM J84, J70.0-J70.4, J67), an
    unresolved DetectedIssue or AdverseEvent of that kind, or a saturation below 92 %. History:
    the same, over, of any date. False only where one is refuted and none is suspected.
    """
    stated = conditions(record, "ild")
    current = [(source_of(s.located), s.said) for s in stated if s.course is Course.PRESENT]
    past = [(source_of(s.located), s.said) for s in stated if s.course is Course.PAST]
    for located in record.of_type("AdverseEvent", "DetectedIssue"):
        if _counts(located, record):
            over = bool(_OVER & {str(located.resource.get("status")), *outcomes(located)})
            text = f"reported as a harm {day_of(located)}, {'over' if over else 'not over'}"
            (past if over else current).append((source_of(located), text))
    current += _low_saturation(record)
    refuted = [(source_of(s.located), s.said) for s in stated if s.course is Course.REFUTED]
    if any(s.course is Course.OPEN for s in stated):
        refuted = []
    return [*_fact("ild_current", current, refuted), *_fact("ild_history", past, refuted)]


def _fact(
    name: str, found: list[tuple[Source, str]], refuted: list[tuple[Source, str]]
) -> list[KnownFact]:
    used = found or refuted
    if not used:
        return []
    sources = tuple(source for source, _ in used)
    return [KnownFact(name, bool(found), sources, f"interstitial lung disease: {used[-1][1]}")]


def _counts(located: Located, record: PatientRecord) -> bool:
    """Of this kind, really happened, and found by the assessment day."""
    resource = located.resource
    concepts = [resource.get("event"), resource.get("code")]
    if not any("ild" in state_concepts(record, c) for c in concepts):
        return False
    status = str(resource.get("status", ""))
    if resource.get("actuality", "actual") != "actual" or status not in _COUNTS:
        return False
    days = [moment(resource.get(n)) for n in ("identifiedDateTime", "detected", "recordedDate")]
    return all(when is None or when.day <= record.as_of for when in days)


def outcomes(located: Located) -> Iterator[str]:
    """The outcome codes of an AdverseEvent: one concept in R4, a list in R5."""
    outcome = located.resource.get("outcome")
    for concept in [outcome, *as_list(outcome)]:
        yield from (str(c.get("code")) for c in codings(concept))


def _low_saturation(record: PatientRecord) -> list[tuple[Source, str]]:
    """The newest 59408-5 or 2708-6 of 42 days below 92 %; one with a note may be explained."""
    found = newest(results(record, "oxygen-saturation"), record.as_of, SATURATION_DAYS)
    if any(o.resource.get("note") for o in found):
        return []
    said = measured(found, in_units({"%": "1"}), Limits((str(LOW_SATURATION),), low=True))
    if said is None or said.value >= LOW_SATURATION:
        return []
    text = f"oxygen saturation {said.said}, no explanation given"
    return [(source, text) for source in said.sources]
