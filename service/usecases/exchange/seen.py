"""What a resource says of its own version."""

from __future__ import annotations

from typing import Any

from service.fhir.moments import moment
from service.usecases.record.along import Seen


def seen_in(resource: dict[str, Any], kept: str) -> Seen:
    """kept: its id in our record."""
    meta = resource.get("meta") or {}
    updated = moment(meta.get("lastUpdated"))
    return Seen(
        type=resource["resourceType"],
        id=resource["id"],
        kept=kept,
        version=str(meta.get("versionId", "")),
        updated=updated.instant if updated else None,
    )
