"""Writing to the record, on SQLite and PostgreSQL, beside a route that does nothing and HAPI.

One run measures all of them with the same clients and messages on the same cores; only its ratios
compare. What we keep is validated in full, assessed, and stored with what is derived, in both FHIR
versions; SQLite forces each commit to disk. HAPI keeps everything in memory, and validates no more
than it must to parse. Run with `make bench`. Aim: ten times HAPI's observations a second.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.bench.load import CLIENTS, Load, requests_a_second
from tests.bench.record_messages import HER2, OTHERS, PATIENTS, single, transaction_of
from tests.judges import hapi
from tests.support import postgres, server

WORKERS = min(2, os.cpu_count() or 1)
AIM = 10
MEASURED = 8.0  # seconds
WARM = 3.0
WARM_JAVA = 20.0  # until most of it is compiled
_BASE = "http://127.0.0.1:{port}/fhir/r4"


@dataclass(frozen=True, slots=True)
class Message:
    """path: below the base, where it is posted."""

    name: str
    path: str
    body: bytes
    observations: int


@dataclass(frozen=True, slots=True)
class Server:
    """base: starts it, and ends it; its FHIR base."""

    name: str
    base: AbstractContextManager[str]
    warm: float = WARM


MESSAGES = (
    Message("one HER2 Observation", "/Observation", single(), 1),
    Message("Bundle: 100 HER2, 25 patients", "", transaction_of(HER2), PATIENTS * len(HER2)),
    Message("Bundle: 100 others, 25 patients", "", transaction_of(OTHERS), PATIENTS * len(OTHERS)),
)
EMPTY, HAPI = "an empty route", "HAPI"


def main() -> None:
    """Measure every server with every message, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        servers = (
            Server(EMPTY, _empty(place / "empty.log")),
            Server("SQLite", _sqlite(place / "sqlite.log")),
            Server("PostgreSQL", _postgresql(place / "postgresql.log")),
            Server(HAPI, hapi.running(place / "hapi.log"), WARM_JAVA),
        )
        measured = {one.name: _measured(one) for one in servers}
    _print(measured)


def _measured(one: Server) -> dict[str, float]:
    """Requests a second by the name of the message; none where the server cannot be had here."""
    try:
        with one.base as base:
            return {
                message.name: requests_a_second(
                    Load(base + message.path, message.body, one.warm, MEASURED)
                )
                for message in MESSAGES
            }
    except pytest.skip.Exception as lacking:
        print(lacking)
        return {}


@contextmanager
def _empty(log: Path) -> Iterator[str]:
    port = server.free_port()
    module = ("-m", "tests.bench.empty", str(port), str(WORKERS))
    with server.started(*module, port=port, log=log):
        yield _BASE.format(port=port)


@contextmanager
def _sqlite(log: Path) -> Iterator[str]:
    with server.running(log, workers=WORKERS) as port:
        yield _BASE.format(port=port)


@contextmanager
def _postgresql(log: Path) -> Iterator[str]:
    with (
        postgres.running() as cluster,
        cluster.database() as url,
        server.running(log, workers=WORKERS, HER2_DATABASE_URL=url) as port,
    ):
        yield _BASE.format(port=port)


def _print(measured: dict[str, dict[str, float]]) -> None:
    title = f"{CLIENTS} clients that keep their connections, {WORKERS} workers (aim: {AIM}x HAPI)"
    table = Table(title=title)
    for column in ("message", "bytes", "server", "req/s", "obs/s", "of an empty route", "x HAPI"):
        table.add_column(column, justify="left" if column in ("message", "server") else "right")
    for message in MESSAGES:
        for name, rates in measured.items():
            if rate := rates.get(message.name):
                table.add_row(
                    message.name,
                    str(len(message.body)),
                    name,
                    f"{rate:.1f}",
                    f"{rate * message.observations:.0f}",
                    _ratio(rate, measured[EMPTY].get(message.name), "{:.1%}"),
                    _ratio(rate, measured[HAPI].get(message.name), "{:.1f}x"),
                )
        table.add_section()
    Console(width=140).print(table)


def _ratio(rate: float, to: float | None, form: str) -> str:
    return form.format(rate / to) if to else ""


if __name__ == "__main__":
    main()
