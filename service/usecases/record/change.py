"""Changing the record: what is asked, what follows for each patient, and one commit for all.

Gather, decide, apply: everything is read in one look, decided in plain values, and kept together
or not at all. Whoever comes second looks again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import uuid4

from service.core.assessment import Remark
from service.core.audit import Audit
from service.core.errors import Conflict, Fault, Unreadable
from service.fhir.coder import Coder
from service.usecases.record.along import Along
from service.usecases.record.asked import criteria
from service.usecases.record.asking import Asking, Recording
from service.usecases.record.derive import place_of
from service.usecases.record.door import admit
from service.usecases.record.exchanging import again, exchanged, not_read
from service.usecases.record.found_by import derived_found_by, found_by
from service.usecases.record.her2 import says_her2
from service.usecases.record.interaction import Came, Done, Interaction
from service.usecases.record.links import local, prefixed, references_in
from service.usecases.record.owner import identifiers_of, key_by, patient_said
from service.usecases.record.port import (
    Changes,
    Moved,
    NewVersion,
    Reader,
    Unit,
    Version,
)
from service.usecases.record.query import Query
from service.usecases.record.reassess import reassessed
from service.usecases.record.settle import Settled, Settling
from service.usecases.record.surroundings import shared
from service.usecases.record.targets import targets_of

#: How often a change that others overtook is tried again; from ALONE on with nobody beside it.
TRIES, ALONE = 12, 2
_ACTIONS = {Came.CREATED: "C", Came.UPDATED: "U", Came.DELETED: "D"}
_INTERACTIONS = {Came.CREATED: "create", Came.UPDATED: "update", Came.DELETED: "delete"}


def change(
    asked: Sequence[Interaction],
    recording: Recording,
    asking: Asking,
    along: Along | None = None,
) -> list[Done]:
    """Do all of it or nothing, and assess again whom it concerns: one outcome an interaction.

    along: what comes with it when another server told of it; it is kept even when nothing changes.

    Raises what `admit` and `targets_of` raise, Unreadable (422) for a HER2 result that cannot be
    read or is about nobody unless the caller is lenient, Conflict (409) when others change the
    same record faster than it can be read, and Overtaken when another worker took what is `along`.
    """
    if along is None or not along.admitted:
        admit(asked, asking.release, recording.house.canonical_base)
    conditions = {f"{one.kind}?{one.criteria}" for one in asked if one.criteria}
    # The same ids at each try: a new patient is locked by his.
    new_ids = [str(uuid4()) for _ in asked]
    keys = conditions.union(
        *(_likely(*each, asking.prefix) for each in zip(asked, new_ids, strict=True))
    )
    for tried in range(TRIES):
        alone = bool(conditions) or tried >= ALONE
        try:
            with recording.store.changing(sorted(keys), alone) as unit:
                done, changes = _decided(asked, new_ids, unit, recording, asking, along)
                if changes:
                    unit.apply(changes)
            return done
        except Moved as moved:
            keys |= moved.keys
            time.sleep(random.uniform(0, 0.01 * tried))
    text = "Others keep changing the same record: nothing was done. Send the request again."
    raise Conflict(Fault("conflict", text))


def _likely(one: Interaction, new_id: str, prefix: str) -> set[str]:
    """Whose record it is about, as far as it says so itself; a guess saves a second look."""
    resource = one.resource or {}
    if one.kind == "Patient":
        return {f"Patient/{one.id or new_id}", *map(key_by, identifiers_of(resource))}
    found = local(patient_said(resource))
    return {prefixed(found, prefix)} if found.startswith("Patient/") else set()


def _decided(
    asked: Sequence[Interaction],
    new_ids: Sequence[str],
    unit: Unit,
    recording: Recording,
    asking: Asking,
    along: Along | None,
) -> tuple[list[Done], Changes | None]:
    """What comes of each interaction, and all that is to be kept; None when nothing is."""

    def met_by(kind: str, said: str) -> Query:
        return criteria(kind, asking.release, said, asking.address)

    unit.gather([f"{one.kind}/{one.id}" for one in asked if one.id])
    settled = Settling(unit, asking, met_by).settle(targets_of(asked, new_ids, unit, met_by))
    changed = [(s, s.version) for s in settled if s.changed and s.version]
    once_more = again(along, unit)
    if not changed and not once_more:
        done = [Done(s.came, s.version) for s in settled]
        told = exchanged(along, settled, {}, (), unit, recording, asking)
        return done, Changes(exchanged=told) if told else None
    joining = _joining(settled, unit)
    patients = _concerned(settled, joining, unit, recording, asking) | once_more
    unit.hold(patients)
    unit.gather(_referred(settled), patients)
    new = [NewVersion(v, found_by(s.resource, asking.release)) for s, v in changed]
    unread: list[Fault] = []
    missing = not_read(along, patients, unit, recording)
    anew: set[str] = set()
    by_reference = {s.target.reference: s for s in settled if s.changed}
    for patient in sorted(patients):
        lacking = missing.get(patient, ())
        found = reassessed(patient, unit, by_reference, joining, recording, asking, lacking)
        unread += found.unread
        anew |= {patient} if found.versions else set()
        new += [NewVersion(v, derived_found_by(*forms)) for v, forms in found.versions]
    remarks = _unread(unread, settled, asking)
    told = exchanged(along, settled, remarks, anew, unit, recording, asking)
    done = [Done(s.came, s.version, remarks.get(s.target.reference, ())) for s in settled]
    moved = {version.reference: key for key, version in joining}
    audits = [_audit(s, v, asking) for s, v in changed]
    return done, Changes(new, audits, patients, moved, told)


def _referred(settled: Iterable[Settled]) -> set[str]:
    """What the message refers to: it may be in nobody's record."""
    sent = {r for one in settled if one.resource for r in references_in(one.resource)}
    return {reference for r in sent if (reference := local(r))}


