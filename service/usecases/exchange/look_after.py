"""Looking after our Subscriptions at a source: one in error is activated again.

The backport leaves that to the subscriber; HAPI and others switch one off after a few deliveries
in vain, and then nothing comes any more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from service.core.errors import ServerRefused
from service.usecases.exchange.channels import keep, subscription_id
from service.usecases.exchange.desk import Channel, SourceState
from service.usecases.exchange.server import Resource
from service.usecases.exchange.subscription_forms import endpoint_of, same_events, wanted
from service.usecases.exchange.trading import Trading

EVERY = timedelta(minutes=5)
_GONE = "gone"


def is_due(state: SourceState, now: datetime) -> bool:
    """Whether they are to be looked at."""
    return state.checked is None or now - state.checked >= EVERY


def look_after(trading: Trading) -> list[str]:
    """Look at each: a sentence for whatever was not as it should be. Raises ServerAway."""
    source, told = trading.source.name, []
    for channel in trading.desk.channels(source):
        id = subscription_id(channel)
        if not id:
            continue
        activating = False
        try:
            status, said, activating = _looked_at(trading, channel, id)
        except ServerRefused as refused:
            status, said = channel.status, str(refused)
        new = (status, said) != (channel.status, channel.said)
        if said and (new or activating):
            told.append(said)
        if new:
            _keep(trading, channel, status, said)
    trading.desk.note(source, checked=trading.clock())
    return told


def _keep(trading: Trading, channel: Channel, status: str, said: str) -> None:
    keep(trading, channel.subscription, lambda known: replace(known, status=status, said=said))


def _looked_at(trading: Trading, channel: Channel, id: str) -> tuple[str, str, bool]:
    """Its status by now, what is to be told of it, and whether it is being activated."""
    resource = trading.server.read("Subscription", id)
    if resource is None:
        again = f"`her2 subscribe {trading.source.name}` registers it again."
        return _GONE, f"Subscription/{id} is not there any more: {again}", False
    status = str(resource.get("status", ""))
    if status == channel.status == "requested":
        reach = f"can the server reach {trading.source.public_url}?"
        return status, f"Subscription/{id} is still not active: {reach}", False
    if status not in ("error", "off"):
        return status, "", False
    if endpoint_of(resource) != trading.source.public_url:
        return status, f"Subscription/{id} is `{status}`, and is not ours to activate.", False
    trading.server.update(_to_be_activated(trading, resource))
    said = f"Subscription/{id} was `{status}`: the server is to activate it again."
    return "requested", said, True


def _to_be_activated(trading: Trading, resource: Resource) -> Resource:
    """As the settings want it: a server may hide the secrets of one that is read."""
    for want in wanted(trading.source):
        if same_events(resource, want):
            return want | {"id": resource["id"]}
    meta = resource.get("meta") or {}
    kept = {name: meta[name] for name in ("profile", "tag", "security") if name in meta}
    said = {name: v for name, v in resource.items() if name not in ("meta", "error")}
    return said | ({"meta": kept} if kept else {}) | {"status": "requested"}
