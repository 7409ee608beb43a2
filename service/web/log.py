"""The outermost loop: one id and one log line a request, and 500 when all else failed.

A line is JSON. It names the route, never the address itself, and nothing that was sent: an
address, a query or an exception's text may hold a name or an identifier.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from service.core.failure import frames
from service.web.errors import failure
from service.web.negotiation import OUR_TYPE

LINES = logging.getLogger("her2")
FIELDS = "her2.log_fields"
REQUEST_ID = "her2.request_id"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

Headers = list[tuple[str, str]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class OneLineEach:
    """WSGI around the application; what it adds to an answer is on every answer."""

    def __init__(self, inner: WsgiApp) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        began = perf_counter()
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if _SANE_ID.fullmatch(sent) else str(uuid.uuid4())
        environ[REQUEST_ID] = request_id
        fields = environ[FIELDS] = {}
        try:
            status, headers, body = _whole_answer(self._inner, environ)
        except Exception as error:  # noqa: BLE001 - the outermost loop: whatever fails, an answer
            fields |= {"failed": type(error).__name__, "at": frames(error)}
            body = failure(request_id)
            headers = [("Content-Type", OUR_TYPE), ("Content-Length", str(len(body)))]
            status = "500 Internal Server Error"
            body = b"" if environ["REQUEST_METHOD"] == "HEAD" else body
        start(status, _with_ours(headers, request_id))
        self._log(environ["REQUEST_METHOD"], int(status[:3]), began, request_id, fields)
        return [body]

    def _log(
        self, method: str, status: int, began: float, request_id: str, fields: dict[str, Any]
    ) -> None:
        line = {
            "method": method if method.isalpha() and len(method) <= 16 else "other",
            "route": fields.pop("route", None),
            "status": status,
            "milliseconds": round((perf_counter() - began) * 1000, 1),
            "request_id": request_id,
        }
        level = logging.ERROR if status >= 500 else logging.INFO
        LINES.log(level, "%s", json.dumps(line | fields))


def log_to(stream: Any, level: str) -> None:
    """Send the lines, and nothing around them, to a stream; once for a process."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LINES.handlers[:] = [handler]
    LINES.setLevel(level.upper())
    LINES.propagate = False


def _whole_answer(app: WsgiApp, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
    """Status, headers and body; none of our answers is streamed."""
    started: list[tuple[str, Headers]] = []
    chunks = app(environ, lambda status, headers, exc_info=None: started.append((status, headers)))
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return *started[-1], body


def _with_ours(headers: Headers, request_id: str) -> Headers:
    ours = [("X-Request-Id", request_id), ("X-Content-Type-Options", "nosniff")]
    if not any(name.lower() == "cache-control" for name, _ in headers):
        ours.append(("Cache-Control", "no-store"))  # an assessment is about a person
    return headers + ours
