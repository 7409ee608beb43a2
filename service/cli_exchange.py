"""`her2 deliver` and what else is done with the FHIR servers that notify us."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import click

from service.adapters.store.store import SqlStore
from service.cli_parts import settings_in_force, upgraded
from service.fhir.validate import load_models
from service.settings import Settings
from service.usecases.exchange.deliver import deliver as deliver_owed
from service.usecases.exchange.watch import Watch
from service.usecases.exchange.work import work
from service.usecases.exchange.worker import Lane, run_lanes
from service.wiring import keep_what_is_loaded, library_of, local_time, settle_in, tradings_of

#: Seconds in which lanes may finish what they are at; a longer search is begun again later.
TO_FINISH = 8.0


@click.command("deliver")
def deliver() -> None:
    """Run the delivery worker: work on notices, and write back what is owed.

    `her2 serve` runs one too, unless HER2_DELIVER is false. On PostgreSQL several may run at once.
    Ends with Ctrl-C or SIGTERM, within seconds: whatever it is at then is begun again later.
    """
    settings = settings_in_force()
    if not settings.sources:
        raise click.ClickException("No source is configured: see [sources.NAME] in the README.")
    upgraded(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"Working for {', '.join(s.name for s in settings.sources)}.", err=True)
    run_worker(settings, stop)


def run_worker(settings: Settings, stop: threading.Event) -> None:
    """Until `stop` is set, or the process that started this one is gone."""
    load_models()
    store = SqlStore(settings.database_url)
    tell = partial(_tell, settings.log_level)
    found = lanes(settings, store)
    keep_what_is_loaded()
    threads = run_lanes(found, stop, tell)
    parent = os.getppid()
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
    until = monotonic() + TO_FINISH
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))
    store.close()


def lanes(settings: Settings, store: SqlStore) -> list[Lane]:
    """Three for each source."""
    library = library_of(settings.concept_map)
    tradings = tradings_of(settings, store, library, local_time)
    settled = threading.Event()

    def begun() -> None:
        if not settled.is_set():
            settle_in(settings, store)
            settled.set()

    def working(step: Any) -> int:
        begun()
        return int(step())

    park_after = timedelta(hours=settings.park_after_hours)
    found = []
    for name, trading in tradings.items():
        steps = {
            "work": partial(work, trading),
            "deliver": partial(deliver_owed, trading, park_after),
        }
        found += [Lane(f"{name}: {what}", partial(working, step)) for what, step in steps.items()]
        watch = Watch(trading, timedelta(minutes=settings.sweep_minutes))
        found.append(Lane(f"{name}: watch", partial(working, watch.step), rest=1.0))
    return found


def worker_main(settings: Settings) -> None:
    """The worker as a process of `her2 serve`."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this one
    run_worker(settings, stop)


def _tell(level: str, fields: Mapping[str, Any]) -> None:
    """One JSON line, as of a request; nothing of a patient."""
    if level != "error" or "failed" in fields:
        print(json.dumps({"door": "worker", **fields}), file=sys.stderr, flush=True)
