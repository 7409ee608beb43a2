"""What is asked of the record, one resource at a time, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.core.assessment import Remark
from service.core.errors import RequestRefused
from service.usecases.record.port import Method, Version


@dataclass(frozen=True, slots=True)
class Interaction:
    """One create, update or delete.

    id: empty where the record or `criteria` say. criteria: of a conditional interaction, the
    search (`identifier=a|b`). if_match: the version that must stand, empty for any. resource:
    decoded, body: as it arrived. where: its place in what was posted. full_url: of its entry.
    """

    method: Method
    kind: str
    id: str = ""
    criteria: str = ""
    if_match: str = ""
    resource: dict[str, Any] | None = None
    body: bytes = b""
    where: str = ""
    full_url: str = ""


class Came(StrEnum):
    """What came of an interaction."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Done:
    """version: as it stands now; None where nothing was there to delete."""

    came: Came
    version: Version | None = None
    remarks: tuple[Remark, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an interaction of a batch was refused; the others stand by themselves."""

    error: RequestRefused
