"""What stands for a patient, from all the evidence that stands: in both FHIR versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any

from service.core.assessment import Remark
from service.core.errors import Fault
from service.core.facts import Facts
from service.fhir.answer import PatientAnswer, Writing
from service.fhir.entries import Opened, open_resource
from service.fhir.request import Request
from service.fhir.version import FhirVersion
from service.fhir.writing.bundle import patient_entries
from service.fhir.writing.transaction import tell_in_summary
from service.knowledge.library import Library
from service.usecases.assess import Caller, House, assessed, remarks_of

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a patient.

    resources: `Type/id` -> its R4 form, in the order of the answer; none without a HER2 result.
    unread: faults of results that were set aside, each with its place. as_r5: writes the R5 forms,
    which are wanted only where an R4 form says something else than before.
    """

    resources: Mapping[str, Resource]
    unread: tuple[Fault, ...]
    as_r5: Callable[[], Mapping[str, Resource]] = dict


def place_of(reference: str) -> str:
    """The FHIRPath by which an answer names a kept resource."""
    kind, _, id = reference.partition("/")
    return f"{kind}.where(id='{id}')"


def opened(evidence: Iterable[Mapping[str, Any]]) -> Opened:
    """Kept resources as the evidence of a request."""
    found = Opened()
    for resource in evidence:
        open_resource(resource, place_of(f"{resource['resourceType']}/{resource['id']}"), found)
    return found


def derive(
    evidence: Iterable[Mapping[str, Any]],
    patient: str,
    library: Library,
    house: House,
    now: datetime,
    lacking: Sequence[str] = (),
) -> Standing:
    """Assess a patient's record as it stands; `patient` is the key of whose it is.

    lacking: sentences on what could not be read of it, for the notes of the summary.
    """
    request = Request(
        opened=opened(evidence),
        jurisdiction=house.jurisdiction,
        as_of=now.date(),
        facts=Facts(stated={}, setting="", history_complete=False),
        include_off_label=False,
        transaction=False,
    )
    caller = Caller(query={}, lenient=True, now=now)
    found = assessed(request, caller, library, house, FhirVersion.R4, checked=True)
    unread = tuple(found.evidence.set_aside)
    answer = next((a for a in found.answers if a.evidence.subject.key == patient), None)
    if answer is None or not answer.evidence.specimens:
        return Standing({}, unread)
    remarks = [*remarks_of(found), *(Remark(text, "", "warning") for text in lacking)]
    answer = replace(answer, kept=True)

    def written(version: FhirVersion) -> dict[str, Resource]:
        return _written(answer, remarks, replace(found.writing, version=version))

    return Standing(written(FhirVersion.R4), unread, cache(partial(written, FhirVersion.R5)))


def _written(
    answer: PatientAnswer, remarks: Sequence[Remark], writing: Writing
) -> dict[str, Resource]:
    """Our resources by `Type/id`, referring to each other by it."""
    entries = patient_entries(answer, writing)
    tell_in_summary(answer, entries, remarks)
    return {entry["fullUrl"]: entry["resource"] for entry in entries}
