"""A FHIR server at one base, as the exchange needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from service.adapters.fhir_server import links
from service.adapters.fhir_server.calls import Calls
from service.adapters.fhir_server.limits import USUAL, Limits
from service.adapters.fhir_server.paging import Paging
from service.adapters.fhir_server.told import NotThere
from service.adapters.fhir_server.writes import check_transaction, written
from service.fhir.json import encode
from service.usecases.exchange.server import Query, Resource, Searched, Written
from service.usecases.exchange.source import Address


class FhirServer:
    """The port `Server` over HTTP; safe for several threads.

    SettingsError when the address or its ca_file cannot be used. sleep: waits so many seconds.
    clock: seconds since 1970.
    """

    def __init__(
        self,
        at: Address,
        limits: Limits = USUAL,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._calls = Calls(at, limits, sleep, clock)
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._capability: tuple[float, Resource] | None = None

    def capability(self) -> Resource:
        """Its CapabilityStatement, which may be ten minutes old, and is not to be changed: a large
        server's is a megabyte, and is asked for with every patient."""
        what = "a read of its CapabilityStatement"
        with self._lock:
            known = self._capability
        if known and 0 <= self._clock() - known[0] < self._limits.remembered:
            return known[1]
        answer = self._calls.get("/metadata", what)
        statement = answer.fhir(what, "CapabilityStatement")
        with self._lock:
            self._capability = (self._clock(), statement)
        return statement

    def read(self, kind: str, id: str) -> Resource | None:
        """The resource as it is now; None when it was deleted (410) or never there (404)."""
        what = f"a read of {kind}"
        try:
            return self._calls.get(links.of_resource(kind, id), what).fhir(what, kind)
        except NotThere:
            return None

    def search(self, kind: str, query: Query) -> Searched:
        """All that meets a search of a type, page by page."""
        tail = links.with_query(links.of_type(kind), query)
        return self._gather(tail, f"a search of {kind}", entries=False)

    def history(self, kind: str, query: Query) -> Searched:
        """Whole entries of `Type/_history`, page by page."""
        tail = links.with_query(f"{links.of_type(kind)}/_history", query)
        return self._gather(tail, f"a history of {kind}", entries=True)

    def operation(self, path: str, query: Query) -> Resource:
        """GET of an operation such as `Subscription/1/$events`."""
        tail = links.of_operation(path)
        what = f"the operation {tail.rpartition('/')[2]}"
        return self._calls.get(links.with_query(tail, query), what).fhir(what)

    def create(self, resource: Resource) -> Written:
        """POST to its type."""
        kind = str(resource.get("resourceType"))
        what = f"a create of {kind}"
        body = encode(resource)
        answer = self._calls.write("POST", links.of_type(kind), what, body, conflict=False)
        return written(answer, kind, what)

    def update(self, resource: Resource, criteria: str = "") -> Written:
        """PUT to `Type/id`, or to `Type?criteria`; the criteria are not encoded yet."""
        kind, id = str(resource.get("resourceType")), str(resource.get("id"))
        what = f"an update of {kind}"
        if criteria:
            tail, known = links.with_criteria(links.of_type(kind), criteria), ""
        else:
            tail, known = links.of_resource(kind, id), f"{kind}/{id}"
        answer = self._calls.write("PUT", tail, what, encode(resource), conflict=True)
        return written(answer, kind, what, known)

    def delete(self, kind: str, id: str) -> None:
        """DELETE; no error when it is gone already."""
        what = f"a delete of {kind}"
        with suppress(NotThere):
            self._calls.write("DELETE", links.of_resource(kind, id), what, b"", conflict=False)

    def transact(self, bundle: Resource) -> Resource:
        """POST of a transaction to the base: the transaction-response Bundle."""
        what = "a transaction"
        answer = self._calls.write("POST", "", what, encode(bundle), conflict=True)
        return check_transaction(answer.fhir(what, "Bundle"), answer.status)

    def _gather(self, tail: str, what: str, entries: bool) -> Searched:
        paging = Paging(
            lambda page: self._calls.get(page, what),
            what,
            self._calls.base_path,
            self._limits,
            self._clock,
            entries,
        )
        return paging.gather(tail)
