"""When something is done next: every so often, and after it was in vain the later the more often
that happened."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.usecases.exchange.back_off import back_off

#: Seconds between two tries at the longest, unless the server asks for more.
MOST = 60.0


class Timer:
    """Due at its beginning."""

    def __init__(self, every: timedelta = timedelta(0)) -> None:
        self._every = every
        self._next: datetime | None = None
        self._vain = 0

    def due(self, now: datetime) -> bool:
        """Whether it is time."""
        return self._next is None or now >= self._next

    def hurry(self) -> None:
        """It is due at once, unless it was in vain just now."""
        self._next = self._next if self._vain else None

    def done(self, now: datetime) -> None:
        """It was done."""
        self._next, self._vain = now + self._every, 0

    def failed(self, now: datetime, wait: float | None) -> None:
        """It was in vain. wait: seconds that the server asked for."""
        self._next = now + timedelta(seconds=back_off(self._vain, MOST) if wait is None else wait)
        self._vain += 1
