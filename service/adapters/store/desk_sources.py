"""What is known of the sources: their state, their subscriptions, and how much there is of what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from service.adapters.store.connected import Connected
from service.adapters.store.exchange_rows import (
    channel_of,
    channel_values,
    missing_of,
    moment,
    state_of,
    state_values,
)
from service.adapters.store.exchanged import READ_AGAIN, inserting, owe
from service.adapters.store.rows import microseconds
from service.adapters.store.tables import channel, delivered, feed, notice, outbox, source_state
from service.usecases.exchange.desk import Channel, Counts, SourceState, State
from service.usecases.record.along import Missing


class SourceDesk(Connected):
    """The part of the Desk that is about the sources themselves."""

    def settle_in(self, sources: Sequence[tuple[str, str, str | None]]) -> None:
        """Know these sources: (name, base, prefix or None); a prefix never changes afterwards."""
        with self._writing() as connection:
            rows = connection.execute(select(source_state.c.source, source_state.c.prefix))
            known = {row.source: row.prefix for row in rows}
            bases = {base: known[name] for name, base, _ in sources if name in known}
            for name, base, prefix in sources:
                if name in known:
                    continue
                if prefix is None and base in bases:
                    prefix = bases[base]
                elif prefix is None:
                    prefix = f"{name}." if "" in known.values() else ""
                values = state_values(_as_new(name, prefix))
                insert = inserting(connection)(source_state).values(values)
                connection.execute(insert.on_conflict_do_nothing())
                known[name] = bases[base] = prefix

    def aim(self, source: str, target: str, now: datetime) -> None:
        """Plans go to this base from now on; a new one is owed those of every patient."""
        this = source_state.c.source == source
        with self._reading() as connection:
            if connection.scalar(select(source_state.c.target).where(this)) in (None, target):
                return
        with self._writing() as connection:
            connection.execute(delete(delivered).where(delivered.c.source == source))
            new = {"target": target, "addressing": "", "published": "", "publish_said": ""}
            connection.execute(update(source_state).where(this).values(**new))
            told = select(feed.c.patient).where(feed.c.source == source)
            owed = [(source, patient) for patient in connection.scalars(told)]
            owe(connection, owed, microseconds(now))

    def state(self, source: str) -> SourceState:
        """How it stands; of a source that was never settled in, as it begins."""
        wanted = select(source_state).where(source_state.c.source == source)
        with self._reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return state_of(row) if row else SourceState(source)

    def prefix(self, source: str) -> str:
        """What the source's ids begin with in our record; it never changes."""
        if source not in self._prefixes:
            wanted = select(source_state.c.prefix).where(source_state.c.source == source)
            with self._reading() as connection:
                found = connection.scalar(wanted)
            if found is None:
                return ""  # it is not settled in yet
            self._prefixes[source] = found
        return self._prefixes[source]

    def note(self, source: str, **fields: object) -> None:
        """Change fields of its SourceState."""
        one = update(source_state).where(source_state.c.source == source)
        with self._writing() as connection:
            connection.execute(one.values(state_values(fields)))

    def missing(self, source: str, patient: str) -> tuple[Missing, ...] | None:
        """What could not be read of a patient's record; None when the source never told of him."""
        wanted = select(feed.c.missing).where(feed.c.source == source, feed.c.patient == patient)
        with self._reading() as connection:
            text = connection.scalar(wanted)
        return None if text is None else missing_of(text)

    def was_read(self, source: str, patient: str, since: datetime) -> bool:
        """Whether all that can be read of the patient's record was read at or after a time."""
        read = select(feed.c.patient).where(
            feed.c.source == source,
            feed.c.patient == patient,
            feed.c.read >= microseconds(since),
            feed.c.again.is_(None),
        )
        with self._reading() as connection:
            return connection.execute(read).first() is not None

    def to_read_again(self, source: str, now: datetime, limit: int) -> list[str]:
        """Patients of whose record something may be readable now, the longest waiting first."""
        at = microseconds(now)
        due = (feed.c.source == source, feed.c.again <= at)
        with self._reading() as connection:
            if connection.execute(select(feed.c.patient).where(*due).limit(1)).first() is None:
                return []
        with self._writing() as connection:
            wanted = select(feed.c.patient).where(*due).order_by(feed.c.again).limit(limit)
            found = connection.scalars(wanted.with_for_update(skip_locked=True)).all()
            later = update(feed).where(feed.c.source == source, feed.c.patient.in_(found))
            connection.execute(later.values(again=microseconds(now + READ_AGAIN)))
        return list(found)

    def channels(self, source: str) -> list[Channel]:
        """The Subscriptions that notified us."""
        wanted = select(channel).where(channel.c.source == source).order_by(channel.c.subscription)
        with self._reading() as connection:
            return [channel_of(row) for row in connection.execute(wanted)]

    def keep_channel(self, source: str, known: Channel) -> None:
        """As it is known now."""
        values = channel_values(source, known)
        key = ("source", "subscription")
        with self._writing() as connection:
            insert = inserting(connection)(channel).values(values)
            rest = {name: value for name, value in values.items() if name not in key}
            connection.execute(insert.on_conflict_do_update(index_elements=key, set_=rest))

    def counts(self, source: str) -> Counts:
        """How much there is of what."""
        theirs = notice.c.source == source
        waiting = (theirs, notice.c.state == State.WAITING.value)
        owing = (outbox.c.source == source, outbox.c.wanted > outbox.c.sent)
        parked = outbox.c.state == "parked"
        by_state = select(notice.c.state, func.count()).where(theirs).group_by(notice.c.state)
        told = (feed.c.source == source,)
        with self._reading() as connection:
            return Counts(
                notices={row[0]: row[1] for row in connection.execute(by_state)},
                oldest_waiting=moment(
                    connection.scalar(select(func.min(notice.c.received)).where(*waiting))
                ),
                owed=connection.scalar(select(func.count()).where(*owing, ~parked)) or 0,
                oldest_owed=moment(
                    connection.scalar(select(func.min(outbox.c.since)).where(*owing))
                ),
                parked=connection.scalar(select(func.count()).where(*owing, parked)) or 0,
                patients=connection.scalar(select(func.count()).where(*told)) or 0,
                incomplete=connection.scalar(
                    select(func.count()).where(*told, feed.c.missing != "[]")
                )
                or 0,
            )


def _as_new(source: str, prefix: str) -> dict[str, object]:
    """The columns of a source of which nothing is known yet."""
    return {
        "source": source,
        "prefix": prefix,
        "target": "",
        "last_notice": None,
        "caught_up": None,
        "checked": None,
        "addressing": "",
        "failing_since": None,
        "said": "",
        "published": "",
        "publish_due": None,
        "publish_said": "",
    }
