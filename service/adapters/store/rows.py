"""Rows of the tables to plain values and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select

from service.adapters.store.tables import resource, version
from service.core.audit import Audit
from service.fhir.version import FhirVersion
from service.usecases.record.port import Method, Version

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """UTC microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(count: int) -> datetime:
    """The time that `microseconds` made a number of."""
    return _EPOCH + timedelta(microseconds=count)


def versions() -> Select[Any]:
    """What `version_of` reads: every version with its resource."""
    return select(
        resource.c.pk,
        resource.c.type,
        resource.c.id,
        resource.c.derived,
        resource.c.digest,
        resource.c.patient.label("of"),
        version.c.number,
        version.c.release,
        version.c.updated,
        version.c.method,
        version.c.patient,
        version.c.body,
        version.c.body_r5,
        version.c.links,
    ).join_from(version, resource, version.c.resource == resource.c.pk)


def newest() -> Select[Any]:
    """The same of the newest version of each resource."""
    return versions().where(version.c.number == resource.c.number)


def version_of(row: Row[Any]) -> Version:
    """A row of `versions`."""
    return Version(
        type=row.type,
        id=row.id,
        number=row.number,
        release=FhirVersion(row.release),
        updated=moment_of(row.updated),
        method=Method(row.method),
        patient=row.patient,
        body=row.body,
        body_r5=row.body_r5,
        links=json.loads(row.links) if row.links else {},
        derived=row.derived,
        digest=row.digest,
    )


def resource_values(new: Version) -> dict[str, Any]:
    """The columns of `resource` that a new version sets."""
    return {
        "type": new.type,
        "id": new.id,
        "number": new.number,
        "updated": microseconds(new.updated),
        "release": new.release.value,
        "patient": new.patient,
        "derived": new.derived,
        "deleted": new.deleted,
        "digest": new.digest,
    }


def version_values(new: Version, pk: int) -> dict[str, Any]:
    """The columns of `version`."""
    return {
        "resource": pk,
        "number": new.number,
        "updated": microseconds(new.updated),
        "release": new.release.value,
        "patient": new.patient,
        "method": new.method.value,
        "body": new.body,
        "body_r5": new.body_r5,
        "links": json.dumps(dict(new.links)) if new.links else "",
    }


def audit_values(told: Audit) -> Mapping[str, Any]:
    """The columns of `audit`."""
    return {
        "id": told.id,
        "recorded": microseconds(told.recorded),
        "action": told.action,
        "interaction": told.interaction,
        "outcome": told.outcome,
        "type": told.type,
        "target": told.target,
        "number": told.number,
        "patient": told.patient,
        "agent": told.agent,
        "network": told.network,
        "request": told.request,
        "base": told.base,
    }


def audit_of(row: Row[Any]) -> Audit:
    """A row of `audit`."""
    return Audit(
        id=row.id,
        recorded=moment_of(row.recorded),
        action=row.action,
        interaction=row.interaction,
        type=row.type,
        target=row.target,
        number=row.number,
        patient=row.patient,
        agent=row.agent,
        network=row.network,
        request=row.request,
        base=row.base,
        outcome=row.outcome,
    )
