"""`$assess-her2` over the evidence that is kept: as it stands, or as it stood on a past day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from service.core.assessment import Remark
from service.core.errors import Fault, NotFound
from service.fhir.json import decode
from service.fhir.moments import effective, moment
from service.fhir.request import Vocabulary, read_request_of_kept
from service.fhir.version import FhirVersion
from service.usecases.assess import Caller, assessed, written
from service.usecases.record.asking import Recording
from service.usecases.record.derive import opened
from service.usecases.record.port import Reader, Version
from service.usecases.record.stored import as_resource
from service.usecases.record.surroundings import shared, with_surroundings


def assess_patient(
    patient: str,
    posted: object,
    caller: Caller,
    recording: Recording,
    release: FhirVersion,
) -> dict[str, Any]:
    """The answer Bundle for the Patient of this id. posted: Parameters, or None.

    Raises NotFound when nothing was ever kept of the patient, NotFhir for a bad parameter.
    """
    library, house = recording.library, recording.house
    vocabulary = Vocabulary(library.settings, library.fact_kinds)
    today = caller.now.date()
    request = read_request_of_kept(posted, caller.query, vocabulary, today, house.jurisdiction)
    key = f"Patient/{patient}"
    with recording.store.reading() as reader:
        if request.as_of < today:
            end = datetime.combine(request.as_of, time.max, caller.now.tzinfo)
            stood, late = _stood(reader, key, request.as_of, end)
            incomplete = end < _pruned_until(reader)
        else:
            stood, late, incomplete = reader.evidence(key), [], False
        if not stood and not reader.evidence_ever(key):
            raise NotFound(Fault("not-found", "Nothing is kept of a Patient with this id."))
        evidence = with_surroundings(_by_reference(stood), lambda r: _shared(r, reader))
    request = replace(request, opened=opened([*evidence, *_nameless(evidence, patient)]))
    found = assessed(request, replace(caller, lenient=True), library, house, release, checked=True)
    # A specimen may say that it is somebody else's: he is not asked about.
    his = [answer for answer in found.answers if answer.evidence.subject.key == key]
    found = replace(found, answers=his)
    if late:
        text = (
            f"{len(late)} of the resources came in after the assessment day: each counts as of its "
            "own date."
        )
        found.evidence.remarks.append(Remark(text, "", "warning"))
    if incomplete:
        text = (
            "Versions that no longer stood were removed from the record since the assessment day: "
            "evidence of that day may be missing, and another answer may have been given then."
        )
        found.evidence.remarks.append(Remark(text, "", "warning"))
    return written(found)


def _pruned_until(reader: Reader) -> datetime:
    """From when on the record is whole; the beginning of time when nothing was ever pruned."""
    told = reader.pruned_until()
    return datetime.fromisoformat(told) if told else datetime.min.replace(tzinfo=UTC)


def _nameless(evidence: Sequence[Mapping[str, Any]], patient: str) -> list[dict[str, Any]]:
    """The Patient itself where nothing stands: the answer is about it."""
    return [] if evidence else [{"resourceType": "Patient", "id": patient}]


def _by_reference(versions: Iterable[Version]) -> dict[str, dict[str, Any]]:
    return {v.reference: as_resource(v, v.release) for v in versions}


def _shared(references: Collection[str], reader: Reader) -> dict[str, dict[str, Any]]:
    """What of these counts outside of its own record."""
    found = reader.by_ids(references)
    return _by_reference(v for v in found if shared(v) and not v.derived)


def _stood(
    reader: Reader, patient: str, day: date, end: datetime
) -> tuple[list[Version], list[Version]]:
    """What stood at the end of the day, and which of it came in later.

    A resource that came in after the day counts in its newest version that is dated on the day or
    before by its sender: a record that was loaded late is still a record of that time.
    """
    stood, late = [], []
    for versions in reader.evidence_ever(patient):
        known = [v for v in versions if v.updated <= end]
        if known:
            newest = known[-1]
            if not newest.deleted and newest.patient == patient:
                stood.append(newest)
            continue
        dated = [v for v in versions if not v.deleted and _dated(v) <= day]
        if dated and not versions[-1].deleted:
            stood.append(dated[-1])
            late.append(dated[-1])
    return stood, late


def _dated(version: Version) -> date:
    """The sender's own date of a version: when it was issued, else last updated there, else
    effective; the beginning of time when it has none."""
    assert version.body is not None
    sent = decode(version.body)
    meta = sent.get("meta")
    updated = moment(meta.get("lastUpdated")) if isinstance(meta, dict) else None
    known = moment(sent.get("issued")) or updated or effective(sent)
    return known.day if known else date.min
