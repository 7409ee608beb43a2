"""A server that was away twice in a row is left alone for a while.

Once may be about what was asked; the second time it is the server, and waiting for it again and
again would hold up its own notices for hours.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from service.core.errors import ServerAway
from service.usecases.exchange.back_off import back_off
from service.usecases.exchange.server import Query, Resource, Searched, Server, Written

Answer = TypeVar("Answer")


class Breaker:
    """A Server that is not asked again before its time; `most` seconds at the longest.

    tell: called with why it is left alone, and with nothing when it is back.
    """

    def __init__(
        self,
        server: Server,
        clock: Callable[[], datetime],
        tell: Callable[[str], None] = lambda _: None,
        most: float = 30.0,
    ) -> None:
        self._server, self._clock, self._tell, self._most = server, clock, tell, most
        self._lock = threading.Lock()
        self._failures, self._closed_until, self._said = 0, None, ""

    def _ask(self, call: Callable[[], Answer]) -> Answer:
        now = self._clock()
        with self._lock:
            if self._closed_until is not None and now < self._closed_until:
                wait = (self._closed_until - now).total_seconds()
                raise ServerAway(self._said, wait)
        try:
            answer = call()
        except ServerAway as away:
            if self._failures == 1:
                self._tell(str(away))
            with self._lock:
                wait = back_off(self._failures, self._most) if away.wait is None else away.wait
                self._failures += 1
                if self._failures > 1:
                    self._closed_until = self._clock() + timedelta(seconds=min(wait, 3600))
                self._said = str(away)
            raise
        with self._lock:
            back = self._failures > 1
            self._failures, self._closed_until = 0, None
        if back:
            self._tell("")
        return answer

    def capability(self) -> Resource:
        return self._ask(self._server.capability)

    def read(self, kind: str, id: str) -> Resource | None:
        return self._ask(lambda: self._server.read(kind, id))

    def search(self, kind: str, query: Query) -> Searched:
        return self._ask(lambda: self._server.search(kind, query))

    def history(self, kind: str, query: Query) -> Searched:
        return self._ask(lambda: self._server.history(kind, query))

    def operation(self, path: str, query: Query) -> Resource:
        return self._ask(lambda: self._server.operation(path, query))

    def create(self, resource: Resource) -> Written:
        return self._ask(lambda: self._server.create(resource))

    def update(self, resource: Resource, criteria: str = "") -> Written:
        return self._ask(lambda: self._server.update(resource, criteria))

    def delete(self, kind: str, id: str) -> None:
        return self._ask(lambda: self._server.delete(kind, id))

    def transact(self, bundle: Resource) -> Resource:
        return self._ask(lambda: self._server.transact(bundle))
