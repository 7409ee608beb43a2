"""What the exchange with other servers needs of a store, in plain values. Times are in UTC."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from service.fhir.notices.notice import Happening
from service.usecases.record.along import Missing, Seen, Settlement

#: `Arrival.method` of a notice that a person sent back to work from quarantine.
REPLAYED = "REPLAY"


class State(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    DONE = "done"
    STALE = "stale"  # a newer version had come before
    OWN = "own"  # our own output came back
    IGNORED = "ignored"  # of a type that is not taken from this source
    QUARANTINED = "quarantined"
    DISMISSED = "dismissed"  # from quarantine, by a person


@dataclass(frozen=True, slots=True)
class Arrival:
    """A notice to be kept, or a delivery that could not be read (`happening` None).

    key: by which it is known when it comes again, empty when nothing can. body: the resource, or
    all that was delivered where it could not be read; None where it has to be fetched. method:
    HTTP's where it could not be read, REPLAYED where a person sent it back to work.
    """

    happening: Happening | None
    type: str = ""
    id: str = ""
    version: str = ""
    updated: datetime | None = None
    key: str = ""
    body: bytes | None = None
    state: State = State.WAITING
    reason: str = ""
    method: str = ""
    path: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A notice as it is kept. tries: how often working on it failed."""

    seq: int
    source: str
    received: datetime
    arrival: Arrival
    tries: int
    due: datetime

    @property
    def replayed(self) -> bool:
        """Whether a person sent it back to work: what it changed may be settled anew, although
        the record has its content already."""
        return self.arrival.method == REPLAYED


