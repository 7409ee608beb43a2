"""An HTTP server on loopback that answers as a test says: slowly, by halves, or not at all.

    with running() as server:
        server.will(says({"resourceType": "Patient"}), cut(bundle()), refuses())

What it was asked is in `server.asked`. When nothing more is queued the last answer is repeated.
"""

from __future__ import annotations

import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from service.fhir.json import encode

FHIR = "application/fhir+json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    thread: int
    at: float


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultyServer

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        named = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, named, body, threading.get_ident(), time.monotonic())
        answer = self.server.next_answer(asked)
        try:
            answer(self)
        except OSError:  # the client has gone away, as it should
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Status line and headers, nothing else added but what http.server adds."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


Answer = Callable[[_Handler], None]


class FaultyServer(ThreadingHTTPServer):
    """The server, its queue of answers and the requests that came."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.scheme = "https" if tls else "http"
        self.asked: list[Asked] = []
        self._queue: list[Answer] = []
        self._guard = threading.Lock()

    @property
    def root(self) -> str:
        """`http://127.0.0.1:port`."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    @property
    def base(self) -> str:
        """Where its FHIR would be."""
        return f"{self.root}/fhir"

    def will(self, *answers: Answer) -> None:
        """Answer so from now on, one after the other; the last one for ever."""
        with self._guard:
            self._queue = list(answers)

    def next_answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        with self._guard:
            self.asked.append(asked)
            if len(self._queue) > 1:
                return self._queue.pop(0)
            return self._queue[0] if self._queue else says({}, status=404)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[FaultyServer]:
    """A server in a thread."""
    server = FaultyServer(tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def bundle(*resources: Any, next: str = "", kind: str = "searchset", **more: Any) -> dict[str, Any]:
    """A Bundle of resources, with a link to a next page when there is one."""
    link = [{"relation": "next", "url": next}] if next else []
    entry = [{"resource": r, "search": {"mode": "match"}} for r in resources]
    return {"resourceType": "Bundle", "type": kind, "link": link, "entry": entry, **more}


# --- answers


def says(value: Any, status: int = 200, **headers: str) -> Answer:
    """JSON. Names of headers are written with `_` for `-`."""
    return sends(encode(value), status, **headers)


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    """These bytes, as FHIR unless another Content_Type is named."""
    named = {"Content-Type": FHIR} | {n.replace("_", "-"): v for n, v in headers.items()}

    def answer(handler: _Handler) -> None:
        handler.head(status, named | {"Content-Length": str(len(body))})
        handler.wfile.write(body)

    return answer


def packed(value: Any) -> Answer:
    """JSON under gzip."""
    return sends(gzip.compress(encode(value)), Content_Encoding="gzip")


def bomb(size: int) -> Answer:
    """A small gzip stream that holds so many bytes."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)  # so that it is not held here either
    blocks = [packer.compress(b" " * 1000) for _ in range(size // 1000)]
    return sends(b"".join([*blocks, packer.flush()]), Content_Encoding="gzip")


def endless() -> Answer:
    """Chunks without an end, until the client goes away."""

    def answer(handler: _Handler) -> None:
        handler.head(200, {"Content-Type": FHIR, "Transfer-Encoding": "chunked"})
        while True:
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    return answer


def refuses() -> Answer:
    """Closes the connection without an answer."""

    def answer(handler: _Handler) -> None:
        handler.close_connection = True

    return answer


def cut(value: Any, told_length: bool = True) -> Answer:
    """Half of the JSON, then the connection closes."""
    body = encode(value)

    def answer(handler: _Handler) -> None:
        length = {"Content-Length": str(len(body))} if told_length else {"Connection": "close"}
        handler.head(200, {"Content-Type": FHIR} | length)
        handler.wfile.write(body[: len(body) // 2])
        handler.close_connection = True

    return answer


def cut_in_a_chunk() -> Answer:
    """A chunk that says more bytes than come."""

    def answer(handler: _Handler) -> None:
        handler.head(200, {"Content-Type": FHIR, "Transfer-Encoding": "chunked"})
        handler.wfile.write(b'100\r\n{"resourceType":')
        handler.close_connection = True

    return answer


def drips(value: Any, pause: float) -> Answer:
    """The body a byte at a time."""
    body = encode(value)

    def answer(handler: _Handler) -> None:
        handler.head(200, {"Content-Type": FHIR, "Content-Length": str(len(body))})
        for byte in body:
            handler.wfile.write(bytes([byte]))
            time.sleep(pause)

    return answer


def drips_its_headers(pause: float) -> Answer:
    """Headers that never come to an end, a byte at a time."""

    def answer(handler: _Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(pause)

    return answer


def goes_on(pause: float) -> Answer:
    """`100 Continue` again and again."""

    def answer(handler: _Handler) -> None:
        while True:
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(pause)

    return answer


def raw(said: bytes) -> Answer:
    """Whatever these bytes are, then the connection closes."""

    def answer(handler: _Handler) -> None:
        handler.wfile.write(said)
        handler.close_connection = True

    return answer


def silent(seconds: float) -> Answer:
    """Nothing for so long, then the connection closes."""

    def answer(handler: _Handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return answer
