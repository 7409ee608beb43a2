"""What the doors are given. `service.wiring` fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.knowledge.library import Library
from service.usecases.assess import House
from service.usecases.exchange.trading import Trading
from service.usecases.record.asking import Recording
from service.usecases.record.port import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """The real things, or a test's.

    clock: reads the time, with its zone; once an answer.
    store: where the record is kept, and recording: with what. tradings: the sources that notify us,
        by name. api_token: what callers must send; empty when no
        authentication is configured.
    """

    library: Library
    house: House
    clock: Callable[[], datetime]
    max_body_bytes: int
    store: Store
    recording: Recording
    tradings: Mapping[str, Trading]
    api_token: str = ""
