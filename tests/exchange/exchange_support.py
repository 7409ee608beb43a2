"""What a server of subscriptions by topic does, beside the stub's plain FHIR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from service.core.errors import ServerAway, ServerRefused
from service.fhir.json import encode
from service.usecases.exchange.desk import Channel
from service.usecases.exchange.watch import Watch
from tests.support import fhir_stub
from tests.support.endpoint import Resource
from tests.support.hospital import Hospital, hospital
from tests.support.sources import person, sample

SWEEP = timedelta(minutes=15)
SUBSCRIPTION = "Subscription/her2"
PUBLIC = "https://her2.hospital.example/notify/hapi"
TOPIC = "https://her2.example/fhir/SubscriptionTopic/her2-results"


@contextmanager
def watched(url: str, **settings: Any) -> Iterator[Hospital]:
    """A hospital with a patient and his sample whose clock is the machine's, as the stub's is."""
    with hospital(url, **({"public_url": PUBLIC} | settings)) as found:
        found.server.RequestHandlerClass = _Topical
        found.endpoint.now = datetime.now(UTC)
        found.put(person())
        found.put(sample())
        yield found


def watching(clinic: Hospital, caught_up: bool = True) -> Watch:
    """The third lane; its first look is over, unless told otherwise."""
    watch = Watch(clinic.trading, SWEEP)
    if caught_up:
        watch.step()
        clinic.work()
    return watch


def trouble(watch: Watch) -> str:
    """What a step says went wrong; empty when it was well."""
    try:
        watch.step()
    except (ServerAway, ServerRefused) as told:
        return str(told)
    return ""


def asked(clinic: Hospital, part: str, since: int = 0) -> list[dict[str, str]]:
    """Requests to the source with this in their path: name -> value of the query, in order."""
    paths = [entry["path"] for entry in clinic.server.log[since:] if part in entry["path"]]
    return [dict(parse_qsl(urlsplit(path).query)) for path in paths]


def channel(clinic: Hospital, name: str = SUBSCRIPTION) -> Channel:
    """What is known of a subscription."""
    known = clinic.trading.desk.channels(clinic.source.name)
    (found,) = [one for one in known if one.subscription == name]
    return found


def told(
    kind: str,
    events: dict[int, Resource] | None = None,
    so_far: int | None = None,
    status: str = "active",
    subscription: str = SUBSCRIPTION,
) -> Resource:
    """A notification of the backport for R4. events: number -> the resource that changed."""
    said: list[Resource] = [
        {"name": "subscription", "valueReference": {"reference": subscription}},
        {"name": "status", "valueCode": status},
        {"name": "type", "valueCode": kind},
    ]
    if so_far is not None:
        said.append({"name": "events-since-subscription-start", "valueString": str(so_far)})
    entries: list[Resource] = []
    for number, resource in (events or {}).items():
        name = f"{resource['resourceType']}/{resource['id']}"
        part = [
            {"name": "event-number", "valueString": str(number)},
            {"name": "focus", "valueReference": {"reference": name}},
        ]
        said.append({"name": "notification-event", "part": part})
        request = {"method": "PUT", "url": name}
        entries.append({"fullUrl": name, "resource": resource, "request": request})
    first = {"resource": {"resourceType": "Parameters", "parameter": said}}
    return {"resourceType": "Bundle", "type": "history", "entry": [first, *entries]}


def notified(clinic: Hospital, bundle: Resource) -> None:
    """It is delivered to us."""
    assert clinic.deliver("POST", body=encode(bundle)).status_code == 204


def answers(clinic: Hospital, **operations: Callable[[dict[str, str]], Resource]) -> None:
    """The stub has these operations of a Subscription: name without `$` -> its answer."""
    clinic.server.operations = operations  # type: ignore[attr-defined]


class _Topical(fhir_stub._Handler):
    def _route(self, body: bytes) -> fhir_stub.Reply:
        path, _, query = self.path.partition("?")
        name = path.rpartition("/$")[2]
        operations = getattr(self.server, "operations", {})
        if path.startswith(f"/fhir/{SUBSCRIPTION}/$") and name in operations:
            return fhir_stub.Reply(200, operations[name](dict(parse_qsl(query))))
        if getattr(self.server, "refusing", False):
            raise fhir_stub.Refusal(403, "Not for you")
        if self.command == "GET" and {*dict(parse_qsl(query))} & {
            *getattr(self.server, "unsearchable", ())
        }:
            raise fhir_stub.Refusal(400, "Unknown search parameter")
        return super()._route(body)


def becomes(clinic: Hospital, status: str, error: str = "") -> None:
    """Whatever Subscription is written from now on, this becomes of it."""
    fhir = clinic.server.fhir
    stage = fhir._stage

    def staged(kind: str, id: str, resource: Resource, method: str) -> fhir_stub.Reply:
        reply = stage(kind, id, resource, method)
        version = fhir._staged.get((kind, id))
        if kind == "Subscription" and version is not None and version.resource is not None:
            version.resource["status"] = status
            version.resource |= {"error": error} if error else {}
        return reply

    fhir._stage = staged  # type: ignore[method-assign]


def without(clinic: Hospital, kind: str) -> None:
    """The source's CapabilityStatement does not name this type."""
    statement = clinic.server.fhir.capability()
    resources = statement["rest"][0]["resource"]
    statement["rest"][0]["resource"] = [r for r in resources if r["type"] != kind]
    clinic.server.fhir.capability = lambda: statement  # type: ignore[method-assign]


def ours(status: str = "active", **more: Any) -> Resource:
    """A Subscription that calls us."""
    return {
        "resourceType": "Subscription",
        "id": "her2",
        "status": status,
        "reason": "HER2 results",
        "criteria": "Observation?code=http://loinc.org|85319-2",
        "channel": {"type": "rest-hook", "endpoint": PUBLIC},
    } | more
