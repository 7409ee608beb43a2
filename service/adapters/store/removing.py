"""Rows that go for good: a patient's, and what no longer stands since a time.

Of the record only resources and versions are named; versions and search values go with their
resource (the tables' foreign keys). Audit rows never go. What the exchange with other servers keeps
of a patient goes with him, and notices that are done with go by their age.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    delete,
    func,
    insert,
    select,
    tuple_,
)

from service.adapters.store.engine import writing
from service.adapters.store.rows import audit_values, microseconds
from service.adapters.store.tables import (
    audit,
    delivered,
    feed,
    notice,
    outbox,
    patient,
    resource,
    seen,
    version,
)
from service.core.audit import Audit
from service.usecases.exchange.desk import State
from service.usecases.record.removal import Removal, Removed

#: Rows that one transaction of a prune removes: others wait no longer than that takes.
AT_ONCE = 1000
_DONE_WITH = [
    state.value for state in (State.DONE, State.STALE, State.OWN, State.IGNORED, State.DISMISSED)
]


def references_of(connection: Connection, key: str) -> list[str]:
    """`Type/id` of all that is in a patient's record, deleted or derived too."""
    rows = connection.execute(
        select(resource.c.type, resource.c.id).where(resource.c.patient == key)
    )
    return [f"{row.type}/{row.id}" for row in rows]


def remove(connection: Connection, removal: Removal) -> Removed:
    """A patient's removal, and the one audit row that tells of it."""
    elsewhere = select(resource.c.pk).where(resource.c.patient.not_in(removal.keys))
    newest = select(resource.c.number).where(resource.c.pk == version.c.resource)
    once_his = delete(version).where(
        version.c.patient == removal.patient,
        version.c.resource.in_(elsewhere),
        version.c.number != newest.scalar_subquery(),
    )
    removed = Removed(versions=connection.execute(once_his).rowcount)
    removed += _resources(connection, resource.c.patient.in_(removal.keys))
    if removal.besides:
        named = [tuple(reference.split("/", 1)) for reference in removal.besides]
        removed += _resources(connection, tuple_(resource.c.type, resource.c.id).in_(named))
    connection.execute(delete(patient).where(patient.c.key.in_(removal.keys)))
    _of_exchange(connection, removal.keys)
    connection.execute(insert(audit), [audit_values(removal.told)])
    return removed


def prune(engine: Engine, before: datetime, told: Audit) -> Iterator[Removed]:
    """Remove what no longer stood at a time, and say after each transaction what it removed.

    These are versions that had a successor by then and resources that were deleted by then. The
    audit row is kept with the first of them: a prune that is interrupted is told too.

    Notices that had come by then and are done with go as well. No past answer rests on them, so
    that they are neither counted nor audited.
    """
    until, tells = microseconds(before), [told]
    seq = 0
    while True:
        with writing(engine) as connection:
            seqs = connection.scalars(_superseded(seq, until)).all()
            gone = connection.execute(delete(version).where(version.c.seq.in_(seqs))).rowcount
            _tell(connection, tells, gone)
        if not seqs:
            break
        seq = seqs[-1]
        yield Removed(versions=gone)
    deleted = resource.c.deleted.is_(True) & (resource.c.updated <= until)
    while True:
        with writing(engine) as connection:
            pks = connection.scalars(select(resource.c.pk).where(deleted).limit(AT_ONCE)).all()
            # Again with the condition: it may have come back to life meanwhile.
            removed = _resources(connection, resource.c.pk.in_(pks) & deleted)
            _tell(connection, tells, removed.resources)
        if not pks:
            break
        yield removed
    seq = 0
    while True:
        with writing(engine) as connection:
            seqs = connection.scalars(_done_with(seq, until)).all()
            connection.execute(delete(notice).where(notice.c.seq.in_(seqs)))
        if not seqs:
            return
        seq = seqs[-1]
        yield Removed()


def _of_exchange(connection: Connection, keys: Collection[str]) -> None:
    """What sources told of a patient and are owed of him.

    With the notices that name a resource of his and were not worked on yet; of a delivery that
    could not be read nobody can say whose it is.
    """
    his = select(seen.c.type).where(
        seen.c.patient.in_(keys),
        *(seen.c[name] == notice.c[name] for name in ("source", "type", "id")),
    )
    connection.execute(delete(notice).where(notice.c.patient.in_(keys) | his.exists()))
    for table in (seen, feed, outbox, delivered):
        connection.execute(delete(table).where(table.c.patient.in_(keys)))


def _done_with(after: int, until: int) -> Select[int]:
    """Waiting and quarantined ones stay, however old: somebody is still to look at them."""
    return (
        select(notice.c.seq)
        .where(notice.c.state.in_(_DONE_WITH), notice.c.seq > after, notice.c.received <= until)
        .order_by(notice.c.seq)
        .limit(AT_ONCE)
    )


def _superseded(after: int, until: int) -> Select[int]:
    later = version.alias("later")
    successor = select(later.c.seq).where(
        later.c.resource == version.c.resource,
        later.c.number > version.c.number,
        later.c.updated <= until,
    )
    return (
        select(version.c.seq)
        .where(version.c.seq > after, version.c.updated <= until, successor.exists())
        .order_by(version.c.seq)
        .limit(AT_ONCE)
    )


def _resources(connection: Connection, met: ColumnElement[bool]) -> Removed:
    """Remove resources with all their versions."""
    theirs = version.c.resource.in_(select(resource.c.pk).where(met))
    counted = select(func.count()).select_from(version).where(theirs)
    versions = connection.execute(counted).scalar_one()
    return Removed(connection.execute(delete(resource).where(met)).rowcount, versions)


def _tell(connection: Connection, tells: list[Audit], removed: int) -> None:
    if removed and tells:
        connection.execute(insert(audit), [audit_values(tells.pop())])
