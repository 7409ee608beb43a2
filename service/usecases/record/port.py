"""What the record needs of a store, in plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.core.audit import Audit
from service.fhir.search_values import SearchValue
from service.fhir.version import FhirVersion
from service.usecases.record.along import Exchanged, Missing
from service.usecases.record.audit_query import AuditQuery, Audits
from service.usecases.record.query import Query
from service.usecases.record.removal import Removal, Removed


class Method(StrEnum):
    """How a version came to be, as a history Bundle says it."""

    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource as it is kept.

    release: the FHIR version it came in. updated: in UTC. body: what arrived, byte for byte; of
    what we derived the R4 form, and body_r5 the R5 form; None when it is a deletion. links: a
    reference as sent -> what it was resolved to. patient: the key of whose record it is in, empty
    for nobody's. digest: of the content, without id and meta.
    """

    type: str
    id: str
    number: int
    release: FhirVersion
    updated: datetime
    method: Method
    patient: str
    body: bytes | None
    body_r5: bytes | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    derived: bool = False
    digest: bytes = b""

    @property
    def deleted(self) -> bool:
        """Whether it is a deletion."""
        return self.body is None

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be kept, and what it can be found by (nothing when it is a deletion)."""

    version: Version
    found_by: Sequence[SearchValue] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that one request changes: kept together or not at all.

    patients: keys whose record changes. moved: resource (`Type/id`) -> the key of the record that
    it belongs to from now on, without a version of its own. exchanged: what other servers are owed,
    and what became of what they told us.
    """

    versions: Sequence[NewVersion] = ()
    audits: Sequence[Audit] = ()
    patients: Collection[str] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    exchanged: Exchanged | None = None


class Moved(Exception):
    """What was read has been changed by someone else meanwhile: read again, and with these keys."""

    def __init__(self, keys: Collection[str] = ()) -> None:
        super().__init__("the record has changed")
        self.keys = frozenset(keys)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the versions of one page, and how many there are (None: not asked)."""

    versions: Sequence[Version]
    total: int | None
    more: bool


class Reader(Protocol):
    """One consistent look at the record."""

    def gather(self, references: Collection[str] = (), patients: Collection[str] = ()) -> None:
        """Read these `Type/id` and records together, so that each need not be asked for alone."""

    def current(self, kind: str, id: str) -> Version | None:
        """The newest version, which may be a deletion."""

    def version(self, kind: str, id: str, number: int) -> Version | None:
        """One version."""

    def history(
        self,
        kind: str,
        id: str,
        since: datetime | None,
        at: datetime | None,
        count: int,
        offset: int,
        release: FhirVersion,
    ) -> Found:
        """Versions, the newest first, of one resource, of a type (id empty) or of all.

        Evidence of another FHIR version than `release` is left out.
        """

    def evidence(self, patient: str) -> list[Version]:
        """The newest versions of all that is kept in a patient's record and not deleted."""

    def evidence_ever(self, patient: str) -> list[tuple[Version, ...]]:
        """Every version of each resource that is or was in a patient's record, oldest first."""

    def derived(self, patient: str) -> list[Version]:
        """The newest version of all that was derived for a patient."""

    def feeds(self, patients: Collection[str]) -> Mapping[str, Mapping[str, Sequence[Missing]]]:
        """Patient -> source that tells of him -> what could not be read of his record there."""

    def with_digest(self, kind: str, patient: str | None, digest: bytes) -> Version | None:
        """The resource of this content in the patient's record (None: anyone's), if there is."""

    def patients_identified(self, system: str, value: str) -> list[str]:
        """`Patient/id` of each Patient that has the identifier; system empty for none."""

    def by_ids(self, references: Iterable[str]) -> list[Version]:
        """The newest versions at `Type/id`, without those that are deleted."""

    def referring(self, reference: str) -> list[Version]:
        """The newest versions of evidence that refers to `Type/id`."""

    def find(self, query: Query) -> Found:
        """What meets a query, in its order."""

    def references_of(self, patient: str) -> list[str]:
        """`Type/id` of all that is in a patient's record, deleted or derived too."""

    def audit(self, id: str) -> Audit | None:
        """What was told under an id."""

    def audits(self, query: AuditQuery) -> Audits:
        """What meets a search of the audit log."""

    def audit_log(self, since: datetime | None) -> Iterator[Audit]:
        """All that was told from a time on, in that order; few are held at once."""

    def pruned_until(self) -> str:
        """Until when what once stood may be gone, an instant in UTC; empty when nothing is."""


class Unit(Reader, Protocol):
    """A look at the record that ends with a change, or with nothing."""

    def hold(self, keys: Collection[str]) -> None:
        """Have these patients to oneself until the change; Moved when that takes a new look."""

    def apply(self, changes: Changes) -> None:
        """Keep all of it or nothing; Moved when what was read no longer stands."""

    def remove(self, removal: Removal) -> Removed:
        """Remove a patient for good, in a change that is alone."""


class Store(Protocol):
    """Where the record is kept."""

    def reading(self) -> AbstractContextManager[Reader]:
        """A consistent look."""

    def changing(self, keys: Collection[str], alone: bool) -> AbstractContextManager[Unit]:
        """A look for a change. keys: what to have to oneself. alone: nobody else changes anything
        meanwhile, where the store can do no better."""

    def prune(self, before: datetime, told: Audit) -> Iterator[Removed]:
        """Remove what no longer stood at a time: how much, after each of many transactions."""

    def trouble(self) -> str:
        """Why the record cannot be used, a sentence for who runs the service; empty when it can."""
