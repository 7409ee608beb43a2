"""Looking what changed at a source since a time, whatever notices did or did not come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from service.core.errors import NotFhir, ServerRefused
from service.fhir.json import encode
from service.fhir.notices.content import changed, updated_of
from service.fhir.notices.entry import entry_of, notice_of
from service.fhir.notices.notice import Happening, Notice
from service.usecases.exchange.arrival import keep_notices
from service.usecases.exchange.offered import offered
from service.usecases.exchange.server import Resource
from service.usecases.exchange.trading import Trading
from service.usecases.record.stored import instant

#: What changed so long before the last look is looked at again: a server may commit late.
OVERLAP = timedelta(minutes=2)
#: How far back the first look of all goes when nobody says.
FIRST = timedelta(hours=1)
PAGE = "100"


def catch_up(trading: Trading, since: datetime | None = None) -> int:
    """Take in what meets the source's criteria and changed since then: how much of it is new.

    since: by the source's clock; None: since the last look. Raises ServerAway and ServerRefused.
    """
    state = trading.desk.state(trading.source.name)
    begun = trading.clock()
    start = since or (state.caught_up or begun - FIRST) - OVERLAP
    new, looked_at = 0, None
    for criterion in trading.source.criteria:
        kind, _, query = criterion.partition("?")
        asked_at, came = _changed(trading, kind, query, start)
        new += came
        looked_at = min(filter(None, (looked_at, asked_at)), default=None)
    for kind in sorted({c.partition("?")[0] for c in trading.source.criteria}):
        new += _deleted(trading, kind, start)
    until = looked_at or begun
    if state.caught_up is None or until > state.caught_up:
        trading.desk.note(trading.source.name, caught_up=until)
    return new


def _changed(
    trading: Trading, kind: str, query: str, start: datetime
) -> tuple[datetime | None, int]:
    """When the source says that it looked, and how much is new."""
    new, first_look = 0, None
    while True:
        asked = [*parse_qsl(query), ("_lastUpdated", f"ge{instant(start)}")]
        asked += [("_sort", "_lastUpdated"), ("_count", PAGE)]
        found = trading.server.search(kind, asked)
        first_look = first_look or found.asked_at
        resources = [r for r in found.resources if r.get("resourceType") == kind]
        new += keep_notices([changed(r, encode(r), "") for r in resources], None, trading)
        last = max(filter(None, map(updated_of, resources)), default=None)
        if found.complete or last is None or last <= start:
            return first_look, new
        start = last  # more than one search gives: it goes on where this one ended


def _deleted(trading: Trading, kind: str, start: datetime) -> int:
    """Deletions since then, as far as the server keeps a history of the type."""
    try:
        interactions = offered(trading.server).get(kind, {}).get("interaction", [])
        if "history-type" not in {one.get("code") for one in interactions}:
            return 0
        found = trading.server.history(kind, [("_since", instant(start)), ("_count", PAGE)])
    except ServerRefused:
        return 0  # deletions are then known by their notices alone
    gone = {(one.type, one.id): one for one in _removals(found.resources)}
    known = trading.desk.seen(trading.source.name, gone)
    notices = [gone[seen.type, seen.id] for seen in known.values() if not seen.gone]
    return keep_notices(notices, None, trading)


def _removals(entries: Sequence[Resource]) -> Iterator[Notice]:
    """Of what the newest entry of a history (the first, FHIR R4 3.1.0.13) says was deleted."""
    newest: set[tuple[str, str]] = set()
    for i, entry in enumerate(entries):
        try:
            notice = notice_of(entry_of(entry, f"Bundle.entry[{i}]"))
        except NotFhir:
            continue  # what can be read of the others still counts
        if (notice.type, notice.id) not in newest and notice.happening is Happening.DELETED:
            yield notice
        newest.add((notice.type, notice.id))
