"""The anticancer drugs that a record says were taken, or not taken.

Read from MedicationAdministration (completed, in-progress, stopped), MedicationStatement and
MedicationRequest (active, completed, stopped; R5 `recorded`) and chemotherapy Procedures.
Contained resources, proposals, plans, and therapy whose stated reason is another disease are
no therapy of this tumour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.core.exposure import Exposure, Kind, Origin, When
from service.core.findings import Source
from service.fhir.conditions import all_texts, read_diagnosis
from service.fhir.entries import Located
from service.fhir.facts.adherence import adherence, says_over, says_taking
from service.fhir.facts.dates import first_of, period_of, when_of
from service.fhir.facts.medications import drugs_in, drugs_of
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import as_list

_ORIGINS = {
    "MedicationAdministration": Origin.DOSE,
    "MedicationStatement": Origin.STATEMENT,
    "MedicationRequest": Origin.ORDER,
    "Procedure": Origin.PROCEDURE,
}
_COUNTS = {
    Origin.DOSE: {"completed", "in-progress", "stopped"},
    Origin.STATEMENT: {"active", "completed", "stopped", "recorded"},
    Origin.ORDER: {"active", "completed", "stopped"},
    Origin.PROCEDURE: {"completed", "in-progress"},
}
_NO_ORDER = {"proposal", "plan", "option"}
_THERAPY = re.compile(
    r"\bchemo-?therapy\b|\bimmuno-?therapy\b|\bendocrine therapy\b|\bhormone therapy\b"
    r"|\badministration\b|\binfusion\b|\binjection\b"
)
_CHEMOTHERAPY = re.compile(r"\bchemo-?therapy\b")
_DENIED = re.compile(r"\bno\b|\bnot\b|\bwithout\b|\bplanned\b|\beducation\b|\bconsult\w*")
_BREAST_OR_ANY = re.compile(r"\bbreast|\bmamm\w*|^(?:\W*(?:cancer|carcinoma|malignancy)\W*)?$")


@dataclass(frozen=True, slots=True)
class Therapy:
    """exposures: sorted, in no order of arrival. denied: drug families said not to be taken."""

    exposures: tuple[Exposure, ...]
    denied: tuple[tuple[str, Source], ...]


def read_therapy(record: PatientRecord) -> Therapy:
    """Every exposure that began on or before the assessment day."""
    exposures: list[Exposure] = []
    denied: list[tuple[str, Source]] = []
    for located in record.resources:
        origin = _ORIGINS.get(located.type)
        if origin is None or located.host:
            continue
        drugs = _drugs(located, origin, record)
        if not drugs or _for_another_disease(located, record):
            continue
        if _not_taken(located):
            denied += [(drug, source_of(located)) for drug in drugs]
        elif _counts(located.resource, origin):
            exposures += _exposures(located, origin, drugs, record)
    return Therapy(
        tuple(sorted(_without_repeats(exposures), key=_order)),
        tuple(sorted(denied, key=lambda d: (d[0], d[1].where))),
    )


def _without_repeats(exposures: list[Exposure]) -> list[Exposure]:
    """A chemotherapy Procedure on the days of a named cytotoxic dose tells of that dose."""
    named = {e.dose_day for e in exposures if e.kind is Kind.CYTOTOXIC and e.dose_day}
    return [
        e
        for e in exposures
        if not (e.drug == "chemotherapy" and e.start and e.start.exact)
        or e.start.earliest not in named
    ]


def _order(exposure: Exposure) -> tuple[str, str, str, str]:
    start = exposure.start.earliest.isoformat() if exposure.start else ""
    return (start, exposure.drug, exposure.source.reference, exposure.source.where)


def _drugs(located: Located, origin: Origin, record: PatientRecord) -> tuple[str, ...]:
    if origin is not Origin.PROCEDURE:
        return drugs_of(located, record.index, record.coder)
    code = located.resource.get("code")
    text = all_texts(code)
    coded = "chemotherapy" in record.coder.concepts("procedure", code)
    if not coded and (not _THERAPY.search(text) or _DENIED.search(text)):
        return ()
    named = drugs_in(code, record.coder)
    return named or (("chemotherapy",) if coded or _CHEMOTHERAPY.search(text) else ())


def _not_taken(located: Located) -> bool:
    return located.type == "MedicationStatement" and located.resource.get("status") == "not-taken"


def _counts(resource: Mapping[str, Any], origin: Origin) -> bool:
    if str(resource.get("status")) not in _COUNTS[origin]:
        return False
    if origin is Origin.STATEMENT and adherence(resource) in ("not-taking", "never"):
        return False
    refused = resource.get("doNotPerform") is True or str(resource.get("intent")) in _NO_ORDER
    return not (origin is Origin.ORDER and refused)


def _for_another_disease(located: Located, record: PatientRecord) -> bool:
    """Its only stated reasons are Conditions of the record that are no breast cancer."""
    references = list(as_list(located.resource.get("reasonReference")))
    for reason in as_list(located.resource.get("reason")):
        if isinstance(reason, dict):
            references.append(reason.get("reference"))
    found = [record.index.find(r, host=located) for r in references]
    reasons = [f for f in found if f and f.type == "Condition"]
    if not reasons or len(reasons) < len(references):
        return False
    read = [read_diagnosis(r, record.coder) for r in reasons]
    return all(d is not None and not d.kind and not _BREAST_OR_ANY.search(d.text) for d in read)


def _exposures(
    located: Located, origin: Origin, drugs: tuple[str, ...], record: PatientRecord
) -> Iterator[Exposure]:
    resource = located.resource
    start, end = _dates(resource, origin)
    if start and start.earliest > record.as_of:
        return
    running = end is None and _says_running(resource, origin, start)
    if end and end.latest > record.as_of:
        end, running = None, True
    written = origin in (Origin.STATEMENT, Origin.ORDER)
    for drug in drugs:
        kind = record.coder.codes.concept("drug-kind", "family", drug)
        yield Exposure(
            drug=drug,
            kind=Kind(kind) if kind else Kind.OTHER,
            origin=origin,
            start=start,
            end=None if running else end,
            running=running,
            ended=written and says_over(resource) and not running,
            source=source_of(located),
        )


def _says_running(resource: Mapping[str, Any], origin: Origin, start: When | None) -> bool:
    if origin in (Origin.STATEMENT, Origin.ORDER):
        return says_taking(resource)
    return resource.get("status") == "in-progress" and start is not None


def _dates(resource: Mapping[str, Any], origin: Origin) -> tuple[When | None, When | None]:
    """First and last day; a single date of a dose or procedure is both."""
    if origin is Origin.ORDER:
        start, end = _bounds(resource)
        return start or when_of(resource.get("authoredOn")), end
    start, end = period_of(
        resource, "effectivePeriod", "performedPeriod", "occurencePeriod", "occurrencePeriod"
    )
    day = first_of(
        resource,
        *("effectiveDateTime", "effectiveInstant", "performedDateTime"),
        *("occurenceDateTime", "occurrenceDateTime"),
    )
    if day:
        single = origin is not Origin.STATEMENT or resource.get("status") == "recorded"
        return day, day if single else None
    return start, end


def _bounds(request: Mapping[str, Any]) -> tuple[When | None, When | None]:
    """When the dosage instructions begin and end."""
    starts: list[When] = []
    ends: list[When] = []
    for dosage in as_list(request.get("dosageInstruction")):
        timing = dosage.get("timing") if isinstance(dosage, dict) else None
        repeat = timing.get("repeat") if isinstance(timing, dict) else None
        if isinstance(repeat, dict):
            start, end = period_of(repeat, "boundsPeriod")
            starts += [start] if start else []
            ends += [end] if end else []
    return (
        min(starts, key=lambda w: (w.earliest, w.latest), default=None),
        max(ends, key=lambda w: (w.latest, w.earliest), default=None),
    )
