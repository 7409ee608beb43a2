"""With what one source is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.usecases.exchange.desk import Desk
from service.usecases.exchange.server import Server
from service.usecases.exchange.source import Source
from service.usecases.record.asking import Asking, Recording


@dataclass(frozen=True, slots=True)
class Trading:
    """A source, how it is reached, and where all is kept.

    server: the source; target: where plans go, None for nowhere. clock: reads the time, with its
    zone.
    """

    source: Source
    server: Server
    target: Server | None
    desk: Desk
    recording: Recording
    clock: Callable[[], datetime]

    @property
    def prefix(self) -> str:
        """What the source's ids begin with in our record."""
        return self.desk.prefix(self.source.name)

    def asking(self, prefix: str, request: str = "") -> Asking:
        """The source as who asks for a change of the record."""
        return Asking(
            release=self.source.at.release,
            address=self.source.at.base,
            lenient=True,  # what cannot be read is kept and flagged, and waits for a person
            now=self.clock(),
            agent=f"source {self.source.name}",
            network=self.source.at.base,
            request=request,
            prefix=prefix,
        )
