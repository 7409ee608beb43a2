"""`Patient/{id}/$purge`: a patient's complete removal, which nothing undoes.

Gone are every resource of the record, evidence and derived, with all versions and search values;
versions that were once in it of what is in another record now; and the patient's row. The audit
rows stay and one more tells of the purge: they hold references, ids, times and addresses.

Two things may be his and may be others'. What is in nobody's record (a Specimen without a subject)
goes when he referred to it and nothing that stays does, as far as references can be searched: a
Specimen left behind has its number and its laboratory on it. What is kept under an identifier alone
goes when his Patient is the only one that has the identifier now; where another Patient has it too
it stays, since another person's evidence must not be lost, and the answer says how much that is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from service.core.audit import PURGE, Audit
from service.core.errors import Conflict, Fault, NotFound
from service.usecases.record.asking import Asking
from service.usecases.record.change import TRIES
from service.usecases.record.kept import EVIDENCE
from service.usecases.record.links import local, references_in
from service.usecases.record.owner import identifiers_of, key_by
from service.usecases.record.port import Moved, Store, Unit, Version
from service.usecases.record.removal import Removal, Removed
from service.usecases.record.stored import as_resource


@dataclass(frozen=True, slots=True)
class Purged:
    """What went. left: how many resources are kept under an identifier that others have too."""

    removed: Removed
    left: int


def purge(id: str, store: Store, asking: Asking) -> Purged:
    """Remove the Patient of this id and all of the record.

    Raises NotFound when nothing was ever kept, or nothing is any more; Conflict (409) when others
    change the same record faster than it can be read.
    """
    keys = {f"Patient/{id}"}
    for tried in range(TRIES):
        try:
            with store.changing(sorted(keys), alone=True) as unit:
                return _purged(id, unit, asking)
        except Moved as moved:
            keys |= moved.keys
            time.sleep(random.uniform(0, 0.01 * tried))
    text = "Others keep changing the same record: nothing was removed. Send the request again."
    raise Conflict(Fault("conflict", text))


def _purged(id: str, unit: Unit, asking: Asking) -> Purged:
    key = f"Patient/{id}"
    alone, shared = _identified(id, unit)
    keys = {key, *alone}
    unit.hold(keys)
    his = {reference for each in keys for reference in unit.references_of(each)}
    once = [version for each in keys for group in unit.evidence_ever(each) for version in group]
    if not his and not once:
        raise NotFound(Fault("not-found", "Nothing is kept of a Patient with this id."))
    removal = Removal(key, keys, _told(id, asking), _only_his(his, once, unit))
    removed = unit.remove(removal)
    return Purged(removed, sum(len(unit.references_of(other)) for other in shared))


def _identified(id: str, unit: Unit) -> tuple[set[str], set[str]]:
    """Keys of the identifiers that his Patient has: his alone, and those that others have too."""
    current = unit.current("Patient", id)
    if current and current.deleted:
        current = unit.version("Patient", id, current.number - 1)
    if current is None or current.deleted:
        return set(), set()
    alone: set[str] = set()
    shared: set[str] = set()
    for identifier in identifiers_of(as_resource(current, current.release)):
        others = set(unit.patients_identified(*identifier)) - {f"Patient/{id}"}
        (shared if others else alone).add(key_by(identifier))
    return alone, shared


def _only_his(his: set[str], once: Iterable[Version], unit: Unit) -> set[str]:
    """`Type/id` of what is in nobody's record, and that only what goes refers to."""
    candidates: set[str] = set()
    todo = _referred(once) - his
    while todo:
        found = [unit.current(*reference.split("/", 1)) for reference in todo]
        nobodys = [v for v in found if v and not v.patient and not v.derived]
        candidates |= {version.reference for version in nobodys}
        todo = _referred(nobodys) - his - candidates
    while staying := {r for r in candidates if _needed(r, his | candidates, unit)}:
        candidates -= staying
    return candidates


def _needed(reference: str, going: set[str], unit: Unit) -> bool:
    return any(version.reference not in going for version in unit.referring(reference))


def _referred(versions: Iterable[Version]) -> set[str]:
    """The kept types' `Type/id` that versions refer to."""
    found = {
        local(reference)
        for version in versions
        if not version.deleted
        for reference in references_in(as_resource(version, version.release))
    }
    return {reference for reference in found if reference.partition("/")[0] in EVIDENCE}


def _told(id: str, asking: Asking) -> Audit:
    return Audit(
        id=str(uuid4()),
        recorded=asking.now,
        action="D",
        interaction=PURGE,
        type="Patient",
        target=id,
        number=None,
        patient=f"Patient/{id}",
        agent=asking.agent,
        network=asking.network,
        request=asking.request,
        base=asking.address,
    )
