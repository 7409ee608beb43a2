"""A notice: one thing that a sender says has happened, whatever the form it came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Happening(StrEnum):
    """What is said to have happened."""

    CHANGED = "changed"  # created or updated
    DELETED = "deleted"
    SOMETHING = "something"  # has changed, and it is not said what: one has to look


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened.

    type, id: of the resource, as the sender has it; empty for SOMETHING. version: its
    `meta.versionId` or what else the sender calls its version, updated: its `meta.lastUpdated`;
    empty and None when not said. resource: what came along, decoded, and body the same as bytes
    with the digits as sent; both None when it has to be fetched. number: the event's, in its
    subscription; None when not counted. at: when the event happened, as the sender writes it.
    where: FHIRPath into what was posted.
    """

    happening: Happening
    type: str = ""
    id: str = ""
    version: str = ""
    updated: datetime | None = None
    resource: dict[str, Any] | None = None
    body: bytes | None = None
    number: int | None = None
    at: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class ChannelWord:
    """What a notification says of its own subscription.

    subscription: as sent, `Subscription/1` or an absolute address. kind: handshake, heartbeat,
    event-notification, query-status or query-event. status: of the Subscription (active, error,
    ...), may be empty. so_far: events since the subscription started; None when not said.
    errors: the texts or codes of its `error`.
    """

    subscription: str = ""
    topic: str = ""
    kind: str = ""
    status: str = ""
    so_far: int | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a sender, read.

    channel: None for senders that say nothing of it. answer: JSON that the sender needs back (a
    validation response, or a transaction-response Bundle); None where 204 does.
    """

    notices: tuple[Notice, ...] = ()
    channel: ChannelWord | None = None
    answer: dict[str, Any] | None = field(default=None)
