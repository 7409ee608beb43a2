"""Reading patients' records again of which something could not be read."""

from __future__ import annotations

from contextlib import suppress

from service.core.errors import Conflict, RequestRefused, ServerAway, ServerRefused
from service.usecases.exchange.take import take
from service.usecases.exchange.trading import Trading
from service.usecases.record.along import Overtaken
from service.usecases.record.links import kept_id

#: Patients of one step: each may take as long as a slow server's searches do.
AT_ONCE = 5


def read_again(trading: Trading, limit: int = AT_ONCE) -> int:
    """Take what can be read now: of how many patients that was all.

    Raises ServerAway when the source cannot be reached, or a record is still not whole.
    """
    whole, last = 0, ""
    source = trading.source.name
    for patient in trading.desk.to_read_again(source, trading.clock(), limit):
        id = _at_source(trading, patient)
        if not id:
            continue
        with suppress(ServerRefused):
            # A server that is away has nothing new to tell, and nothing new is told of it.
            trading.server.read("Patient", id)
        # Who others change at this moment is read again with the next notice or time.
        with suppress(Overtaken, Conflict, RequestRefused):
            take(trading, id, [], with_record=True)
        left = [m for m in trading.desk.missing(source, patient) or () if m.transient]
        last = left[0].said if left else last
        whole += not left
    if last:
        raise ServerAway(last)
    return whole


def _at_source(trading: Trading, patient: str) -> str:
    """The id there of `Patient/id` in our record; empty where it cannot be told."""
    kind, _, kept = patient.partition("/")
    seen = trading.desk.seen_as(trading.source.name, [(kind, kept)]).get(patient)
    if seen is not None:
        return seen.id
    prefix = trading.prefix
    id = kept.removeprefix(prefix)
    return id if kept_id(id, prefix) == kept else ""
