"""What a resource says of its own version."""

from __future__ import annotations

from typing import Any

from service.fhir.notices.content import updated_of, version_of
from service.usecases.record.along import Seen


def seen_in(resource: dict[str, Any], kept: str) -> Seen:
    """kept: its id in our record."""
    return Seen(
        type=resource["resourceType"],
        id=resource["id"],
        kept=kept,
        version=version_of(resource),
        updated=updated_of(resource),
    )
