"""A hospital: a FHIR server that notifies us, and the service over a database of a test's own.

The server is the stub of `fhir_stub`, in a thread; what it would deliver by itself is delivered by
`notify`, as HAPI does it, so that a test decides when. The worker's steps are taken by `work`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests
from werkzeug.test import TestResponse

from service.core.errors import ServerAway
from service.fhir.json import decode, encode
from service.usecases.exchange.deliver import deliver
from service.usecases.exchange.desk import State
from service.usecases.exchange.source import Source
from service.usecases.exchange.trading import Trading
from service.usecases.exchange.work import work
from tests.support import fhir_stub
from tests.support.endpoint import FHIR_JSON, Endpoint, Resource
from tests.support.sources import person, sample, source_at

PARK_AFTER = timedelta(hours=24)


class Hospital:
    """source: as it is configured. server: the stub. endpoint: the service."""

    def __init__(self, url: str, server: fhir_stub.StubServer, source: Source) -> None:
        self.server, self.source = server, source
        self.endpoint = Endpoint(url, sources=(source,))
        self.endpoint.store.desk.settle_in([(source.name, source.at.base, source.id_prefix)])

    @property
    def trading(self) -> Trading:
        found: Trading = self.endpoint.tradings[self.source.name]
        return found

    def fill(self) -> Hospital:
        """One patient and a sample of hers, of which nothing is known yet."""
        self.put(person())
        self.put(sample())
        return self

    def put(self, resource: Mapping[str, Any]) -> Resource:
        """Keep a resource at the source: as it stands there, with its version."""
        path = f"{self.server.base}/{resource['resourceType']}/{resource['id']}"
        answer = requests.put(
            path,
            data=encode(resource),
            headers={"Content-Type": FHIR_JSON, "Prefer": "return=representation"},
            timeout=10,
        )
        assert answer.status_code in (200, 201), answer.text
        found: Resource = decode(requests.get(path, timeout=10).content)
        return found

    def delete(self, reference: str) -> None:
        """Delete it at the source."""
        assert requests.delete(f"{self.server.base}/{reference}", timeout=10).ok

    def notify(self, resource: Mapping[str, Any], **headers: str) -> TestResponse:
        """As HAPI tells of a resource that was created or updated."""
        path = f"{resource['resourceType']}/{resource['id']}"
        version = resource.get("meta", {}).get("versionId", "1")
        sent = {"If-Match": f'W/"{version}"', **headers}
        return self.deliver("PUT", path, encode(resource), **sent)

    def deliver(
        self, method: str, path: str = "", body: bytes = b"", **headers: str
    ) -> TestResponse:
        """Any request to the source's address."""
        at = f"/notify/{self.source.name}{'/' if path else ''}{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            sent.setdefault("Content-Type", f"{FHIR_JSON};charset=UTF-8")
        return self.endpoint.client().open(at, method=method, data=body, headers=sent)

    def happens(self, resource: Mapping[str, Any]) -> Resource:
        """It is kept at the source, which notifies us."""
        kept = self.put(resource)
        assert self.notify(kept).status_code == 204
        return kept

    def work(self, rounds: int = 50) -> None:
        """All that the worker has to do, until it has nothing left that is due."""
        for _ in range(rounds):
            if not (self._step(work) + self._step(lambda t: deliver(t, PARK_AFTER))):
                return
        raise AssertionError("the worker does not come to an end")

    def _step(self, step: Any) -> int:
        try:
            return int(step(self.trading))
        except ServerAway:
            return 0

    def later(self, **delta: float) -> None:
        """The clock goes on."""
        self.endpoint.now += timedelta(**delta)

    def states(self) -> dict[str, int]:
        """How many notices there are of which state."""
        return dict(self.endpoint.store.desk.counts(self.source.name).notices)

    def at_source(self, kind: str, **query: str) -> list[Resource]:
        """What a search at the source finds, over all its pages."""
        url: str | None = f"{self.server.base}/{kind}"
        found: list[Resource] = []
        while url:
            page = decode(requests.get(url, params=query, timeout=10).content)
            query = {}
            found += [entry["resource"] for entry in page.get("entry", [])]
            links = {link["relation"]: link["url"] for link in page.get("link", [])}
            url = links.get("next")
        return found

    def plans(self, patient: str = "") -> list[Resource]:
        """The plans at the source that stand, the options apart."""
        query = {"subject": f"Patient/{patient}"} if patient else {}
        return [
            plan
            for plan in self.at_source("CarePlan", **query)
            if plan["status"] != "revoked" and "partOf" not in plan
        ]

    def quarantined(self) -> list[str]:
        """Why each notice in quarantine is there."""
        kept = self.endpoint.store.desk.notices(self.source.name, State.QUARANTINED)
        return [one.arrival.reason for one in kept]


@contextmanager
def hospital(url: str, **settings: Any) -> Iterator[Hospital]:
    """Open, with a source named `hapi` that gets plans written back unless told otherwise.

    settings: of the source; those of the stub begin with `stub_`.
    """
    of_stub = {k.removeprefix("stub_"): v for k, v in settings.items() if k.startswith("stub_")}
    of_source = {k: v for k, v in settings.items() if not k.startswith("stub_")}
    with fhir_stub.running(**of_stub) as server:
        found = Hospital(url, server, source_at(server.base, **of_source))
        try:
            yield found
        finally:
            found.endpoint.close()
