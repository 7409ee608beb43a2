"""Changing the record: everything of a request in one transaction, in order for each patient.

On PostgreSQL the patients are locked first, so that two changes of one patient wait for each
other and all others do not. SQLite has one writer: it reads without a lock, and the lock is taken
for the writes alone; whoever finds the patient's revision moved on reads again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from service.adapters.store.bulk import add, add_values
from service.adapters.store.engine import WRITES
from service.adapters.store.exchanged import keep as keep_exchanged
from service.adapters.store.look import Look
from service.adapters.store.removing import remove
from service.adapters.store.rows import audit_values, resource_values, version_values
from service.adapters.store.tables import audit, patient, resource, search_value, version
from service.fhir.search_values import SearchValue
from service.usecases.record.port import Changes, Moved, NewVersion
from service.usecases.record.removal import Removal, Removed

#: One after the other, as they stand in the array.
_LOCKS = select(
    func.pg_advisory_xact_lock(
        func.unnest(bindparam("numbers", type_=ARRAY(BigInteger))).column_valued()
    )
)
_REVISIONS = select(patient.c.key, patient.c.revision).where(
    patient.c.key.in_(bindparam("keys", expanding=True))
)
_ADVANCE = update(patient).where(
    patient.c.key == bindparam("of"), patient.c.revision == bindparam("read")
)
#: All that `resource_values` says, for the version after the one of that number.
_NEXT = (
    update(resource)
    .where(
        resource.c.type == bindparam("of"),
        resource.c.id == bindparam("at"),
        resource.c.number == bindparam("before"),
    )
    .returning(resource.c.pk)
)


class Change(Look):
    """The Unit of the port on PostgreSQL, and on SQLite where the change is alone."""

    def __init__(self, connection: Connection, keys: Collection[str]) -> None:
        super().__init__(connection)
        self._held = frozenset(keys)
        self._revisions: dict[str, int] = {}
        self._lock(sorted(keys))
        self._note(keys)

    def _lock(self, keys: Sequence[str]) -> None:
        if keys and self._connection.dialect.name == "postgresql":
            digests = [blake2b(key.encode(), digest_size=8).digest() for key in keys]
            numbers = [int.from_bytes(digest, signed=True) for digest in digests]
            self._connection.execute(_LOCKS, {"numbers": numbers})

    def hold(self, keys: Collection[str]) -> None:
        """Locks are taken in order and at once: with a new key everything is read again."""
        if self._connection.dialect.name == "postgresql" and not self._held.issuperset(keys):
            raise Moved(self._held.union(keys))
        self._note(keys)

    def _note(self, keys: Collection[str]) -> None:
        """Which revisions were read."""
        wanted = [key for key in keys if key not in self._revisions]
        if wanted:
            rows = self._connection.execute(_REVISIONS, {"keys": wanted})
            self._revisions |= dict.fromkeys(wanted, 0) | {row.key: row.revision for row in rows}

    def apply(self, changes: Changes) -> None:
        """Keep all of it; Moved when another change came first."""
        try:
            self._keep(self._connection, changes)
        except IntegrityError:  # the same id, or the same version of it, was written meanwhile
            raise Moved from None

    def remove(self, removal: Removal) -> Removed:
        """Remove a patient for good, in a change that is alone."""
        return remove(self._connection, removal)

    def _keep(self, connection: Connection, changes: Changes) -> None:
        self._advance(connection, sorted(changes.patients))
        for reference, key in changes.moved.items():
            kind, _, id = reference.partition("/")
            at = (resource.c.type == kind, resource.c.id == id)
            connection.execute(update(resource).where(*at).values(patient=key))
        fresh = [new for new in changes.versions if new.version.number == 1]
        pks = _created(connection, fresh) | _updated(connection, changes.versions)
        if changes.versions:
            add_values(
                connection,
                version,
                [version_values(n.version, pks[n.version.reference]) for n in changes.versions],
            )
        found_by = [
            (pks[new.version.reference], new.version.type, *value)
            for new in changes.versions
            for value in new.found_by
        ]
        if found_by:
            add(connection, search_value, ("resource", "type", *SearchValue._fields), found_by)
        if changes.audits:
            add_values(connection, audit, [audit_values(told) for told in changes.audits])
        if changes.exchanged:
            keep_exchanged(connection, changes.exchanged)

    def _advance(self, connection: Connection, keys: Collection[str]) -> None:
        """One change more of each patient; Moved when it is not the one that was read."""
        read = {key: self._revisions.get(key, 0) for key in keys}
        for key in (key for key in keys if read[key]):
            values = {"of": key, "read": read[key], "revision": read[key] + 1}
            done = connection.execute(_ADVANCE, values)
            if done.rowcount != 1:
                raise Moved
        if fresh := [{"key": key, "revision": 1} for key in keys if not read[key]]:
            connection.execute(insert(patient), fresh)


class OptimisticChange(Change):
    """The Unit on SQLite: the look is over before the writes begin."""

    def apply(self, changes: Changes) -> None:
        """Keep all of it; Moved when what was read no longer stands."""
        connection = self._connection
        connection.rollback()  # the look ends here
        writing = connection.execution_options(**{WRITES: True})
        try:
            with writing.begin():
                self._keep(writing, changes)
        except IntegrityError:
            raise Moved from None


def _created(connection: Connection, fresh: list[NewVersion]) -> dict[str, int]:
    """`Type/id` -> the key of its new row."""
    if not fresh:
        return {}
    rows = connection.execute(
        insert(resource).returning(resource.c.type, resource.c.id, resource.c.pk),
        [resource_values(new.version) for new in fresh],
    )
    return {f"{row.type}/{row.id}": row.pk for row in rows}


def _updated(connection: Connection, versions: Collection[NewVersion]) -> dict[str, int]:
    """`Type/id` -> the key of its row, which is of the new version now; Moved when it was another
    version than the one before."""
    later = [new.version for new in versions if new.version.number > 1]
    pks: dict[str, int] = {}
    for new in later:
        values = resource_values(new) | {"of": new.type, "at": new.id, "before": new.number - 1}
        done = connection.execute(_NEXT, values).one_or_none()
        if done is None:
            raise Moved
        pks[new.reference] = done.pk
    if pks:
        stale = delete(search_value).where(search_value.c.resource == bindparam("pk"))
        connection.execute(stale, [{"pk": pk} for pk in pks.values()])
    return pks
