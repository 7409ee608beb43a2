"""When two notices are the same one, delivered twice."""

from __future__ import annotations

from hashlib import sha256

from service.fhir.json import encode_in_order
from service.fhir.notices.notice import ChannelWord, Happening, Notice


def key_of(notice: Notice, channel: ChannelWord | None) -> str:
    """Equal for a repeated delivery; empty for a notice that is never a duplicate.

    Within one source. By the version, else by the event and what it says, else by what it says.
    An event's number alone proves nothing: HAPI counts from 1 again when it restarts, and each of
    its nodes counts by itself (wire-facts (b)). A deletion is content enough where the event's
    time of day is with its number (HAPI says the day alone).
    """
    named = f"{notice.type}/{notice.id}"
    deleted = notice.happening is Happening.DELETED
    if notice.version:
        return f"{'d' if deleted else 'v'}|{named}|{notice.version}"
    subscription = channel.subscription if channel else ""
    if deleted:
        counted = notice.number is not None and "T" in notice.at
        return f"d|{named}|{subscription}|{notice.number}|{notice.at}" if counted else ""
    if notice.resource is None:
        return ""
    content = sha256(encode_in_order(notice.resource)).hexdigest()
    if notice.number is not None:
        return f"e|{subscription}|{notice.number}|{notice.at}|{content}"
    return f"h|{named}|{content}"
