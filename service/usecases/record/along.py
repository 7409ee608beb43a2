"""What comes with a change of the record when another FHIR server told us of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.core.errors import Her2Error


class Overtaken(Her2Error):
    """Another worker took a version of the same resource meanwhile: decide again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest that was taken of a resource of a source.

    type, id: as the source has it, kept: its id in our record. version, updated: as the source
    says them, empty and None when it does not. gone: it was deleted there.
    """

    type: str
    id: str
    kept: str
    version: str = ""
    updated: datetime | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A version of a source's resource that was taken. before: what was known of it when that was
    decided. patient: in whose record it is, empty for nobody's."""

    new: Seen
    before: Seen | None
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """What of a patient's record at a source could not be read. transient: it may be later."""

    type: str
    said: str
    transient: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a notice. patient: in whose record what it brought is, empty: nobody's."""

    seq: int
    state: str
    reason: str = ""
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Along:
    """What a source's notices bring with a change.

    worked: place among the interactions -> the notices that it settles. settled: of notices that
    ask for no change. taken: place among the interactions -> the version that it takes. missing:
    patient -> all that could not be read of his record, for those whose record was asked for.
    again: patients to be assessed again although nothing of theirs changed. read: when it was begun
    to ask for the record. admitted: each interaction has passed `admit`, which reads it whole.
    """

    source: str = ""
    worked: Mapping[int, Sequence[int]] = field(default_factory=dict)
    settled: Sequence[Settlement] = ()
    taken: Mapping[int, Taken] = field(default_factory=dict)
    missing: Mapping[str, tuple[Missing, ...]] = field(default_factory=dict)
    again: Collection[str] = ()
    read: datetime | None = None
    admitted: bool = False


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a change tells the exchange with other servers, kept with it or not at all.

    fed: patients of whom `source` told. missing: patient -> what replaces what was missing of him,
    asked for at `read`. owed: (source, patient) that is to hear of what is derived, since `now`.
    """

    source: str
    now: datetime
    notices: Sequence[Settlement] = ()
    taken: Sequence[Taken] = ()
    fed: Collection[str] = ()
    missing: Mapping[str, tuple[Missing, ...]] = field(default_factory=dict)
    owed: Sequence[tuple[str, str]] = ()
    read: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.notices or self.taken or self.fed or self.missing or self.owed)
