"""Notifications by topic: events, each with its focus, and the entries that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.fhir.notices.address import Address, address_in
from service.fhir.notices.bundles import read_entries
from service.fhir.notices.entry import Entry, entry_of, notice_of
from service.fhir.notices.notice import Delivery, Happening, Notice
from service.fhir.notices.parts import list_at, not_fhir, text_at
from service.fhir.notices.status import Event, Status, is_status, status_of

_STATUS_AT = "Bundle.entry[0].resource"
#: Kinds that tell of no event, whatever else is in them.
_WITHOUT_EVENTS = ("handshake", "heartbeat", "query-status")


def is_notification(bundle: Mapping[str, Any]) -> bool:
    """Whether its first entry is the status of a subscription.

    Bundle.type does not tell: a notification of R4 and R4B is a history like any other. Yet
    Parameters in a transaction are a patch.
    """
    if text_at(bundle, "type") in ("transaction", "batch"):
        return False
    first = next(iter(list_at(bundle, "entry")), None)
    return isinstance(first, dict) and is_status(first.get("resource"))


def read_notification(bundle: Mapping[str, Any]) -> Delivery:
    """One notice an event, in the order of the events.

    Subscriptions R5 Backport, payloads; R5 subscriptions.html. A focus without its resource
    (id-only) is CHANGED and has to be fetched; an event without a focus (empty) is SOMETHING.
    Entries that are nobody's focus are context, and left alone.
    """
    entries = list_at(bundle, "entry")
    status = status_of(entries[0]["resource"], _STATUS_AT)
    if status.channel.kind in _WITHOUT_EVENTS:
        return Delivery(channel=status.channel)
    if any(event.focus for event in status.events):
        return Delivery(tuple(_by_focus(status.events, entries[1:])), status.channel)
    return Delivery(_without_focus(status, entries[1:]), status.channel)


def _without_focus(status: Status, others: Sequence[object]) -> tuple[Notice, ...]:
    """What the other entries say, as servers of the backport's first ballot meant it."""
    events = status.events
    if others:
        notices = read_entries(others, first=1)
        if len(notices) == len(events):
            return tuple(_counted(n, e) for n, e in zip(notices, events, strict=True))
        return notices
    if not events and status.channel.kind == "event-notification":
        return (Notice(Happening.SOMETHING, where=_STATUS_AT),)
    return tuple(_counted(Notice(Happening.SOMETHING, where=e.where), e) for e in events)


def _by_focus(events: Iterable[Event], others: Sequence[object]) -> Iterable[Notice]:
    """The notice of each event, with the entry that its focus names.

    A batch may tell several changes of one resource: its entries are given to the events in
    turn, and the last one again where only the newest state was sent.
    """
    waiting = _by_name(others)
    for event in events:
        if not event.focus:
            yield _counted(Notice(Happening.SOMETHING, where=event.where), event)
            continue
        address = address_in(event.focus)
        entry = _next(waiting, address, event.focus)
        if address is None and entry is None:
            text = "The focus is no reference to a resource, and no entry has its address."
            raise not_fhir(text, f"{event.where}.focus", "value")
        yield _counted(_notice(address, entry, event), event)


def _by_name(others: Sequence[object]) -> dict[str, list[Entry]]:
    """The entries by what a focus may call them: Type/id with and without version, or a urn."""
    waiting: dict[str, list[Entry]] = {}
    for i, other in enumerate(others, 1):
        entry = entry_of(other, f"Bundle.entry[{i}]")
        names = [_named(entry.type, entry.id), _named(entry.type, entry.id, entry.version)]
        if address_in(entry.full_url) is None:
            names.append(entry.full_url)
        for name in names:
            waiting.setdefault(name, []).append(entry)
    return waiting


def _next(waiting: dict[str, list[Entry]], address: Address | None, focus: str) -> Entry | None:
    """The next entry for this focus: of its version, else of one that the entry does not say."""
    if address is None:
        names = [focus]
    elif address.version:
        names = [_named(address.type, address.id, v) for v in (address.version, "")]
    else:
        names = [_named(address.type, address.id)]
    entries: list[Entry] = next((waiting[name] for name in names if name in waiting), [])
    if len(entries) > 1:
        return entries.pop(0)
    return entries[0] if entries else None


def _named(kind: str, id: str, version: str | None = None) -> str:
    """version: None for whichever, empty for unknown."""
    return f"{kind}/{id}" if version is None else f"{kind}/{id}/_history/{version}"


def _notice(address: Address | None, entry: Entry | None, event: Event) -> Notice:
    if entry is not None:
        notice = notice_of(entry)
        return replace(notice, version=notice.version or (address.version if address else ""))
    assert address is not None
    return Notice(
        Happening.CHANGED,
        type=address.type,
        id=address.id,
        version=address.version,
        where=event.where,
    )


def _counted(notice: Notice, event: Event) -> Notice:
    return replace(notice, number=event.number, at=event.at)
