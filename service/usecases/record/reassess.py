"""A patient assessed again: what stands now, beside what stood, as new versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.core.errors import Fault
from service.fhir.json import encode
from service.fhir.own import WITHDRAWN
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.usecases.record.asking import Asking, Recording
from service.usecases.record.derive import Standing, derive
from service.usecases.record.port import Method, Reader, Version
from service.usecases.record.retract import retraction, withdrawn
from service.usecases.record.settle import Settled, after
from service.usecases.record.stored import as_resource, digest_of, form_of
from service.usecases.record.surroundings import shared, with_surroundings

Resource = dict[str, Any]
Forms = tuple[Resource, Resource]

#: Says when, not what: an answer that differs in these alone is the same answer.
_CLOCK = ("recorded", "occurredDateTime")


@dataclass(frozen=True, slots=True)
class Reassessed:
    """versions: new ones of what was derived, with both forms. unread: faults set aside."""

    versions: Sequence[tuple[Version, Forms]]
    unread: tuple[Fault, ...]


def reassessed(
    patient: str,
    reader: Reader,
    changed: Mapping[str, Settled],
    joining: Sequence[tuple[str, Version]],
    recording: Recording,
    asking: Asking,
    lacking: Sequence[str] = (),
) -> Reassessed:
    """The patient's record with what was changed (by `Type/id`) laid over it, assessed.

    joining: (key of a record, version of another record that joins it). lacking: what is told of
    the record's gaps.
    """
    evidence = _evidence(patient, reader, changed, joining)
    stood = {version.reference: version for version in reader.derived(patient)}
    if not evidence and not stood:  # such as the key of an identifier that nobody refers to
        return Reassessed((), ())
    standing = derive(evidence, patient, recording.library, recording.house, asking.now, lacking)
    new = _withdrawals(patient, stood, standing, changed.values(), recording, asking)
    new += _standing(patient, stood, standing, asking)
    return Reassessed(new, standing.unread)


def _evidence(
    patient: str,
    reader: Reader,
    changed: Mapping[str, Settled],
    joining: Sequence[tuple[str, Version]],
) -> list[Resource]:
    """The record as it is to stand, with what it refers to outside of it, as far as that counts."""
    leaving = {version.reference for key, version in joining if key != patient}
    joins = [version for key, version in joining if key == patient]
    kept = {
        v.reference: as_resource(v, v.release)
        for v in (*reader.evidence(patient), *joins)
        if v.reference not in changed and v.reference not in leaving
    }
    for reference, one in changed.items():
        if one.resource is not None and one.version and one.version.patient == patient:
            kept[reference] = one.resource

    def lookup(references: set[str]) -> dict[str, Resource]:
        unchanged = references - set(changed)
        found = {
            v.reference: as_resource(v, v.release) for v in reader.by_ids(unchanged) if shared(v)
        }
        for reference in references & set(changed):
            one = changed[reference]
            if one.resource is not None and one.version and shared(one.version):
                found[reference] = one.resource
        return found

    return with_surroundings(kept, lookup)


def _reason(changed: Iterable[Settled], patient: str) -> str:
    """What changed, by address and version alone: `Observation/1 is now version 2`."""
    said = []
    for one in changed:
        if one.version is None or patient not in (one.version.patient or patient, one.before):
            continue  # of another patient in the same message
        if one.came.value == "deleted":
            said.append(f"{one.target.reference} was deleted")
        elif one.version.patient != patient and one.before == patient:
            said.append(f"{one.target.reference} is about another patient")
        else:
            status = (one.resource or {}).get("status")
            gone = f", {status}" if status in ("entered-in-error", "cancelled") else ""
            said.append(f"{one.target.reference} is now version {one.version.number}{gone}")
    return "; ".join(said) or "the record was joined with another one"


def _standing(
    patient: str, stood: Mapping[str, Version], standing: Standing, asking: Asking
) -> list[tuple[Version, Forms]]:
    """New versions of what says something else than before; Provenance names them all."""
    new: list[tuple[Version, Forms]] = []
    numbers = {reference: version.number for reference, version in stood.items()}
    for reference, as_r4 in standing.resources.items():
        if reference.startswith("Provenance/"):
            as_r4 = _with_versions(as_r4, numbers)
        before = stood.get(reference)
        digest = digest_of(as_r4, *_CLOCK)
        if before is None or before.digest != digest:
            as_r5 = standing.as_r5()[reference]
            if reference.startswith("Provenance/"):
                as_r5 = _with_versions(as_r5, numbers)
            version = _version(patient, reference, before, (as_r4, as_r5), digest, asking)
            numbers[reference] = version.number
            new.append((version, (as_r4, as_r5)))
    return new


def _with_versions(form: Resource, numbers: Mapping[str, int]) -> Resource:
    """The Provenance with the version of each target."""
    named = [t["reference"] for t in form["target"]]
    return {**form, "target": [{"reference": f"{r}/_history/{numbers[r]}"} for r in named]}


def _withdrawals(
    patient: str,
    stood: Mapping[str, Version],
    standing: Standing,
    changed: Collection[Settled],
    recording: Recording,
    asking: Asking,
) -> list[tuple[Version, Forms]]:
    """What stood and is no longer said, withdrawn; and the Provenance that tells so."""
    gone = {
        reference: before
        for reference, before in stood.items()
        if reference not in standing.resources and before.type in WITHDRAWN
    }
    if not gone:
        return []
    reason = _reason(changed, patient)
    new: list[tuple[Version, Forms]] = []
    for reference, before in gone.items():
        as_r4, as_r5 = (form_of(before, release) for release in FhirVersion)
        if as_r4["status"] == WITHDRAWN[before.type]:
            continue
        forms = withdrawn(as_r4, reason), withdrawn(as_r5, reason)
        version = _version(patient, reference, before, forms, digest_of(forms[0]), asking)
        new.append((version, forms))
    if not new:
        return []
    systems = Systems(recording.house.canonical_base)
    targets = [f"{v.reference}/_history/{v.number}" for v, _ in new]
    because = [
        f"{s.version.reference}/_history/{s.version.number}"
        for s in changed
        if s.version and patient in (s.version.patient, s.before)
    ]
    as_r4, as_r5 = (
        retraction(patient, targets, because, reason, asking.now, systems, release)
        for release in FhirVersion
    )
    reference = f"Provenance/{as_r4['id']}"
    told = _version(
        patient, reference, stood.get(reference), (as_r4, as_r5), digest_of(as_r4), asking
    )
    return [*new, (told, (as_r4, as_r5))]


def _version(
    patient: str,
    reference: str,
    before: Version | None,
    forms: Forms,
    digest: bytes,
    asking: Asking,
) -> Version:
    kind, _, id = reference.partition("/")
    return Version(
        type=kind,
        id=id,
        number=before.number + 1 if before else 1,
        release=FhirVersion.R4,
        updated=after(asking.now, before),
        method=Method.PUT,
        patient=patient,
        body=encode(forms[0]),
        body_r5=encode(forms[1]),
        derived=True,
        digest=digest,
    )
