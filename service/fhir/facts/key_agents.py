"""Drugs that failed before: progression on them, or stopped because they harmed (B15).

Only of drugs that are not reused on purpose, as trastuzumab and pertuzumab are. Nothing here is
ever false: a drug without such a resource may have failed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from service.core.exposure import Exposure
from service.core.findings import Source
from service.core.known_fact import DrugFact
from service.core.lines import COURSE_GAP
from service.fhir.facts.collected import unique
from service.fhir.facts.disease import Status, read_statuses
from service.fhir.facts.drug_stops import Reason, stops_for_harm, stops_with_reason
from service.fhir.facts.exposures import read_therapy
from service.fhir.facts.lung_harm import graded_lung_harm
from service.fhir.facts.record import PatientRecord

#: B15: progression counts until so many days after the exposure.
AFTER_DAYS = 30
_CONJUGATE_OF_LUNG_HARM = "t-dxd"

Found = list[tuple[str, Source]]


def key_agent_facts(record: PatientRecord, agents: Mapping[str, str]) -> list[DrugFact]:
    """key_agent_progressed and key_agent_stopped_toxicity, where true.

    agents: drug -> id of its drug record, which is the family of its exposures too.
    """
    families = set(agents.values())
    exposures = [e for e in record.once(read_therapy).exposures if e.drug in families]
    statuses = record.once(read_statuses) if exposures else ()
    facts = []
    for drug, family in agents.items():
        taken = [e for e in exposures if e.drug == family]
        progressed = [
            *_worsened(taken, statuses, record.as_of),
            *stops_with_reason(record, taken, Reason.PROGRESSION),
        ]
        harmed = [
            *stops_with_reason(record, taken, Reason.HARM),
            *stops_for_harm(record, taken, family),
        ]
        if family == _CONJUGATE_OF_LUNG_HARM:
            harmed += graded_lung_harm(record)
        facts += [
            *_fact("key_agent_progressed", drug, progressed),
            *_fact("key_agent_stopped_toxicity", drug, harmed),
        ]
    return facts


def _fact(name: str, drug: str, found: Found) -> list[DrugFact]:
    if not found:
        return []
    said = "; ".join(dict.fromkeys(text for text, _ in found))
    return [DrugFact(name, drug, True, unique(source for _, source in found), said)]


def _worsened(taken: Sequence[Exposure], statuses: Sequence[Status], as_of: date) -> Found:
    """Disease status worsened after the first day and within 30 days after the last.

    A day that is also stated stable or improved says nothing.
    """
    found: Found = []
    for first, last, sources in _courses(taken, as_of):
        end = last + timedelta(AFTER_DAYS)
        for status in statuses:
            agreed = all(s.word == "worsened" for s in statuses if s.day == status.day)
            if agreed and first < status.day <= end:
                text = f"disease worsened on {status.day}, given from {first} to {last}"
                found += [(text, status.source), *((text, s) for s in sources)]
    return found


def _courses(taken: Sequence[Exposure], as_of: date) -> list[tuple[date, date, tuple[Source, ...]]]:
    """Surely the drug was given from, until; doses with a pause of 90 days at most are one.

    Of a date of which only the month or year is known, the day that says least.
    """
    spans = []
    for e in taken:
        if e.start:
            last = as_of if e.running else e.end.earliest if e.end else e.start.latest
            spans.append((e.start.latest, last, (e.source,)))
    courses: list[tuple[date, date, tuple[Source, ...]]] = []
    for first, last, sources in sorted(s for s in spans if s[0] <= s[1]):
        before = courses[-1] if courses else None
        if before and (first - before[1]).days <= COURSE_GAP:
            courses[-1] = (before[0], max(before[1], last), (*before[2], *sources))
        else:
            courses.append((first, last, sources))
    return courses
