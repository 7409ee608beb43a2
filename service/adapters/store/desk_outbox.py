"""The outbox: what the sources are owed, claimed by one worker at a time, sent or put off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, select, update

from service.adapters.store.connected import Connected
from service.adapters.store.exchange_rows import owed_of
from service.adapters.store.exchanged import inserting
from service.adapters.store.rows import microseconds
from service.adapters.store.tables import delivered, notice, outbox
from service.usecases.exchange.desk import Owed

_OWED = outbox.c.wanted > outbox.c.sent
_PARKED = outbox.c.state == "parked"


class OutboxDesk(Connected):
    """The part of the Desk that is about what is owed."""

    def claim_owed(self, source: str, now: datetime, lease: timedelta, limit: int) -> list[Owed]:
        """What is owed and due, for the caller alone until the lease ends."""
        met = and_(outbox.c.source == source, _OWED, outbox.c.state == "waiting")
        rows = self._claimed(outbox, met, outbox.c.since, now, lease, limit)
        return [owed_of(row, row.claim) for row in rows]

    def delivered(self, source: str, patient: str) -> dict[str, int]:
        """`Type/id` -> the version of it that the source has acknowledged."""
        met = (delivered.c.source == source, delivered.c.patient == patient)
        with self._reading() as connection:
            rows = connection.execute(select(delivered).where(*met))
            return {row.reference: row.number for row in rows}

    def sending(self, owed: Owed, references: Collection[str], until: datetime) -> bool:
        """These are on their way: from now on the source may have them, whatever we hear."""
        fixed = {"source": owed.source, "patient": owed.patient, "number": 0}
        rows = [{**fixed, "reference": reference} for reference in references]
        mine = update(outbox).where(self._his(owed), outbox.c.claim == owed.claim)
        with self._writing() as connection:
            renewed = connection.execute(mine.values(claimed_until=microseconds(until)))
            if renewed.rowcount == 1:
                insert = inserting(connection)(delivered)
                connection.execute(insert.on_conflict_do_nothing(), rows)
            return renewed.rowcount == 1

    def sent(self, owed: Owed, numbers: Mapping[str, int], now: datetime) -> None:
        """It was acknowledged: these versions of what was derived are there now.

        What changed since the claim is still owed, since now.
        """
        with self._writing() as connection:
            if numbers:
                insert = inserting(connection)(delivered)
                newer = insert.excluded.number
                connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=["source", "reference"],
                        set_={"number": newer},
                        where=newer > delivered.c.number,
                    ),
                    [
                        {
                            "source": owed.source,
                            "reference": reference,
                            "number": number,
                            "patient": owed.patient,
                        }
                        for reference, number in numbers.items()
                    ],
                )
            done = update(outbox).where(self._his(owed), outbox.c.sent < owed.wanted)
            connection.execute(
                done.values(sent=owed.wanted, since=microseconds(now), tries=0, said="", outcome="")
            )
            self._give_back(connection, owed)

    def put_off_owed(
        self, owed: Owed, due: datetime, said: str, outcome: str = "", parked: bool = False
    ) -> None:
        """It could not be sent."""
        failed = update(outbox).where(self._his(owed), outbox.c.claim == owed.claim)
        with self._writing() as connection:
            connection.execute(
                failed.values(
                    due=microseconds(due),
                    said=said,
                    outcome=outcome,
                    tries=outbox.c.tries + 1,
                    state="parked" if parked else "waiting",
                )
            )
            self._give_back(connection, owed)

    def _his(self, owed: Owed) -> ColumnElement[bool]:
        return and_(outbox.c.source == owed.source, outbox.c.patient == owed.patient)

    def _give_back(self, connection: Connection, owed: Owed) -> None:
        mine = update(outbox).where(self._his(owed), outbox.c.claim == owed.claim)
        connection.execute(mine.values(claim="", claimed_until=0))

    def owed(self, source: str = "", parked: bool | None = None, limit: int = 100) -> list[Owed]:
        """What is owed, the oldest first."""
        met = [_OWED, *([outbox.c.source == source] if source else [])]
        if parked is not None:
            met.append(_PARKED if parked else ~_PARKED)
        wanted = select(outbox).where(*met).order_by(outbox.c.since).limit(limit)
        with self._reading() as connection:
            return [owed_of(row) for row in connection.execute(wanted)]

    def wake(self, source: str, now: datetime) -> None:
        """The server is back: what was put off is due."""
        at = microseconds(now)
        with self._writing() as connection:
            for table, waits in ((outbox, outbox.c.state), (notice, notice.c.state)):
                late = (table.c.source == source, waits == "waiting", table.c.due > at)
                connection.execute(update(table).where(*late).values(due=at))

    def unpark(self, now: datetime, source: str = "", patient: str = "") -> int:
        """Try again what was parked, as if it had been owed since now: how many."""
        met = [_OWED, _PARKED, *([outbox.c.source == source] if source else [])]
        met += [outbox.c.patient == patient] if patient else []
        at = microseconds(now)
        with self._writing() as connection:
            again = update(outbox).where(*met).values(state="waiting", due=at, since=at, tries=0)
            return connection.execute(again).rowcount
