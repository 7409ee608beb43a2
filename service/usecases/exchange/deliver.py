"""Delivering what is owed: at least once, in order for each patient, with one result.

A patient's row says that something is owed, not what: what is sent is what stands when it is sent,
so a server that was away for a day gets one transaction a patient, and never an old one after a
new one.
"""

from __future__ import annotations

from datetime import timedelta

from service.core.errors import RequestRefused, ServerAway, ServerRefused
from service.fhir.systems import Systems
from service.usecases.exchange.addressed import addresses_of
from service.usecases.exchange.back_off import back_off
from service.usecases.exchange.desk import Owed
from service.usecases.exchange.offered import offered
from service.usecases.exchange.outgoing import BY_CRITERIA, BY_ID, outgoing
from service.usecases.exchange.server import Server
from service.usecases.exchange.trading import Trading
from service.usecases.record.stored import form_of

#: Patients that are claimed together.
AT_ONCE = 20
LEASE = timedelta(seconds=60)
#: Types that are written, apart from Provenance.
_WRITTEN = ("CarePlan", "Observation")


def deliver(trading: Trading, park_after: timedelta, limit: int = AT_ONCE) -> int:
    """Send what is owed and due: how many patients' that was.

    park_after: what could not be delivered for so long waits for a person. Raises ServerAway when
    the server cannot be reached, which is known when it was away for two patients in a row; what
    was claimed and not tried is put off.
    """
    target = trading.target
    if target is None:
        return 0
    claimed = trading.desk.claim_owed(trading.source.name, trading.clock(), LEASE, limit)
    last: ServerAway | None = None
    for place, owed in enumerate(claimed):
        before, last = last, None
        try:
            _send(trading, target, owed)
        except ServerAway as away:
            if before is not None:
                for waiting in claimed[place:]:
                    _put_off(trading, waiting, away, park_after)
                raise
            _put_off(trading, owed, away, park_after)
            last = away
        except ServerRefused as refused:
            _refused(trading, owed, str(refused), refused.outcome, park_after)
        except RequestRefused as refused:
            said = " ".join(fault.text for fault in refused.faults)
            _refused(trading, owed, said, "", park_after)
    if last is not None:
        raise last
    return len(claimed)


def _send(trading: Trading, target: Server, owed: Owed) -> None:
    source, desk = trading.source, trading.desk
    assert source.write_to is not None
    addressing, release = _addressing(trading, target), source.write_to.release
    systems = Systems(trading.recording.house.canonical_base)
    delivered = desk.delivered(source.name, owed.patient)
    with trading.recording.store.reading() as reader:
        versions = reader.derived(owed.patient)
        numbers = {version.reference: version.number for version in versions}
        if all(delivered.get(reference) == number for reference, number in numbers.items()):
            desk.sent(owed, {}, trading.clock())
            return
        forms = {v.reference: form_of(v, release) for v in versions if not v.deleted}
        known = addresses_of(source, trading.prefix, owed.patient, forms, reader, desk)
    found = outgoing(
        forms,
        numbers,
        delivered,
        addressing,
        systems,
        known.there if source.writes_back else known.elsewhere,
        known.worded,
    )
    if found is None:
        desk.sent(owed, {}, trading.clock())
        return
    bundle, sending = found
    if not desk.sending(owed, sending, trading.clock() + LEASE):
        return  # another worker took it up: it sends what stands then
    target.transact(bundle)
    desk.sent(owed, numbers, trading.clock())


def _addressing(trading: Trading, target: Server) -> str:
    """How plans are written there; once chosen it stays, since the other way would write twice."""
    known = trading.desk.state(trading.source.name).addressing
    if known:
        return known
    chosen = _chosen(target)
    trading.desk.note(trading.source.name, addressing=chosen)
    return chosen


def _chosen(target: Server) -> str:
    """By id where the server says that clients may choose ids; else by criteria, unless it says
    that it has no such updates or no such resources. What it does not say is found out."""
    try:
        known = offered(target)
    except ServerRefused:
        return BY_CRITERIA
    lacking = [kind for kind in _WRITTEN if known and kind not in known]
    if lacking:
        raise ServerRefused(f"The server's CapabilityStatement has no {' and no '.join(lacking)}.")
    said = [known.get(kind, {}) for kind in _WRITTEN]
    if all(one.get("updateCreate") is True for one in said):
        return BY_ID
    if any(one.get("conditionalUpdate") is False for one in said):
        raise ServerRefused(
            "The server allows neither ids chosen by a client (updateCreate) nor conditional "
            "update for CarePlan and Observation: plans cannot be written there just once."
        )
    return BY_CRITERIA


def _put_off(trading: Trading, owed: Owed, away: ServerAway, park_after: timedelta) -> None:
    now = trading.clock()
    wait = back_off(owed.tries) if away.wait is None else away.wait
    due = now + timedelta(seconds=wait)
    parked = now - owed.since > park_after
    trading.desk.put_off_owed(owed, due, str(away), parked=parked)


def _refused(trading: Trading, owed: Owed, said: str, outcome: str, park_after: timedelta) -> None:
    """The server would not: it may be mended there, so it is tried again until its age parks it."""
    now = trading.clock()
    due = now + timedelta(seconds=back_off(owed.tries + 2))
    parked = now - owed.since > park_after
    trading.desk.put_off_owed(owed, due, said, outcome, parked)
