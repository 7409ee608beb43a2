"""Why a drug was stopped: the reason that its own resource states, or an adverse event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Any

from service.core.exposure import Exposure, Origin
from service.core.findings import Source
from service.fhir.conditions import all_texts
from service.fhir.entries import Located
from service.fhir.facts.adherence import adherence, says_over
from service.fhir.facts.medications import drugs_of
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import as_list

#: A drug stopped so many days after an adverse event that names it was stopped for it.
STOP_DAYS = 30
_DENIED = re.compile(
    r"\b(?:no|not|without|absence of|free of)\b(?! tolerated)[^.;,]*"
    r"|\bprogression[ -]free\b|\b(?:suspected|possible|questionable) progress\w*"
)
_PROGRESSION = re.compile(r"\bprogress(?:ion|ive disease|ed|ing)\b|\bdisease worsen(?:ed|ing)\b")
_HARM = re.compile(
    r"\badverse\b|\w*toxicit(?:y|ies)\b|\bside[ -]?effects?\b|\bintoleran(?:ce|t)\b"
    r"|\bnot tolerated\b|\bhypersensitivity\b|\ballerg(?:y|ic)\b|\banaphyla\w+"
    r"|\bpneumonitis\b|\binterstitial lung disease\b"
)
_STOPPED = re.compile(r"\bdiscontinu\w*|\bwithdr[ae]w\w*|\bstopp(?:ed|ing)\b")
_UNRELATED = re.compile(r"\bunrelated\b|\bnot related\b|\bunlikely\b")


class Reason(Enum):
    """Why: the disease progressed, or the drug harmed."""

    PROGRESSION = "disease progression"
    HARM = "an adverse event"


def stops_with_reason(
    record: PatientRecord, taken: Sequence[Exposure], reason: Reason
) -> list[tuple[str, Source]]:
    """Exposures that ended and whose statusReason (R5: adherence.reason too) says why.

    A dose counts when it was broken off and none followed.
    """
    resources = _resources(record, taken)
    return [
        (f"stopped for {reason.value}", e.source)
        for e in taken
        if _ended(e, taken, resources[e.source.where])
        and reason in _reasons(record, resources[e.source.where])
    ]


def _resources(record: PatientRecord, taken: Sequence[Exposure]) -> dict[str, Mapping[str, Any]]:
    """The resources that these exposures were read from."""
    wanted = {e.source.where for e in taken}
    return {r.where: r.resource for r in record.resources if r.where in wanted} if wanted else {}


def _ended(exposure: Exposure, taken: Sequence[Exposure], resource: Mapping[str, Any]) -> bool:
    if exposure.running:
        return False
    if exposure.origin is Origin.DOSE:
        later = [e for e in taken if e.start and exposure.start and exposure.start.before(e.start)]
        return resource.get("status") == "stopped" and not later
    return says_over(resource) or adherence(resource).startswith("stopped")


def _reasons(record: PatientRecord, resource: Mapping[str, Any]) -> set[Reason]:
    adherence = resource.get("adherence")
    concepts = [resource.get("statusReason"), *as_list(resource.get("statusReason"))]
    concepts += [adherence.get("reason")] if isinstance(adherence, dict) else []
    found: set[Reason] = set()
    for concept in (c for c in concepts if isinstance(c, dict)):
        said = _DENIED.sub(" ", all_texts(concept))
        coded = "worsened" in record.coder.concepts("disease-status-value", concept)
        found |= {Reason.PROGRESSION} if coded or _PROGRESSION.search(said) else set()
        found |= {Reason.HARM} if _HARM.search(said) else set()
    return found


def stops_for_harm(
    record: PatientRecord, taken: Sequence[Exposure], family: str
) -> list[tuple[str, Source]]:
    """Adverse events that name the drug as suspect and led to its stop.

    They did when R5's mitigatingAction says so, or when a history or order of the drug was
    stopped, for no other reason, from the event's day to 30 days after it; without these days
    when it is this very resource that the event names.
    """
    resources = _resources(record, taken)
    stopped = [
        e
        for e in taken
        if e.origin in (Origin.STATEMENT, Origin.ORDER)
        and not e.running
        and (
            resources[e.source.where].get("status") == "stopped"
            or adherence(resources[e.source.where]).startswith("stopped")
        )
        and _reasons(record, resources[e.source.where]) != {Reason.PROGRESSION}
    ]
    found: list[tuple[str, Source]] = []
    for event in record.of_type("AdverseEvent"):
        named = [s for s in _suspects(event) if family in _drugs(s, event, record)]
        if event.resource.get("actuality", "actual") != "actual" or not named:
            continue
        places = {t.where for s in named if (t := _target(s, event, record))}
        led = [e for e in stopped if _led_to(event, e, direct=e.source.where in places)]
        if led or _says_stopped(event):
            text = "an adverse event led to its stop"
            found += [(text, source_of(event)), *((text, e.source) for e in led)]
    return found


def _led_to(event: Located, stop: Exposure, *, direct: bool) -> bool:
    when = dated(event)
    if when is None or stop.end is None:
        return direct
    last = when.day + timedelta(STOP_DAYS)
    return when.day <= stop.end.earliest and stop.end.latest <= last


def _suspects(event: Located) -> Iterator[Mapping[str, Any]]:
    """The suspect entities that nobody calls unrelated."""
    for suspect in as_list(event.resource.get("suspectEntity")):
        if isinstance(suspect, dict):
            causes = [suspect.get("causality"), *as_list(suspect.get("causality"))]
            said = [
                all_texts(c.get(name))
                for c in causes
                if isinstance(c, dict)
                for name in ("assessment", "entityRelatedness")
            ]
            if not any(_UNRELATED.search(text) for text in said):
                yield suspect


def _instance(suspect: Mapping[str, Any]) -> object:
    """R4 instance, R5 instanceReference."""
    return suspect.get("instance") or suspect.get("instanceReference")


def _target(suspect: Mapping[str, Any], event: Located, record: PatientRecord) -> Located | None:
    return record.index.find(_instance(suspect), host=event)


def _drugs(suspect: Mapping[str, Any], event: Located, record: PatientRecord) -> tuple[str, ...]:
    """The drug families of a suspect: a Medication, its name, or a resource that gives it."""
    target = _target(suspect, event, record)
    if target and target.type != "Medication":
        return drugs_of(target, record.index, record.coder)
    said = {
        "medicationCodeableConcept": suspect.get("instanceCodeableConcept"),
        "medicationReference": _instance(suspect),
    }
    return drugs_of(replace(event, resource={**event.resource, **said}), record.index, record.coder)


def _says_stopped(event: Located) -> bool:
    actions = as_list(event.resource.get("mitigatingAction"))
    texts = [all_texts(a.get("itemCodeableConcept")) for a in actions if isinstance(a, dict)]
    return any(_STOPPED.search(_DENIED.sub(" ", text)) for text in texts)
