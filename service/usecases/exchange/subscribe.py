"""Registering our address at a source, so that it notifies us; as often as one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from service.core.errors import ServerRefused, SettingsError
from service.usecases.exchange.channels import keep
from service.usecases.exchange.desk import Channel
from service.usecases.exchange.server import Resource, Searched
from service.usecases.exchange.source import Form, Payload, Source
from service.usecases.exchange.subscription_forms import (
    as_wanted,
    endpoint_of,
    heartbeat_of,
    same_events,
    wanted,
)
from service.usecases.exchange.trading import Trading

#: Seconds between two looks at whether it became active.
PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Subscribed:
    """active: `Subscription/id` of each criterion's. made: how many of them are new. others: other
    Subscriptions that call our address, about something else or once more; they are left alone."""

    active: tuple[str, ...]
    made: int
    others: tuple[str, ...] = ()


def subscribe(trading: Trading, wait: float, sleep: Callable[[float], None]) -> Subscribed:
    """Have a Subscription for each criterion, and wait until the source has activated them.

    One that is there is made to say what the settings say, and activated again where it is not.
    wait: seconds at the longest; sleep: waits so many. Raises SettingsError where the settings do
    not tell enough, ServerAway, and ServerRefused with what the server said.
    """
    source = trading.source
    _check(source)
    there, asked_at = _existing(trading)
    if trading.desk.state(source.name).caught_up is None:
        # Nobody asked for what was before: `her2 catch-up --since` does.
        trading.desk.note(source.name, caught_up=asked_at or trading.clock())
    names, made = [], 0
    for want in wanted(source):
        mine = [resource for resource in there if same_events(resource, want)]
        names.append(_arranged(trading, want, mine))
        made += not mine
    statuses = {name: _activated(trading, name, wait, sleep) for name in names}
    if any(status != "active" for status, _ in statuses.values()):
        raise ServerRefused(_not_active(source, statuses))
    others = {f"Subscription/{resource['id']}" for resource in there} - set(names)
    return Subscribed(tuple(names), made, tuple(sorted(others)))


def _check(source: Source) -> None:
    where = f"[sources.{source.name}]"
    if not source.public_url:
        text = f"{where} public_url must say where this service is reached from the source."
        raise SettingsError(f"{text} It ends in /notify/{source.name}.")
    if source.form is not Form.REST_HOOK and not source.topic:
        raise SettingsError(f"{where} topic must name the SubscriptionTopic to subscribe to.")
    if source.form is Form.REST_HOOK and source.payload is Payload.ID_ONLY:
        text = "id-only is unknown to a plain rest-hook Subscription: it is empty or full-resource."
        raise SettingsError(f'{where} payload {text} With subscription = "backport" it may be all.')


def _existing(trading: Trading) -> tuple[list[Resource], datetime | None]:
    """The Subscriptions that call our address, and when the source looked, by its own clock."""
    endpoint = trading.source.public_url
    try:
        found = trading.server.search("Subscription", [("url", endpoint)])
    except ServerRefused:  # it knows no search by url
        found = Searched((), False)
    if not _calling(endpoint, found):
        found = trading.server.search("Subscription", [("_count", "100")])
    return _calling(endpoint, found), found.asked_at


def _calling(endpoint: str, found: Searched) -> list[Resource]:
    """Those that call the address, active ones first: a server may search by less than it says."""
    those = [r for r in found.resources if endpoint_of(r) == endpoint and r.get("id")]
    return sorted(those, key=lambda r: (r.get("status") != "active", str(r["id"])))


def _arranged(trading: Trading, want: Resource, mine: list[Resource]) -> str:
    """`Subscription/id` of the one that says what is wanted. mine: those about the same events."""
    if not mine:
        name = trading.server.create(want).location
        if not name:
            raise ServerRefused("The server took the Subscription, and does not say where it is.")
        return name
    there = mine[0]
    if there.get("status") != "active" or not as_wanted(there, want):
        trading.server.update(want | {"id": there["id"]})
    return f"Subscription/{there['id']}"


def _activated(
    trading: Trading, name: str, wait: float, sleep: Callable[[float], None]
) -> tuple[str, str]:
    """Its status once that is no longer `requested`, and what the server says of an error."""
    waited = 0.0
    while True:
        there = trading.server.read("Subscription", name.partition("/")[2]) or {"status": "gone"}
        status, said = str(there.get("status", "")), str(there.get("error", ""))
        if status != "requested" or waited >= wait:
            break
        sleep(PAUSE)
        waited += PAUSE

    def known(channel: Channel) -> Channel:
        heartbeat, now = heartbeat_of(there), trading.clock()
        return replace(channel, status=status, said=said, heartbeat=heartbeat, heard=now)

    keep(trading, name, known)
    return status, said


def _not_active(source: Source, statuses: dict[str, tuple[str, str]]) -> str:
    """What the server said, and what mostly helps."""
    told = [
        f"{name} is `{status}` at the server" + (f": {said.rstrip('. ')}." if said else ".")
        for name, (status, said) in statuses.items()
        if status != "active"
    ]
    told.append(f"The server must be able to reach {source.public_url}")
    if source.form is not Form.REST_HOOK:
        told[-1] += f", and must have the SubscriptionTopic {source.topic}"
    return f"{' '.join(told)}."
