"""Thousands of notifications as fast as a client can: all taken, all worked on, in flat memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles

from sqlalchemy import select

from service.adapters.store.tables import notice
from tests.support.endpoint import Resource
from tests.support.running_exchange import Event, Exchange, running_exchange, told_of
from tests.support.small_disk import processes_of
from tests.support.sources import ihc, person, sample
from tests.support.stories import lately

PATIENTS, RESULTS = 500, 10
CLIENTS = 4


def results_of(name: str) -> list[Resource]:
    """What the laboratory has of one patient: as many readings of his sample."""
    return [lately(ihc(name, "1+")) | {"id": f"ihc-{name}-{n}"} for n in range(RESULTS)]


def all_there(exchange: Exchange) -> list[list[Event]]:
    """Everything is kept at the server: the events of each patient."""
    found = []
    for begin in range(0, PATIENTS, 50):
        names = [f"p{n}" for n in range(begin, begin + 50)]
        exchange.server.put(*(r for name in names for r in (person(name), sample(name))))
        told = exchange.server.put(*(r for name in names for r in results_of(name)))
        events = [told_of("hapi", kept) for kept in told]
        found += [events[at : at + RESULTS] for at in range(0, len(events), RESULTS)]
    return found


def client(exchange: Exchange, patients: list[list[Event]]) -> list[float]:
    """Seconds that each answer took, over one connection."""
    connection = HTTPConnection("127.0.0.1", exchange.port, timeout=60)
    took = []
    for event in (event for events in patients for event in events):
        begun = time.perf_counter()
        exchange.send(event, connection)
        took.append(time.perf_counter() - begun)
    connection.close()
    return took


def resident(exchange: Exchange) -> float:
    """MB of all processes of the service together."""
    pages = 0
    for pid in processes_of(exchange.group):
        pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def drained(exchange: Exchange) -> tuple[int, float, list[float]]:
    """How many notices waited, how long it took until all were settled and delivered, and the
    memory at the beginning, in the middle and at the end."""
    begun, waited = time.monotonic(), exchange.waiting("hapi")
    memory = [resident(exchange)]
    exchange.until(lambda: exchange.waiting("hapi") <= waited // 2, "half of the backlog")
    memory.append(resident(exchange))
    exchange.until(lambda: exchange.waiting("hapi") == 0, "the backlog")
    seconds = time.monotonic() - begun
    exchange.until_over()
    memory.append(resident(exchange))
    return waited, seconds, memory


def test_thousands_of_notifications_are_taken_at_once_and_worked_on(tmp_path, tell):
    with running_exchange(f"sqlite:///{tmp_path / 'her2.db'}", tmp_path) as exchange:
        exchange.start(workers=2)
        patients = all_there(exchange)
        begun = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            parts = [patients[n::CLIENTS] for n in range(CLIENTS)]
            of_each = clients.map(client, [exchange] * CLIENTS, parts)
            took = [seconds for of_one in of_each for seconds in of_one]
        seconds = time.monotonic() - begun
        waited, draining, memory = drained(exchange)
        parted = quantiles(took, n=100)
        p50, p99 = parted[49] * 1000, parted[98] * 1000
        tell(
            f"/notify under load: {len(took)} notifications of {PATIENTS} patients by {CLIENTS} "
            f"clients, {len(took) / seconds:.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms; backlog "
            f"{waited} notices, drained at {waited / draining:.0f}/s ({draining:.1f} s); memory "
            f"{memory[0]:.0f}, {memory[1]:.0f}, {memory[2]:.0f} MB at its start, middle and end"
        )
        assert exchange.refused == {}
        with exchange.store.engine.connect() as connection:
            states = connection.scalars(select(notice.c.state)).all()
        assert states == ["done"] * PATIENTS * RESULTS
        plans = [p for p in exchange.server.found("CarePlan") if "partOf" not in p]
        assert len(plans) == len({p["subject"]["reference"] for p in plans}) == PATIENTS
        assert {p["status"] for p in plans} == {"draft"}
        assert memory[2] <= 1.3 * memory[1]
        assert p99 <= 200 * p50
        assert exchange.troubles() == []