@dataclass(frozen=True, slots=True)
class Owed:
    """A patient whose plans a source has not got yet. claim: of the worker that has it now.

    wanted: counts the changes of what was derived; sent: those that are there. since: when the
    oldest that is not there came to be. said, outcome: why the last try failed, and what the
    server's OperationOutcome said.
    """

    source: str
    patient: str
    wanted: int
    sent: int
    since: datetime
    tries: int
    due: datetime
    parked: bool = False
    said: str = ""
    outcome: str = ""
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A Subscription that notifies us. number: of its last event. missing: first and last number of
    each stretch that did not come, gap_since: when the oldest was missed. heartbeat: seconds, 0
    when it promised none."""

    subscription: str
    number: int | None = None
    missing: tuple[tuple[int, int], ...] = ()
    gap_since: datetime | None = None
    heard: datetime | None = None
    status: str = ""
    heartbeat: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How it stands with a source.

    prefix: of its ids in our record. target: base of the server that plans go to. caught_up: by
    the source's own clock, all that changed before is known; None: never looked. checked: when its
    subscriptions were last looked at. addressing: how plans are written there, `id` or `criteria`,
    empty when not known yet. failing_since, said: since when it cannot be reached, and why.
    published: the edition whose MedicationKnowledge is there. publish_due: not tried before.
    """

    source: str
    prefix: str = ""
    target: str = ""
    last_notice: datetime | None = None
    caught_up: datetime | None = None
    checked: datetime | None = None
    addressing: str = ""
    failing_since: datetime | None = None
    said: str = ""
    published: str = ""
    publish_due: datetime | None = None
    publish_said: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of what for a source. oldest: of what is owed or waits, None for none."""

    notices: Mapping[str, int] = field(default_factory=dict)
    oldest_waiting: datetime | None = None
    owed: int = 0
    oldest_owed: datetime | None = None
    parked: int = 0
    patients: int = 0
    incomplete: int = 0  # patients of whose record something could not be read


class Desk(Protocol):
    """Where notices, what is owed and what is known of the sources are kept.

    What changes with the record itself goes through `Changes.exchanged`, in its transaction.
    """

    def settle_in(self, sources: Sequence[tuple[str, str, str | None]]) -> None:
        """Know these sources: (name, base, prefix or None). A prefix never changes afterwards.

        The first source's ids stay as they are, and those of a source at the same base;
        another's begin with its name and a dot.
        """

    def aim(self, source: str, target: str, now: datetime) -> None:
        """Plans go to this base from now on: where they went elsewhere before, or nowhere, it is
        owed those of every patient of the source."""

    def state(self, source: str) -> SourceState:
        """How it stands; of a source that was never settled in, as it begins."""

    def prefix(self, source: str) -> str:
        """What the source's ids begin with in our record; it never changes."""

    def note(self, source: str, **fields: object) -> None:
        """Change fields of its SourceState."""

    def arrive(self, source: str, arrivals: Sequence[Arrival], now: datetime) -> int:
        """Keep what was delivered, once: how many of them are new."""

    def claim_notices(self, source: str, now: datetime, lease: timedelta, limit: int) -> list[Kept]:
        """The oldest notices that are due, for the caller alone until the lease ends."""

    def settle(self, settled: Sequence[Settlement]) -> None:
        """Tell what became of notices that change nothing in the record."""

    def put_off(self, seqs: Collection[int], due: datetime, reason: str, failed: bool) -> None:
        """Give notices back, to be worked on when they are due; `failed` counts as a try."""

    def seen(self, source: str, resources: Collection[tuple[str, str]]) -> dict[str, Seen]:
        """`Type/id` at the source -> the newest that was taken of it."""

    def seen_as(self, source: str, kept: Collection[tuple[str, str]]) -> dict[str, Seen]:
        """The same by `Type/id` in our record."""

    def seen_of(self, source: str, patient: str) -> list[Seen]:
        """All that stands of a patient's record at the source."""

    def missing(self, source: str, patient: str) -> tuple[Missing, ...] | None:
        """What could not be read of a patient's record; None when the source never told of him."""

    def was_read(self, source: str, patient: str, since: datetime) -> bool:
        """Whether all that can be read of the patient's record was read at or after a time."""

    def to_read_again(self, source: str, now: datetime, limit: int) -> list[str]:
        """Patients of whose record something may be readable now, the longest waiting first; each
        is not named again for a while."""

    def claim_owed(self, source: str, now: datetime, lease: timedelta, limit: int) -> list[Owed]:
        """What is owed and due, for the caller alone until the lease ends."""

    def delivered(self, source: str, patient: str) -> dict[str, int]:
        """`Type/id` -> the version of it that the source has acknowledged."""

    def sending(self, owed: Owed, references: Collection[str], until: datetime) -> bool:
        """These are on their way: from now on the source may have them, whatever we hear.

        The lease lasts until then; False when another worker has it meanwhile.
        """

    def sent(self, owed: Owed, numbers: Mapping[str, int], now: datetime) -> None:
        """It was acknowledged: these versions of what was derived are there now."""

    def put_off_owed(
        self, owed: Owed, due: datetime, said: str, outcome: str = "", parked: bool = False
    ) -> None:
        """It could not be sent."""

    def owed(self, source: str = "", parked: bool | None = None, limit: int = 100) -> list[Owed]:
        """What is owed, the oldest first."""

    def wake(self, source: str, now: datetime) -> None:
        """The server is back: what was put off is due."""

    def unpark(self, now: datetime, source: str = "", patient: str = "") -> int:
        """Try again what was parked, as if it had been owed since now: how many."""

    def channels(self, source: str) -> list[Channel]:
        """The Subscriptions that notified us."""

    def keep_channel(self, source: str, channel: Channel) -> None:
        """As it is known now."""

    def notices(
        self, source: str = "", state: State = State.QUARANTINED, limit: int = 100, after: int = 0
    ) -> list[Kept]:
        """Notices of a state, in the order they came."""

    def notice(self, seq: int) -> Kept | None:
        """One notice."""

    def move(self, seqs: Collection[int], state: State, reason: str, now: datetime) -> int:
        """Replay (waiting) or dismiss notices that are in quarantine: how many were.

        What could not be read at the door, or names no resource, never waits: it is nothing to
        work on.
        """

    def counts(self, source: str) -> Counts:
        """How much there is of what."""
