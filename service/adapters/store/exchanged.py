"""What a change of the record tells the exchange with other servers, in its own transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from service.adapters.store.exchange_rows import at, missing_of, missing_text
from service.adapters.store.rows import microseconds
from service.adapters.store.tables import feed, notice, outbox, seen
from service.usecases.record.along import Exchanged, Missing, Overtaken, Settlement, Taken

#: How long after something of a record could not be read it is tried again.
READ_AGAIN = timedelta(seconds=30)
#: What became of a notice; a body that is in the record is not kept twice.
_SETTLED = (
    update(notice)
    .where(notice.c.seq == bindparam("of"))
    .values(state=bindparam("is"), reason=bindparam("why"), patient=bindparam("whose"), claim="")
)
_FEEDS = select(feed).where(feed.c.patient.in_(bindparam("patients", expanding=True)))


def inserting(connection: Connection) -> Any:
    """`insert` with what to do on a conflict, as this database spells it."""
    return insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql


def feeds(
    connection: Connection, patients: Collection[str]
) -> dict[str, dict[str, tuple[Missing, ...]]]:
    """Patient -> source that tells of him -> what could not be read of his record there."""
    found: dict[str, dict[str, tuple[Missing, ...]]] = {}
    for row in connection.execute(_FEEDS, {"patients": list(patients)}):
        found.setdefault(row.patient, {})[row.source] = missing_of(row.missing)
    return found


def keep(connection: Connection, told: Exchanged) -> None:
    """All of it; Overtaken when another worker took a version of the same resource meanwhile."""
    settle(connection, told.notices)
    for taken in told.taken:
        _take(connection, told.source, taken)
    _feed(connection, told)
    owe(connection, told.owed, microseconds(told.now))


def settle(connection: Connection, settled: Collection[Settlement]) -> None:
    """What became of notices."""
    if not settled:
        return
    rows = [{"of": s.seq, "is": s.state, "why": s.reason, "whose": s.patient} for s in settled]
    connection.execute(_SETTLED, rows)
    done = [s.seq for s in settled if s.state != "quarantined"]
    connection.execute(update(notice).where(notice.c.seq.in_(done)).values(body=None))


def _take(connection: Connection, source: str, taken: Taken) -> None:
    new, before = taken.new, taken.before
    values = {
        "kept": new.kept,
        "version": new.version,
        "updated": at(new.updated),
        "gone": new.gone,
        "patient": taken.patient,
    }
    key = {"source": source, "type": new.type, "id": new.id}
    if before is None:
        statement = inserting(connection)(seen).values(**key, **values).on_conflict_do_nothing()
    else:
        statement = (
            update(seen)
            .where(*(seen.c[name] == value for name, value in key.items()))
            .where(seen.c.version == before.version, seen.c.gone.is_(before.gone))
            .where(seen.c.updated.is_not_distinct_from(at(before.updated)))
            .values(**values)
        )
    if connection.execute(statement.returning(seen.c.kept)).first() is None:
        raise Overtaken("a notice was worked on twice")


def _feed(connection: Connection, told: Exchanged) -> None:
    insert = inserting(connection)(feed)
    fresh = [p for p in sorted(told.fed) if p not in told.missing]
    if fresh:
        rows = [{"source": told.source, "patient": p, "missing": "[]"} for p in fresh]
        connection.execute(insert.on_conflict_do_nothing(), rows)
    for patient, missing in sorted(told.missing.items()):
        later = microseconds(told.now + READ_AGAIN)
        values = {
            "missing": missing_text(missing),
            "read": at(told.read or told.now),
            "again": later if any(m.transient for m in missing) else None,
        }
        statement = insert.values(source=told.source, patient=patient, **values)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["source", "patient"], set_=values)
        )


def owe(connection: Connection, owed: Collection[tuple[str, str]], now: int) -> None:
    """One more change that each (source, patient) is owed.

    What is put off keeps its time, since new results are no reason to hammer a server; what was
    parked or is all sent is due now.
    """
    if not owed:
        return
    new = {"wanted": 1, "sent": 0, "since": now, "state": "waiting", "due": now, "tries": 0}
    none = {"said": "", "outcome": "", "claim": "", "claimed_until": 0}
    owing = outbox.c.wanted > outbox.c.sent
    waits = and_(owing, outbox.c.state == "waiting")
    more = {
        "wanted": outbox.c.wanted + 1,
        "since": case((owing, outbox.c.since), else_=now),
        "state": "waiting",
        "due": case((waits, outbox.c.due), else_=now),
        "tries": case((waits, outbox.c.tries), else_=0),
    }
    connection.execute(
        inserting(connection)(outbox).on_conflict_do_update(
            index_elements=["source", "patient"], set_=more
        ),
        [{"source": s, "patient": p, **new, **none} for s, p in sorted(set(owed))],
    )
