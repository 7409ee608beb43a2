"""What an answer or a broken connection tells us: to come back later, or that it will not be.

Sentences may be logged: no query, no id and nothing of a body is in them.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import requests
import urllib3

from service.adapters.fhir_server.body import Answer
from service.core.errors import NotFhir, ServerAway, ServerRefused
from service.fhir.json import decode

#: HAPI answers 500 when it is short of connections or two requests meet; it is worth another try.
_AWAY = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONFLICT = 409
#: However long a server asks us to wait, nothing that is due waits longer than a day.
_LONGEST_WAIT = 86_400.0
_OUTCOME_BYTES = 20_000
_NOT_THERE = (404, 410)


class NotThere(ServerRefused):
    """A FHIR server says that a resource was deleted or never was.

    A web page with 404 is not this: it is a proxy's, or base_url is wrong, and taking it for a
    deletion would retract what was derived.
    """


def judge(answer: Answer, what: str, now: float, conflict_passes: bool = False) -> None:
    """Nothing when it is 2xx, else ServerAway or ServerRefused.

    now: seconds since 1970. conflict_passes: whether the same request may succeed after a 409.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    if status in _AWAY:
        wait = retry_after(answer.headers.get("Retry-After", ""), now)
        raise ServerAway(f"The server cannot do {what} now (HTTP {status}).", wait)
    if status == _CONFLICT and conflict_passes:
        wait = retry_after(answer.headers.get("Retry-After", ""), now)
        raise ServerAway(f"At the server {what} met another change (HTTP {status}).", wait)
    if 300 <= status < 400:
        raise ServerRefused(
            f"The server redirects {what} (HTTP {status}): base_url should name the final address.",
            status,
        )
    said = outcome(answer.body)
    here = status in _NOT_THERE and (said or (answer.sure and not answer.body))
    refused = NotThere if here else ServerRefused
    raise refused(f"The server refused {what} (HTTP {status}).", status, said)


def retry_after(said: str, now: float) -> float | None:
    """Seconds to wait, said as seconds or as a date; None when it does not say, a day at most."""
    said = said.strip()
    if re.fullmatch(r"[0-9]+", said):
        return _LONGEST_WAIT if len(said) > 6 else min(float(said), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(said).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, until - now), _LONGEST_WAIT)


def outcome(body: bytes) -> str:
    """The body when it is an OperationOutcome, as text that is cut at 20 kB; else empty."""
    try:
        said = decode(body)
    except NotFhir:
        return ""
    if not isinstance(said, dict) or said.get("resourceType") != "OperationOutcome":
        return ""
    return body[:_OUTCOME_BYTES].decode("utf-8", "ignore")


def cut(what: str) -> ServerAway:
    """An answer that ended before its end."""
    return ServerAway(f"The server's answer to {what} seems to be cut.")


def broken(error: Exception, what: str) -> ServerAway:
    """A connection that was not made, or broke, as what it means for us."""
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return ServerAway(
            "No TLS connection to the server is possible: look at its certificate and at ca_file."
        )
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return ServerAway(f"The server is too slow: {what} was given up.")
    return ServerAway(f"There is no connection to the server, or it was cut during {what}.")
