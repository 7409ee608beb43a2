"""The one place where real things are joined."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from flask import Flask

from service.adapters.fhir_server.server import FhirServer
from service.adapters.store.store import SqlStore
from service.fhir.validate import load_models
from service.knowledge.library import Library, load_library
from service.settings import Settings
from service.usecases.assess import House
from service.usecases.exchange.breaker import Breaker
from service.usecases.exchange.criteria import every_result
from service.usecases.exchange.desk import Desk
from service.usecases.exchange.source import Source
from service.usecases.exchange.trading import Trading
from service.usecases.record.asking import Recording
from service.web.app import build
from service.web.log import log_to
from service.web.parts import Parts


def local_time() -> datetime:
    """Now, in the zone of the machine: `as-of` defaults to the day its people see."""
    return datetime.now().astimezone()


#: How many objects are made before the garbage collector looks again, and its two steps more: a
#: Bundle makes hundreds of thousands that end with it, and hardly any in circles.
_COLLECTED_AFTER = (10_000, 10, 10)


@cache
def library_of(concept_map: str) -> Library:
    """The knowledge we ship and a hospital's ConceptMap (a path, or empty).

    Read and proved once a process; KnowledgeError stops the start.
    """
    return load_library(concept_map=Path(concept_map) if concept_map else None)


def house_of(settings: Settings) -> House:
    """What the use cases need to know of the settings."""
    return House(canonical_base=settings.canonical_base, jurisdiction=settings.jurisdiction)


def trading_of(
    source: Source,
    recording: Recording,
    desk: Desk,
    clock: Callable[[], datetime] = local_time,
) -> Trading:
    """With what a source is served. Nothing is asked of it yet."""
    if not source.criteria:
        library = recording.library
        source = replace(source, criteria=every_result(library.codes, library.local_codes))

    def tell(said: str) -> None:
        """Its state says since when it is away; when it is back, what was put off is due."""
        now = clock()
        since = desk.state(source.name).failing_since
        if said:
            desk.note(source.name, said=said, failing_since=since or now)
        else:
            desk.note(source.name, said="", failing_since=None)
            desk.wake(source.name, now)

    server = Breaker(FhirServer(source.at), clock, tell)
    target = None
    if source.write_to is not None:
        # Its own breaker: a server that takes no plans may still answer.
        target = Breaker(FhirServer(source.write_to), clock, tell)
    return Trading(source, server, target, desk, recording, clock)


def recording_of(settings: Settings, store: SqlStore, library: Library) -> Recording:
    """With what the record is kept and assessed."""
    sources = {source.name: source.write_to is not None for source in settings.sources}
    return Recording(store, library, house_of(settings), sources)


def tradings_of(
    settings: Settings,
    store: SqlStore,
    library: Library,
    clock: Callable[[], datetime] = local_time,
) -> dict[str, Trading]:
    """With what each configured source is served, by its name."""
    recording = recording_of(settings, store, library)
    return {s.name: trading_of(s, recording, store.desk, clock) for s in settings.sources}


def settle_in(settings: Settings, store: SqlStore) -> None:
    """Have the sources known as they are configured now, before anything is done with them."""
    store.desk.settle_in([(s.name, s.at.base, s.id_prefix) for s in settings.sources])
    for source in settings.sources:
        if source.write_to is not None:
            store.desk.aim(source.name, source.write_to.base, local_time())


def create_app(
    settings: Settings,
    library: Library | None = None,
    clock: Callable[[], datetime] = local_time,
) -> Flask:
    """The web service. Raises KnowledgeError on a bad table: it does not start."""
    library = library_of(settings.concept_map) if library is None else library
    load_models()
    log_to(sys.stderr, settings.log_level)
    store = SqlStore(settings.database_url)
    return build(
        Parts(
            library=library,
            house=house_of(settings),
            clock=clock,
            max_body_bytes=settings.max_body_bytes,
            store=store,
            recording=recording_of(settings, store, library),
            tradings=tradings_of(settings, store, library, clock),
            api_token=settings.api_token,
        )
    )


def served_app(settings: Settings) -> Flask:
    """`create_app` of a process that does nothing else.

    The tables and models that it loaded stay for good: the garbage collector, which would go
    through all of them again and again during large requests, leaves them out from now on.
    """
    app = create_app(settings)
    keep_what_is_loaded()
    return app


def keep_what_is_loaded() -> None:
    """What this process has by now stays for good; the collector looks at the rest, and seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)
