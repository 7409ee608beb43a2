"""Quarantine: what could not be taken in waits for a person, who sends it on or dismisses it.

A replay does not say that it went well. What could not be read at the door is read again at once;
anything else goes back to the worker, and comes back to quarantine where the fault is still there.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from service.core.errors import Conflict, Fault, NotFhir, NotFound
from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import Desk, Kept, State
from service.usecases.exchange.receive import receive_again
from service.usecases.exchange.trading import Trading
from service.usecases.record.stored import instant

#: Characters of a person's reason.
LONGEST_REASON = 500
#: Notices that are looked up at a time.
AT_ONCE = 100
Told = dict[str, Any]


def held(desk: Desk, source: str = "") -> Iterator[Kept]:
    """All that is in quarantine, in the order it came; few are held in memory at once."""
    after = 0
    while page := desk.notices(source, State.QUARANTINED, AT_ONCE, after):
        yield from page
        after = page[-1].seq


def one(number: int, desk: Desk) -> Kept:
    """What is in quarantine or was; NotFound for any other notice: people have no part in it."""
    kept = desk.notice(number)
    known = (State.QUARANTINED, State.DISMISSED)
    if kept is None or not (
        kept.arrival.state in known or kept.replayed or kept.arrival.happening is None
    ):
        raise NotFound(Fault("not-found", "Nothing of this number is or was in quarantine."))
    return kept


def replay(number: int, desk: Desk, tradings: Mapping[str, Trading]) -> Kept:
    """As it stands afterwards: done, waiting for the worker, or in quarantine still.

    Raises NotFound, and Conflict for what is not in quarantine, can only be dismissed, or is of a
    source that is not configured any more.
    """
    kept = _quarantined(number, desk)
    trading = tradings.get(kept.source)
    if trading is None:
        raise Conflict(Fault("conflict", "Its source is not configured any more."))
    arrival = kept.arrival
    if arrival.happening is None:
        receive_again(kept, trading)
    elif arrival.happening is not Happening.SOMETHING and not arrival.id:
        text = "It names no resource: it can only be dismissed. The source has to send it again."
        raise Conflict(Fault("conflict", text))
    elif not desk.move([number], State.WAITING, "", trading.clock()):
        raise _overtaken()
    return one(number, desk)


def dismiss(number: int, reason: str, desk: Desk, now: datetime) -> Kept:
    """Never to be worked on; kept with both reasons, until retention removes it.

    Raises what `replay` raises, and NotFhir for a reason that says nothing or is not one line.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        text = f"Say why in one line of at most {LONGEST_REASON} characters, without patient data."
        raise NotFhir(Fault("value", text, "reason"))
    kept = _quarantined(number, desk)
    said = f"{reason} (It was kept because: {kept.arrival.reason})"
    if not desk.move([number], State.DISMISSED, said, now):
        raise _overtaken()
    return one(number, desk)


def _quarantined(number: int, desk: Desk) -> Kept:
    kept = one(number, desk)
    if kept.arrival.state is not State.QUARANTINED:
        text = f"It is not in quarantine any more: it is {kept.arrival.state}."
        raise Conflict(Fault("conflict", text))
    return kept


def _overtaken() -> Conflict:
    return Conflict(Fault("conflict", "Somebody else has decided on it meanwhile."))


def listed(kept: Kept) -> Told:
    """As a list shows it: nothing clinical."""
    arrival = kept.arrival
    if arrival.happening is None:
        what = f"{arrival.method} {arrival.path}".strip()
    else:
        what = f"{arrival.happening} {arrival.type}/{arrival.id}"
    return {
        "number": kept.seq,
        "received": instant(kept.received),
        "source": kept.source,
        "what": what,
        "state": str(arrival.state),
        "reason": arrival.reason,
    }


def shown(kept: Kept) -> Told:
    """All that is kept of it. `body` is what was delivered, in base64, and `text` the same where it
    is UTF-8: patient data."""
    arrival, found = kept.arrival, listed(kept)
    more = {
        "version": arrival.version,
        "updated": instant(arrival.updated) if arrival.updated else "",
        "contentType": arrival.content_type,
    }
    found |= {name: value for name, value in more.items() if value}
    if arrival.body is not None:
        found["body"] = b64encode(arrival.body).decode()
        with suppress(UnicodeDecodeError):
            found["text"] = arrival.body.decode()
    return found
