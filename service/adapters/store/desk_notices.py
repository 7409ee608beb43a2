"""Notices: kept once, claimed, settled, put off, and looked at by people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, tuple_, update

from service.adapters.store.connected import Connected
from service.adapters.store.exchange_rows import kept_of, notice_values, seen_of
from service.adapters.store.exchanged import inserting, settle
from service.adapters.store.rows import microseconds
from service.adapters.store.tables import notice, seen, source_state
from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import REPLAYED, Arrival, Kept, State
from service.usecases.record.along import Seen, Settlement

#: In microseconds.
_SECOND = 1_000_000
_WAITING = notice.c.state == State.WAITING.value
#: How the key of content without a version or a number begins.
_CONTENT = "h|"


class NoticeDesk(Connected):
    """The part of the Desk that is about notices."""

    def arrive(self, source: str, arrivals: Sequence[Arrival], now: datetime) -> int:
        """Keep what was delivered, once: how many of them are new."""
        with self._writing() as connection:
            last, at = source_state.c.last_notice, microseconds(now)
            known = (source_state.c.source == source, (last < at - _SECOND) | last.is_(None))
            if connection.execute(select(last).where(*known)).first() is not None:
                # Not with every notice: all of a source would wait for this one row.
                connection.execute(update(source_state).where(*known).values(last_notice=at))
            return sum(self._arrived(connection, source, each, now) for each in arrivals)

    def _arrived(
        self, connection: Connection, source: str, arrival: Arrival, now: datetime
    ) -> bool:
        insert = inserting(connection)(notice).values(notice_values(source, arrival, now))
        new = connection.execute(insert.on_conflict_do_nothing().returning(notice.c.seq)).first()
        if new is not None:
            return True
        if not arrival.key.startswith(_CONTENT) or self._newest(connection, source, arrival):
            return False
        # Content that came before, and something else since: only the source knows which stands.
        ask = Arrival(Happening.CHANGED, arrival.type, arrival.id)
        connection.execute(inserting(connection)(notice).values(notice_values(source, ask, now)))
        return True

    def _newest(self, connection: Connection, source: str, arrival: Arrival) -> bool:
        last = (
            select(notice.c.key)
            .where(
                notice.c.source == source, notice.c.type == arrival.type, notice.c.id == arrival.id
            )
            .order_by(notice.c.seq.desc())
            .limit(1)
        )
        return connection.scalar(last) == arrival.key

    def claim_notices(self, source: str, now: datetime, lease: timedelta, limit: int) -> list[Kept]:
        """The oldest notices that are due, for the caller alone until the lease ends."""
        met = and_(notice.c.source == source, _WAITING)
        rows = self._claimed(notice, met, notice.c.seq, now, lease, limit)
        return sorted((kept_of(row) for row in rows), key=lambda kept: kept.seq)

    def settle(self, settled: Sequence[Settlement]) -> None:
        """Tell what became of notices that change nothing in the record."""
        if settled:
            with self._writing() as connection:
                settle(connection, settled)

    def put_off(self, seqs: Collection[int], due: datetime, reason: str, failed: bool) -> None:
        """Give notices back, to be worked on when they are due."""
        if seqs:
            back = update(notice).where(notice.c.seq.in_(seqs), _WAITING)
            with self._writing() as connection:
                connection.execute(
                    back.values(
                        due=microseconds(due),
                        reason=reason,
                        tries=notice.c.tries + int(failed),
                        claim="",
                        claimed_until=0,
                    )
                )

    def seen(self, source: str, resources: Collection[tuple[str, str]]) -> dict[str, Seen]:
        """`Type/id` at the source -> the newest that was taken of it."""
        named = tuple_(seen.c.type, seen.c.id).in_(list(resources))
        with self._reading() as connection:
            rows = connection.execute(select(seen).where(seen.c.source == source, named))
            return {f"{row.type}/{row.id}": seen_of(row) for row in rows}

    def seen_as(self, source: str, kept: Collection[tuple[str, str]]) -> dict[str, Seen]:
        """The same by `Type/id` in our record."""
        named = tuple_(seen.c.type, seen.c.kept).in_(list(kept))
        with self._reading() as connection:
            rows = connection.execute(select(seen).where(seen.c.source == source, named))
            return {f"{row.type}/{row.kept}": seen_of(row) for row in rows}

    def seen_of(self, source: str, patient: str) -> list[Seen]:
        """All that stands of a patient's record at the source."""
        met = (seen.c.source == source, seen.c.patient == patient, seen.c.gone.is_(False))
        with self._reading() as connection:
            return [seen_of(row) for row in connection.execute(select(seen).where(*met))]

    def notices(
        self, source: str = "", state: State = State.QUARANTINED, limit: int = 100, after: int = 0
    ) -> list[Kept]:
        """Notices of a state, in the order they came."""
        met = [notice.c.state == state.value, notice.c.seq > after]
        met += [notice.c.source == source] if source else []
        wanted = select(notice).where(*met).order_by(notice.c.seq).limit(limit)
        with self._reading() as connection:
            return [kept_of(row) for row in connection.execute(wanted)]

    def notice(self, seq: int) -> Kept | None:
        """One notice."""
        with self._reading() as connection:
            row = connection.execute(select(notice).where(notice.c.seq == seq)).one_or_none()
        return kept_of(row) if row else None

    def move(self, seqs: Collection[int], state: State, reason: str, now: datetime) -> int:
        """Replay (waiting) or dismiss notices that are in quarantine: how many were."""
        met = [notice.c.seq.in_(list(seqs)), notice.c.state == State.QUARANTINED.value]
        values = {"state": state.value, "reason": reason, "due": microseconds(now), "tries": 0}
        if state is State.WAITING:
            # What could not be read, or names no resource, is nothing to work on.
            names = or_(notice.c.id != "", notice.c.happening == Happening.SOMETHING.value)
            met += [notice.c.happening != "", names]
            values["method"] = REPLAYED
        held = update(notice).where(*met)
        with self._writing() as connection:
            return connection.execute(held.values(**values, claim="", claimed_until=0)).rowcount
