"""The one place where real things are joined."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

from flask import Flask

from service.adapters.store.store import SqlStore
from service.fhir.validate import load_models
from service.knowledge.library import Library, load_library
from service.settings import Settings
from service.usecases.assess import House
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


def create_app(
    settings: Settings,
    library: Library | None = None,
    clock: Callable[[], datetime] = local_time,
) -> Flask:
    """The web service. Raises KnowledgeError on a bad table: it does not start."""
    library = library_of(settings.concept_map) if library is None else library
    load_models()
    log_to(sys.stderr, settings.log_level)
    return build(
        Parts(
            library=library,
            house=house_of(settings),
            clock=clock,
            max_body_bytes=settings.max_body_bytes,
            store=SqlStore(settings.database_url),
            api_token=settings.api_token,
        )
    )


def served_app(settings: Settings) -> Flask:
    """`create_app` of a process that does nothing else.

    The tables and models that it loaded stay for good: the garbage collector, which would go
    through all of them again and again during large requests, leaves them out from now on.
    """
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)
    return app
