"""Sockets that keep a deadline, and a session that can reach one host only."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from typing import Any
from urllib.parse import SplitResult

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# It writes addresses with their queries, which hold identifiers: at level DEBUG for each request,
# and as a warning, with all that follows, whenever a server sends a header that is none.
for _name in ("connection", "connectionpool", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").disabled = True


class Deadline:
    """The moment by which an exchange must be over. Not shared between threads."""

    def __init__(self) -> None:
        self._at = float("inf")

    def begin(self, seconds: float) -> None:
        """From now on there are so many seconds."""
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then; TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class _Timed(socket.socket):
    """A socket that waits for no read or write longer than until the deadline.

    A time-out of its own would begin anew with every byte: a status line, a header or a chunk
    that arrives a byte a second would hold us for hours.
    """

    deadline: Deadline | None = None

    def _hurry(self) -> None:
        if self.deadline:
            self.settimeout(self.deadline.left())

    def recv_into(self, *args: Any, **named: Any) -> int:
        self._hurry()
        return super().recv_into(*args, **named)

    def send(self, *args: Any, **named: Any) -> int:
        self._hurry()
        return super().send(*args, **named)

    def sendall(self, *args: Any, **named: Any) -> None:
        self._hurry()
        super().sendall(*args, **named)


class _TimedTls(_Timed, ssl.SSLSocket):
    """The same over TLS; Python bounds the handshake as a whole by the time-out to connect."""


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **named: Any) -> None:
        super().__init__(*args, **named)
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        timed = _Timed(fileno=plain.detach())
        timed.settimeout(self.timeout)
        timed.deadline = self._deadline
        return timed


class _TlsConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _TimedTls):  # always: see `trusting`
            self.sock.deadline = self._deadline


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _OneHost(HTTPAdapter):
    """Every request goes to one host, whatever its address says."""

    def __init__(self, pool: HTTPConnectionPool) -> None:
        super().__init__(max_retries=0)
        self._pool = pool

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing: the pool's own context verifies."""

    def close(self) -> None:
        self._pool.close()
        super().close()


class _NoRedirects(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere; `allow_redirects=False` alone would still read the body, without a bound."""


def trusting(ca_file: str) -> ssl.SSLContext:
    """Trust in the usual authorities and in those of a file; OSError when it cannot be read."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = _TimedTls
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def session(base: SplitResult, tls: ssl.SSLContext | None, deadline: Deadline) -> requests.Session:
    """A session to the base's host alone, for one thread, that keeps to the deadline."""
    host = base.hostname or ""
    pool: HTTPConnectionPool
    if tls is None:
        pool = _Pool(host, base.port or 80, maxsize=1, deadline=deadline)
    else:
        pool = _TlsPool(host, base.port or 443, maxsize=1, ssl_context=tls, deadline=deadline)
    made = _NoRedirects()
    made.trust_env = False  # no .netrc, no proxy and no REQUESTS_CA_BUNDLE of the environment
    made.mount("http://", _OneHost(pool))
    made.mount("https://", _OneHost(pool))
    return made
