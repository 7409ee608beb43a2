"""`/quarantine`: what could not be taken in from a source, listed, shown, replayed, dismissed.

Plain JSON for the explorer and for scripts; behind the token as the rest is.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFhir, NotFound
from service.usecases.exchange.desk import Desk, Kept, State
from service.usecases.exchange.quarantine import dismiss, listed, one, replay, shown
from service.usecases.search import DEFAULT_COUNT, MOST_COUNT, number_in, unknown_parameter
from service.web.answer import plain
from service.web.body import fhir_in
from service.web.parts import Parts

PARAMETERS = ("source", "after", "_count")
#: Digits of the largest number that both databases take.
_DIGITS = 18


def quarantine(parts: Parts) -> Blueprint:
    """A list, one, and what a person may decide of it."""
    doors = Blueprint("quarantine", __name__, url_prefix="/quarantine")
    # One desk has the notices of all; without a source there is none, and nothing in it.
    known = next((trading.desk for trading in parts.tradings.values()), None)

    def desk() -> Desk:
        if known is None:
            raise _nothing()
        return known

    @doors.get("")
    def list_all() -> Response:
        source, after, count = _asked(request.args.to_dict(flat=False))
        found = known.notices(source, State.QUARANTINED, count + 1, after) if known else []
        page = found[:count]
        told: dict[str, Any] = {"quarantine": [listed(kept) for kept in page]}
        if len(found) > count > 0:
            query = {"source": source} if source else {}
            query |= {"after": str(page[-1].seq), "_count": str(count)}
            told["next"] = f"/quarantine?{urlencode(query)}"
        return plain(told)

    @doors.get("/<number>")
    def show(number: str) -> Response:
        return plain(shown(one(_number(number), desk())))

    @doors.post("/<number>/replay")
    def replayed(number: str) -> Response:
        return _decided("replay", replay(_number(number), desk(), parts.tradings))

    @doors.post("/<number>/dismiss")
    def dismissed(number: str) -> Response:
        posted = fhir_in(request, parts.max_body_bytes)
        reason = posted.get("reason") if isinstance(posted, dict) else None
        if not isinstance(reason, str):
            text = 'Post {"reason": "..."}: why it is dismissed.'
            raise NotFhir(Fault("required", text, "reason"))
        kept = dismiss(_number(number), reason, desk(), parts.clock())
        return _decided("dismiss", kept)

    return doors


def _decided(what: str, kept: Kept) -> Response:
    state = str(kept.arrival.state)
    g.log_fields |= {"door": "quarantine", "decided": what, "number": kept.seq, "now": state}
    return plain(listed(kept))


def _asked(asked: dict[str, list[str]]) -> tuple[str, int, int]:
    """Source (empty: all), the number to begin after, and how many."""
    faults = [unknown_parameter(name, PARAMETERS) for name in asked if name not in PARAMETERS]
    after = number_in(asked, "after", faults)
    count = number_in(asked, "_count", faults)
    source = asked.get("source", [""])[-1]
    if not source.isprintable():
        faults.append(Fault("value", "source is the name of a source."))
    if faults:
        raise NotFhir(*faults)
    size = DEFAULT_COUNT if count is None else min(count, MOST_COUNT)
    return source, after or 0, size


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise _nothing()
    return int(text)


def _nothing() -> NotFound:
    return NotFound(Fault("not-found", "Nothing of this number is or was in quarantine."))
