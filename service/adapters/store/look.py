"""Reading the record: one consistent look on one connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, bindparam, func, or_, select, tuple_

from service.adapters.store import audits, removing
from service.adapters.store.exchanged import feeds
from service.adapters.store.rows import microseconds, newest, version_of, versions
from service.adapters.store.search import found
from service.adapters.store.tables import resource, search_value, version
from service.core.audit import Audit
from service.fhir.search_values import fitted
from service.fhir.version import FhirVersion
from service.usecases.record.along import Missing
from service.usecases.record.audit_query import AuditQuery, Audits
from service.usecases.record.port import Found, Version
from service.usecases.record.query import Query

#: Statements of every change, made once: SQLAlchemy takes longer to make one than to run it.
_AT = newest().where(tuple_(resource.c.type, resource.c.id).in_(bindparam("at", expanding=True)))
_RECORDS = (
    newest()
    .where(
        resource.c.patient.in_(bindparam("patients", expanding=True)),
        resource.c.deleted.is_(False),
    )
    .order_by(resource.c.pk)
)
_ALIKE = (
    newest()
    .where(
        resource.c.digest == bindparam("digest"),
        resource.c.type == bindparam("type"),
        resource.c.deleted.is_(False),
    )
    .order_by(resource.c.pk)
    .limit(1)
)
_IDENTIFIED = (
    select(resource.c.id)
    .join(search_value, search_value.c.resource == resource.c.pk)
    .where(
        search_value.c.type == "Patient",
        search_value.c.name == "identifier",
        search_value.c.value == bindparam("value"),
        func.coalesce(search_value.c.system, "") == bindparam("system"),
        resource.c.deleted.is_(False),
    )
    .distinct()
)


class Look:
    """The Reader of the port, within the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._current: dict[str, Version | None] = {}
        self._records: dict[str, list[Version]] = {}

    def gather(self, references: Collection[str] = (), patients: Collection[str] = ()) -> None:
        """Read these together, so that each need not be asked for alone."""
        asked = [r for r in references if r not in self._current]
        if asked:
            self._current |= dict.fromkeys(asked)
            rows = self._connection.execute(_AT, {"at": [tuple(r.split("/", 1)) for r in asked]})
            self._current |= {v.reference: v for v in map(version_of, rows)}
        whose = [key for key in patients if key not in self._records]
        if whose:
            self._records |= {key: [] for key in whose}
            for row in self._connection.execute(_RECORDS, {"patients": whose}):
                self._records[row.of].append(version_of(row))

    def current(self, kind: str, id: str) -> Version | None:
        """The newest version, which may be a deletion."""
        if f"{kind}/{id}" in self._current:
            return self._current[f"{kind}/{id}"]
        wanted = newest().where(resource.c.type == kind, resource.c.id == id)
        row = self._connection.execute(wanted).one_or_none()
        return version_of(row) if row else None

    def version(self, kind: str, id: str, number: int) -> Version | None:
        """One version."""
        wanted = versions().where(
            resource.c.type == kind, resource.c.id == id, version.c.number == number
        )
        row = self._connection.execute(wanted).one_or_none()
        return version_of(row) if row else None

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
        """Versions, the newest first. at: those that stood then, one a resource."""
        readable = or_(resource.c.derived, version.c.release == release.value)
        wanted = versions().where(readable)
        if kind:
            wanted = wanted.where(resource.c.type == kind)
        if id:
            wanted = wanted.where(resource.c.id == id)
        if since:
            wanted = wanted.where(version.c.updated >= microseconds(since))
        if at:
            later = version.alias("later")
            newer = (
                select(later.c.seq)
                .where(
                    later.c.resource == version.c.resource,
                    later.c.number > version.c.number,
                    later.c.updated <= microseconds(at),
                )
                .exists()
            )
            wanted = wanted.where(version.c.updated <= microseconds(at), ~newer)
        total = self._connection.scalar(select(func.count()).select_from(wanted.subquery()))
        page = wanted.order_by(version.c.updated.desc(), version.c.seq.desc())
        rows = self._connection.execute(page.limit(count).offset(offset))
        told = [version_of(row) for row in rows]
        return Found(told, total, more=offset + len(told) < (total or 0))

    def evidence(self, patient: str) -> list[Version]:
        """The newest versions of all that is kept in a patient's record and not deleted."""
        return self._standing(patient, derived=False)

    def derived(self, patient: str) -> list[Version]:
        """The newest version of all that was derived for a patient."""
        return self._standing(patient, derived=True)

    def _standing(self, patient: str, derived: bool) -> list[Version]:
        self.gather(patients=[patient])
        return [v for v in self._records[patient] if v.derived is derived]

    def evidence_ever(self, patient: str) -> list[tuple[Version, ...]]:
        """Every version of each resource that is or was in the record, oldest first."""
        theirs = select(version.c.resource).where(version.c.patient == patient)
        wanted = (
            versions()
            .where(resource.c.pk.in_(theirs), resource.c.derived.is_(False))
            .order_by(resource.c.pk, version.c.number)
        )
        rows = [version_of(row) for row in self._connection.execute(wanted)]
        return [tuple(group) for _, group in groupby(rows, key=lambda v: v.reference)]

    def feeds(self, patients: Collection[str]) -> dict[str, dict[str, tuple[Missing, ...]]]:
        """Patient -> source that tells of him -> what could not be read of his record there."""
        return feeds(self._connection, patients)

    def with_digest(self, kind: str, patient: str | None, digest: bytes) -> Version | None:
        """The resource of this content in the patient's record, the oldest when there are more."""
        if patient is not None:  # the whole record is wanted soon anyway
            self.gather(patients=[patient])
            theirs = self._records[patient]
            return next((v for v in theirs if v.digest == digest and v.type == kind), None)
        row = self._connection.execute(_ALIKE, {"digest": digest, "type": kind}).one_or_none()
        return version_of(row) if row else None

    def patients_identified(self, system: str, value: str) -> list[str]:
        """`Patient/id` of each Patient that has the identifier."""
        named = {"value": fitted(value.strip()), "system": fitted(system)}
        return [f"Patient/{id}" for id in self._connection.scalars(_IDENTIFIED, named)]

    def by_ids(self, references: Iterable[str]) -> list[Version]:
        """The newest versions at `Type/id`, without those that are deleted."""
        wanted = list(references)
        self.gather(wanted)
        found = [self._current[reference] for reference in wanted]
        return [version for version in found if version and not version.deleted]

    def referring(self, reference: str) -> list[Version]:
        """The newest versions of all that refers to `Type/id` in what it can be found by."""
        pointing = select(search_value.c.resource).where(search_value.c.value == reference)
        wanted = newest().where(resource.c.pk.in_(pointing), resource.c.deleted.is_(False))
        return [version_of(row) for row in self._connection.execute(wanted)]

    def find(self, query: Query) -> Found:
        """What meets a query, in its order."""
        pks, total, more = found(self._connection, query)
        rows = self._connection.execute(newest().where(resource.c.pk.in_(pks))) if pks else []
        by_pk = {row.pk: version_of(row) for row in rows}
        return Found([by_pk[pk] for pk in pks], total, more)

    def references_of(self, patient: str) -> list[str]:
        """`Type/id` of all that is in a patient's record, deleted or derived too."""
        return removing.references_of(self._connection, patient)

    def audit(self, id: str) -> Audit | None:
        """What was told under an id."""
        return audits.one(self._connection, id)

    def audits(self, query: AuditQuery) -> Audits:
        """What meets a search of the audit log."""
        return audits.found(self._connection, query)

    def audit_log(self, since: datetime | None) -> Iterator[Audit]:
        """All that was told from a time on, in that order; few are held at once."""
        return audits.log(self._connection, since)

    def pruned_until(self) -> str:
        """Until when what once stood may be gone, an instant in UTC; empty when nothing is."""
        return audits.pruned_until(self._connection)
