"""One call over HTTP, and how often a GET is tried."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import requests
import urllib3

from service import __version__
from service.adapters.fhir_server import told
from service.adapters.fhir_server.body import Answer, read
from service.adapters.fhir_server.limits import Limits
from service.adapters.fhir_server.wire import Deadline, session, trusting
from service.core.errors import ServerAway, ServerRefused, SettingsError
from service.usecases.exchange.source import Address

_FHIR = "application/fhir+json"


class Calls:
    """Calls of one server; several threads may call at once, each over its own connection.

    sleep: waits so many seconds. clock: seconds since 1970.
    """

    def __init__(
        self,
        at: Address,
        limits: Limits,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._base = at.base.rstrip("/")
        self._limits, self._sleep, self._clock = limits, sleep, clock
        self._parts = urlsplit(self._base)
        _check(at, self._base)
        self.base_path = self._parts.path
        self._headers = {
            "Accept": _FHIR,
            "Accept-Encoding": "gzip",
            "User-Agent": f"her2-service/{__version__}",
        }
        if at.authorization:
            self._headers["Authorization"] = at.authorization
        try:
            self._tls = trusting(at.ca_file) if self._parts.scheme == "https" else None
        except OSError:  # ssl.SSLError is one
            raise SettingsError(f"The certificates in {at.ca_file!r} cannot be read.") from None
        self._mine = threading.local()

    def get(self, tail: str, what: str) -> Answer:
        """GET of a path and query below the base, tried again while the server is away."""
        for tried in range(1, self._limits.tries + 1):
            try:
                # What HAPI found within the last minute it gives again, unless it is told not to.
                answer = self._once("GET", tail, what, {"Cache-Control": "no-cache"})
                told.judge(answer, what, self._clock())
                if not answer.cut:
                    return answer
                raise told.cut(what)
            except ServerAway as away:
                pause = self._pause(tried, away.wait)
                if pause is None:
                    raise
            self._sleep(pause)
        raise AssertionError("the last try returns or raises")

    def write(self, method: str, tail: str, what: str, body: bytes, conflict: bool) -> Answer:
        """POST, PUT or DELETE, once: whether it is sent again is for the outbox to say.

        conflict: whether a 409 may pass, so that it counts as being away.
        """
        headers = {"Prefer": "return=minimal"}
        if body:
            headers["Content-Type"] = f"{_FHIR}; charset=utf-8"
        answer = self._once(method, tail, what, headers, body)
        told.judge(answer, what, self._clock(), conflict)
        if answer.body and answer.cut:
            raise told.cut(what)
        return answer

    def _pause(self, tried: int, wait: float | None) -> float | None:
        """Seconds until the next try; None when there is none."""
        if tried == self._limits.tries or (wait or 0) > self._limits.patience:
            return None
        if wait is not None:
            return wait
        # Not all who found the server away come back at the same moment.
        return self._limits.pause * 2.0 ** (tried - 1) * random.uniform(0.5, 1.5)

    def _once(
        self, method: str, tail: str, what: str, headers: dict[str, str], body: bytes = b""
    ) -> Answer:
        mine, deadline = self._own()
        deadline.begin(self._limits.answer)
        try:
            with closing(
                mine.request(
                    method,
                    self._base + tail,
                    headers=self._headers | headers,
                    data=body or None,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self._limits.connect, self._limits.answer),
                )
            ) as response:
                return self._read(response, what)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            away = told.broken(error, what)
        raise away  # outside of `except`: the errors of the libraries hold the whole address

    def _read(self, response: requests.Response, what: str) -> Answer:
        status = response.status_code
        if status < 300:
            return read(response, self._limits.bytes, what)
        try:
            return read(response, self._limits.bytes, what)
        except (ServerRefused, urllib3.exceptions.HTTPError, OSError):
            # What it said is lost; that it said no is not.
            return Answer(status, response.headers, b"", sure=False)

    def _own(self) -> tuple[requests.Session, Deadline]:
        """The session and deadline of this thread: a Session is not safe to share."""
        if not hasattr(self._mine, "session"):
            self._mine.deadline = Deadline()
            self._mine.session = session(self._parts, self._tls, self._mine.deadline)
        return self._mine.session, self._mine.deadline


def _check(at: Address, base: str) -> None:
    """SettingsError, which repeats neither: the address may hold a password."""
    parts = urlsplit(base)
    try:
        sound = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise SettingsError("base_url of a FHIR server is not an address such as https://host/fhir")
    if parts.username is not None or parts.password is not None:
        raise SettingsError("base_url of a FHIR server holds a name or password: use authorization")
    if at.authorization.strip() != at.authorization or not at.authorization.isprintable():
        raise SettingsError("authorization of a FHIR server is not the value of a header")
    if not at.authorization.isascii():
        raise SettingsError("authorization of a FHIR server holds characters beyond ASCII")