def _joining(settled: Sequence[Settled], reader: Reader) -> list[tuple[str, Version]]:
    """(Key of a Patient, evidence that was kept under one of its identifiers until now)."""
    keys = [
        (one.target.reference, key_by(identifier))
        for one in settled
        if one.changed and one.resource and one.resource["resourceType"] == "Patient"
        for identifier in identifiers_of(one.resource)
    ]
    reader.gather(patients=[key for _, key in keys])
    return [(patient, version) for patient, key in keys for version in reader.evidence(key)]


def _concerned(
    settled: Sequence[Settled],
    joining: Sequence[tuple[str, Version]],
    reader: Reader,
    recording: Recording,
    asking: Asking,
) -> set[str]:
    """The patients whose record changes, by what changed or by what refers to it.

    Raises Unreadable for a HER2 result about nobody, unless the caller is lenient.
    """
    patients: set[str] = set()
    faults: list[Fault] = []
    coder = Coder(recording.library.codes, recording.library.local_codes)
    referring = _referring(settled)
    for one in settled:
        if not one.changed or one.version is None:
            continue
        whose = {one.version.patient, one.before} - {""}
        if shared(one.version):
            kept = {version.patient for version in reader.referring(one.target.reference)}
            whose |= (kept | referring.get(one.target.reference, set())) - {""}
            if not whose and one.resource is not None and says_her2(one.resource, coder):
                text = "A HER2 result is kept for a patient: send Observation.subject."
                faults.append(Fault("required", text, f"{one.target.asked.where}.subject"))
        patients |= whose
        if one.target.asked.kind == "Patient" and one.resource is not None:
            patients |= {key_by(identifier) for identifier in identifiers_of(one.resource)}
    if faults and not asking.lenient:
        raise Unreadable(*faults)
    return patients | {version.patient for _, version in joining}


def _referring(settled: Iterable[Settled]) -> dict[str, set[str]]:
    """`Type/id` -> the patients of what refers to it in the message."""
    found: dict[str, set[str]] = {}
    for one in settled:
        if one.resource is not None and one.version is not None:
            for sent in references_in(one.resource):
                found.setdefault(local(sent), set()).add(one.version.patient)
    return found


def _unread(
    faults: Iterable[Fault], settled: Sequence[Settled], asking: Asking
) -> dict[str, tuple[Remark, ...]]:
    """What could not be read of the message, by `Type/id`, each at its place there.

    Raises Unreadable with all of it unless the caller is lenient. What was kept earlier was told
    then.
    """
    told: dict[str, list[Fault]] = {}
    for one in settled:
        place = place_of(one.target.reference)
        for fault in faults:
            if one.changed and (fault.where == place or fault.where.startswith(f"{place}.")):
                mine = replace(fault, where=one.target.asked.where + fault.where[len(place) :])
                told.setdefault(one.target.reference, []).append(mine)
    if told and not asking.lenient:
        raise Unreadable(*dict.fromkeys(f for of_one in told.values() for f in of_one))
    return {
        reference: tuple(Remark(f.text, f.where, "warning", f.code) for f in dict.fromkeys(of_one))
        for reference, of_one in told.items()
    }


def _audit(one: Settled, version: Version, asking: Asking) -> Audit:
    return Audit(
        id=str(uuid4()),
        recorded=asking.now,
        action=_ACTIONS[one.came],
        interaction=_INTERACTIONS[one.came],
        type=version.type,
        target=version.id,
        number=version.number,
        patient=version.patient,
        agent=asking.agent,
        network=asking.network,
        request=asking.request,
        base=asking.address,
    )
