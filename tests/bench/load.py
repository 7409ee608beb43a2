"""Clients that send one message again and again, each time new, over connections that they keep."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing import get_context
from urllib.parse import urlsplit

from tests.bench.record_messages import numbered

CLIENTS = 4
_HEADERS = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


@dataclass(frozen=True, slots=True)
class Load:
    """url: where the message is posted. warm, measured: seconds."""

    url: str
    message: bytes
    warm: float
    measured: float


def requests_a_second(load: Load) -> float:
    """What all clients together get answered; fails when anything is refused."""
    with get_context("spawn").Pool(CLIENTS) as clients:
        return sum(clients.map(_one_client, [(load, number) for number in range(CLIENTS)]))


def _one_client(task: tuple[Load, int]) -> float:
    load, client = task
    address = urlsplit(load.url)
    assert address.hostname
    connection = HTTPConnection(address.hostname, address.port, timeout=60)
    sent = _send_for(load.warm, connection, address.path, load, f"w{client}")
    began = time.monotonic()
    sent = _send_for(load.measured, connection, address.path, load, f"m{client}")
    return sent / (time.monotonic() - began)


def _send_for(seconds: float, connection: HTTPConnection, path: str, load: Load, name: str) -> int:
    """How many were sent, one after the other, until the time was over."""
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        connection.request("POST", path, numbered(load.message, f"{name}-{sent}"), _HEADERS)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status in (200, 201), f"{answer.status} {said[:500]!r}"
        sent += 1
    return sent
