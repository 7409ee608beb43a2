"""The Subscription that we want of a source, in each form that servers know.

R4: subscription.html. Subscriptions R5 Backport 1.1: StructureDefinition backport-subscription;
HAPI takes one for topic-based by its `meta.profile` alone (SubscriptionCanonicalizer). R5:
subscription.html. Criteria are alternatives, while the filters of one Subscription must all be
met: each criterion has a Subscription of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from service.fhir.lab_words import as_list
from service.usecases.exchange.server import Resource
from service.usecases.exchange.source import Form, Payload, Source

#: Seconds after which a server is to tell that it has nothing to tell.
HEARTBEAT = 60
_JSON = "application/fhir+json"
_REASON = "HER2 results, for suggestions of therapy (her2-service)"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
_SECRET = "https://www.medplum.com/fhir/StructureDefinition/subscription-secret"
#: HAPI tells of deletions only where it is asked to, and there on the channel.
_DELETIONS = "http://hapifhir.io/fhir/StructureDefinition/subscription-send-delete-messages"
_CHANNELS = "http://terminology.hl7.org/CodeSystem/subscription-channel-type"


def wanted(source: Source) -> list[Resource]:
    """One for each criterion; without id, to be activated."""
    write = {Form.REST_HOOK: _rest_hook, Form.BACKPORT: _backport, Form.R5: _r5}[source.form]
    return [write(source, criterion) for criterion in source.criteria]


def _rest_hook(source: Source, criterion: str) -> Resource:
    channel: Resource = {
        "extension": [{"url": _DELETIONS, "valueBoolean": True}],
        "type": "rest-hook",
        "endpoint": source.public_url,
    }
    if source.payload is Payload.FULL:
        channel["payload"] = _JSON
    return _r4(source, {"criteria": criterion, "channel": channel})


def _backport(source: Source, criterion: str) -> Resource:
    content = {"url": f"{_BACKPORT}payload-content", "valueCode": source.payload.value}
    channel = {
        "extension": [{"url": f"{_BACKPORT}heartbeat-period", "valueUnsignedInt": HEARTBEAT}],
        "type": "rest-hook",
        "endpoint": source.public_url,
        "payload": _JSON,
        "_payload": {"extension": [content]},
    }
    filters = {"url": f"{_BACKPORT}filter-criteria", "valueString": criterion}
    said = {
        "meta": {"profile": [f"{_BACKPORT}subscription"]},
        "criteria": source.topic,
        "_criteria": {"extension": [filters]},
        "channel": channel,
    }
    return _r4(source, said)


def _r4(source: Source, said: Resource) -> Resource:
    """What both forms of R4 have: the reason, and what the notifications are known by."""
    if source.token:
        said["channel"]["header"] = [f"Authorization: Bearer {source.token}"]
    if source.hmac_secret:
        said["extension"] = [{"url": _SECRET, "valueString": source.hmac_secret}]
    return {"resourceType": "Subscription", "status": "requested", "reason": _REASON} | said


def _r5(source: Source, criterion: str) -> Resource:
    kind, _, query = criterion.partition("?")
    said: Resource = {
        "resourceType": "Subscription",
        "status": "requested",
        "topic": source.topic,
        "reason": _REASON,
        "filterBy": [_filter(kind, name, value) for name, value in parse_qsl(query)],
        "channelType": {"system": _CHANNELS, "code": "rest-hook"},
        "endpoint": source.public_url,
        "heartbeatPeriod": HEARTBEAT,
        "contentType": _JSON,
        "content": source.payload.value,
    }
    if source.token:
        said["parameter"] = [{"name": "Authorization", "value": f"Bearer {source.token}"}]
    return said


def _filter(kind: str, name: str, value: str) -> Resource:
    parameter, _, modifier = name.partition(":")
    said = {"resourceType": kind, "filterParameter": parameter, "value": value}
    return said | ({"modifier": modifier} if modifier else {})


def endpoint_of(resource: Resource) -> str:
    """Where a Subscription of any form sends to."""
    return str(resource.get("endpoint") or _channel(resource).get("endpoint") or "")


def same_events(one: Resource, other: Resource) -> bool:
    """Whether two tell of the same events."""
    return _events(one) == _events(other)


def as_wanted(resource: Resource, want: Resource) -> bool:
    """Whether it says all that is wanted; a server may add to it."""
    said = {name: value for name, value in want.items() if name not in ("status", "meta")}
    profiles = set(want.get("meta", {}).get("profile", []))
    there = set(as_list((resource.get("meta") or {}).get("profile")))
    return profiles <= there and all(resource.get(name) == value for name, value in said.items())


def heartbeat_of(resource: Resource) -> int:
    """Seconds; 0 where it promises none."""
    said: Any = resource.get("heartbeatPeriod")
    for extension in _extensions(_channel(resource)):
        if extension.get("url") == f"{_BACKPORT}heartbeat-period":
            said = extension.get("valueUnsignedInt")
    return said if isinstance(said, int) else 0


def _events(resource: Resource) -> tuple[str, tuple[str, ...]]:
    """The criteria or topic, and the filters."""
    under = resource.get("_criteria")
    filters = [
        str(extension.get("valueString"))
        for extension in _extensions(under if isinstance(under, dict) else {})
        if extension.get("url") == f"{_BACKPORT}filter-criteria"
    ]
    names = ("resourceType", "filterParameter", "modifier", "comparator", "value")
    for by in as_list(resource.get("filterBy")):
        if isinstance(by, dict):
            filters.append(" ".join(f"{name}={by.get(name, '')}" for name in names))
    return str(resource.get("topic") or resource.get("criteria")), tuple(sorted(filters))


def _channel(resource: Resource) -> Resource:
    channel = resource.get("channel")
    return channel if isinstance(channel, dict) else {}


def _extensions(element: Resource) -> Iterator[Resource]:
    return (e for e in as_list(element.get("extension")) if isinstance(e, dict))
