"""Watching over a source: what got lost is noticed and fetched, whatever went wrong in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property

from service.core.errors import RequestRefused, ServerAway, ServerRefused
from service.usecases.exchange import look_after, publish, silence
from service.usecases.exchange.catch_up import catch_up
from service.usecases.exchange.read_again import read_again
from service.usecases.exchange.recover import forget, has_gap, recover
from service.usecases.exchange.timer import Timer
from service.usecases.exchange.trading import Trading


class Watch:
    """The third lane of a source. sweep: how often it is looked what changed there, whether or not
    anything was missed; also at the beginning, since what was sent while we were down is lost
    (HAPI gives up after a minute)."""

    def __init__(self, trading: Trading, sweep: timedelta) -> None:
        self._trading = trading
        self._sweep = Timer(sweep)
        self._silence, self._check, self._gaps = Timer(), Timer(), Timer()
        self._records, self._publishing = Timer(), Timer()
        self._in_vain = 0  # tries to publish
        self._away: ServerAway | None = None
        self._said: list[str] = []

    def step(self) -> int:
        """Whatever is due, each tried even when another was in vain: how much that was.

        A few reads of the database when nothing is due. Raises ServerAway when a server could not
        be reached, ServerRefused with what people should know.
        """
        self._away, self._said = None, []
        done = 0
        for timer, duty in (
            (self._silence, self._ask_the_silent),
            (self._check, self._look_after),
            (self._sweep, self._look),
            (self._gaps, self._recover),
            (self._records, lambda: read_again(self._trading)),
            (self._publishing, self._publish),
        ):
            done += self._tried(timer, duty)
        if self._away is not None:
            raise self._away
        if self._said:
            raise ServerRefused(" ".join(self._said))
        return done

    def _tried(self, timer: Timer, duty: Callable[[], int]) -> int:
        if not timer.due(self._now()):
            return 0
        try:
            done = duty()
        except ServerAway as away:
            timer.failed(self._now(), away.wait)
            self._away = self._away or away
            return 0
        except ServerRefused as refused:
            timer.failed(self._now(), None)
            self._said.append(str(refused))
            return 0
        except RequestRefused as refused:
            timer.failed(self._now(), None)
            self._said += [fault.text for fault in refused.faults]
            return 0
        timer.done(self._now())
        return done

    def _now(self) -> datetime:
        return self._trading.clock()

    def _look(self) -> int:
        return catch_up(self._trading)

    def _ask_the_silent(self) -> int:
        for channel in self._trading.desk.channels(self._trading.source.name):
            if silence.is_silent(channel, self._now()):
                silence.ask(self._trading, channel)
        return 0

    def _look_after(self) -> int:
        state = self._trading.desk.state(self._trading.source.name)
        if not look_after.is_due(state, self._now()):
            return 0
        told = look_after.look_after(self._trading)
        self._said += told
        if told:
            self._sweep.hurry()  # nothing was sent meanwhile
        return 0

    def _recover(self) -> int:
        new = 0
        for channel in self._trading.desk.channels(self._trading.source.name):
            if not has_gap(channel, self._now()):
                continue
            came, left = recover(self._trading, channel)
            new += came
            if left:
                new += self._look()
                forget(self._trading, channel, left)
        return new

    @cached_property
    def _edition(self) -> str:
        return publish.edition_of(self._trading)

    def _publish(self) -> int:
        trading = self._trading
        if not trading.source.publish or trading.target is None:
            return 0
        state = trading.desk.state(trading.source.name)
        if not publish.is_due(state, self._edition, self._now()):
            return 0
        try:
            done = publish.publish(trading, self._in_vain)
        except ServerAway:
            self._in_vain += 1
            raise
        self._in_vain = 0
        return done.records
