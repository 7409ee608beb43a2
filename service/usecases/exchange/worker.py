"""The worker: for each source one lane that works on notices, one that delivers, one that watches.

Lanes know nothing of each other, so that a slow or dead server holds up nobody else. Whatever
happens in a lane, it goes on: this is the outermost loop of all that no request waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.core.errors import ServerAway, ServerRefused, StoreUnavailable
from service.core.failure import frames

#: Seconds that a lane rests when there was nothing to do, and when something was in vain.
IDLE, IN_VAIN = 0.25, 1.0
Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Lane:
    """step: does some of what is to be done, and says how much that was. rest: seconds that it
    rests when there was nothing."""

    name: str
    step: Callable[[], int]
    rest: float = IDLE


def run_lane(lane: Lane, stop: threading.Event, tell: Tell) -> None:
    """Until `stop` is set. What was in vain is told once, and again when that changes."""
    told = ""
    while not stop.is_set():
        rest, said = 0.0, ""
        try:
            rest = 0.0 if lane.step() else lane.rest
        except (ServerAway, ServerRefused, StoreUnavailable) as trouble:
            rest, said = IN_VAIN, str(trouble)
            fields: dict[str, Any] = {"trouble": said}
        except Exception as error:  # noqa: BLE001 - the outermost loop: the others must go on
            rest, said = IN_VAIN, type(error).__name__
            fields = {"failed": said, "at": frames(error)}
        if said and said != told:
            tell({"lane": lane.name, **fields})
        elif told and not said and not rest:
            tell({"lane": lane.name, "trouble": "", "again": True})
        told = said if said or not rest else told
        stop.wait(rest)


def run_lanes(lanes: Iterable[Lane], stop: threading.Event, tell: Tell) -> list[threading.Thread]:
    """Start every lane in a thread of its own; they end after `stop` is set."""
    threads = [
        threading.Thread(target=run_lane, args=(lane, stop, tell), name=lane.name, daemon=True)
        for lane in lanes
    ]
    for thread in threads:
        thread.start()
    return threads
