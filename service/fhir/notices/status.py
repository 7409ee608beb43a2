"""The status of a subscription, which is the first entry of every notification by topic.

R4: Parameters (Subscriptions R5 Backport 1.1, StructureDefinition backport-subscription-status-r4);
R4B and R5: SubscriptionStatus; Aidbox: AidboxSubscriptionStatus, which has R5's elements and a
`topic-destination` for `subscription`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.fhir.notices.notice import ChannelWord
from service.fhir.notices.parts import count_at, list_at, not_fhir, object_at, text_at

_KINDS = ("event-notification", "handshake", "heartbeat", "query-status", "query-event")
#: Parameter of the R4 form -> element of SubscriptionStatus.
_ELEMENTS = {
    "subscription": "subscription",
    "topic": "topic",
    "status": "status",
    "type": "type",
    "events-since-subscription-start": "eventsSinceSubscriptionStart",
}
_EVENT_ELEMENTS = {"event-number": "eventNumber", "timestamp": "timestamp", "focus": "focus"}
_TYPES = frozenset(["Parameters", "SubscriptionStatus", "AidboxSubscriptionStatus"])


@dataclass(frozen=True, slots=True)
class Event:
    """One event that a notification counts. focus: a reference as sent, empty when not said."""

    number: int | None
    at: str
    focus: str
    where: str


@dataclass(frozen=True, slots=True)
class Status:
    """What a status says of its subscription, and the events it tells of."""

    channel: ChannelWord
    events: tuple[Event, ...]


def is_status(resource: object) -> bool:
    """By its type: none of these is ever stored, so that none can be what has changed."""
    return text_at(resource, "resourceType") in _TYPES


def status_of(resource: object, where: str) -> Status:
    """The status in any of its forms; NotFhir where it is none."""
    if text_at(resource, "resourceType") == "Parameters":
        said, events = _of_parameters(list_at(resource, "parameter"), where)
    else:
        said = resource if isinstance(resource, dict) else {}
        events = [
            (event, f"{where}.notificationEvent[{i}]")
            for i, event in enumerate(list_at(said, "notificationEvent"))
        ]
    subscription = text_at(object_at(said, "subscription"), "reference")
    if not (subscription or "type" in said or events):
        raise not_fhir("This does not say the status of a subscription.", where, "required")
    kind = text_at(said, "type") if "type" in said else _KINDS[0]
    if kind not in _KINDS:
        raise not_fhir("This is none of FHIR's types of notification.", f"{where}.type", "value")
    channel = ChannelWord(
        subscription=subscription or text_at(object_at(said, "topic-destination"), "reference"),
        topic=text_at(said, "topic"),
        kind=kind,
        status=text_at(said, "status"),
        so_far=count_at(said, "eventsSinceSubscriptionStart"),
        errors=tuple(word for e in list_at(said, "error") if (word := _error_word(e))),
    )
    return Status(channel, tuple(_event(event, place) for event, place in events))


def _event(said: object, where: str) -> Event:
    return Event(
        number=count_at(said, "eventNumber"),
        at=text_at(said, "timestamp"),
        focus=text_at(object_at(said, "focus"), "reference"),
        where=where,
    )


def _of_parameters(
    parameters: list[Any], where: str
) -> tuple[dict[str, Any], list[tuple[object, str]]]:
    """The elements of SubscriptionStatus that the parameters say, and the events apart."""
    said = _named(parameters, _ELEMENTS)
    said["error"] = [_value(p) for p in parameters if text_at(p, "name") == "error"]
    events: list[tuple[object, str]] = [
        (_named(list_at(p, "part"), _EVENT_ELEMENTS), f"{where}.parameter[{i}]")
        for i, p in enumerate(parameters)
        if text_at(p, "name") == "notification-event"
    ]
    return said, events


def _named(parameters: list[Any], elements: Mapping[str, str]) -> dict[str, Any]:
    found = {text_at(p, "name"): _value(p) for p in parameters}
    return {element: found[name] for name, element in elements.items() if name in found}


def _value(parameter: object) -> object:
    """Whatever its type: HAPI sends `timestamp` as valueDate, where valueInstant is due."""
    if not isinstance(parameter, dict):
        return None
    return next((v for name, v in parameter.items() if name.startswith("value")), None)


def _error_word(concept: object) -> str:
    """The text of a CodeableConcept, else the display or code of its first Coding."""
    coding = next(iter(list_at(concept, "coding")), None)
    return text_at(concept, "text") or text_at(coding, "display") or text_at(coding, "code")
