"""Working on the notices of a source: what stands there is taken into the record, patient by
patient, with the rest of the patient's record beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from service.core.errors import (
    Conflict,
    RequestRefused,
    ServerAway,
    ServerRefused,
    StoreUnavailable,
)
from service.core.failure import frames
from service.fhir.coder import Coder
from service.fhir.json import decode, encode
from service.fhir.notices.notice import Happening
from service.fhir.own import is_own
from service.usecases.exchange.back_off import back_off
from service.usecases.exchange.catch_up import catch_up
from service.usecases.exchange.desk import Kept, State
from service.usecases.exchange.order import Verdict, decide
from service.usecases.exchange.seen import seen_in
from service.usecases.exchange.take import Standing, take
from service.usecases.exchange.trading import Trading
from service.usecases.record.along import Overtaken, Seen, Settlement
from service.usecases.record.her2 import says_her2
from service.usecases.record.links import kept_id, local
from service.usecases.record.owner import patient_said

#: Notices that are worked on together, so that a patient's are one change.
AT_ONCE = 50
#: How long they are a worker's alone; one that was killed gives them up then.
LEASE = timedelta(seconds=60)
#: Tries after which a notice that makes us fail waits for a person.
TRIES = 5


def work(trading: Trading, limit: int = AT_ONCE) -> int:
    """Take up what waits and is due: how many notices that was.

    Raises ServerAway when notices had to be put off because the source cannot be reached.
    """
    name = trading.source.name
    claimed = trading.desk.claim_notices(name, trading.clock(), LEASE, limit)
    if not claimed:
        return 0
    away = _look(trading, [k for k in claimed if k.arrival.happening is Happening.SOMETHING])
    standing, more = _standing(
        trading, [k for k in claimed if k.arrival.happening is not Happening.SOMETHING]
    )
    tries = {kept.seq: kept.tries for kept in claimed}
    for group in by_patient(trading, standing):
        _take(trading, group, tries)
    if away or more:
        raise away or more  # type: ignore[misc]
    return len(claimed)


def _look(trading: Trading, notices: Sequence[Kept]) -> ServerAway | None:
    """Something changed, and it is not said what: look, once for all of these."""
    if not notices:
        return None
    try:
        catch_up(trading)
    except ServerAway as away:
        put_off(trading, notices, away)
        return away
    except ServerRefused as refused:
        _failed(trading, notices, str(refused))
        return None
    trading.desk.settle([Settlement(k.seq, State.DONE) for k in notices])
    return None


def _standing(
    trading: Trading, notices: Sequence[Kept]
) -> tuple[list[Standing], ServerAway | None]:
    """What stands of each resource that notices are about."""
    about: dict[tuple[str, str], list[Kept]] = {}
    for kept in notices:
        about.setdefault((kept.arrival.type, kept.arrival.id), []).append(kept)
    seen = trading.desk.seen(trading.source.name, about) if about else {}
    standing: list[Standing] = []
    last: ServerAway | None = None
    for (kind, id), of_one in about.items():
        before = seen.get(f"{kind}/{id}")
        try:
            found = _one(trading, kind, id, of_one, before)
        except ServerAway as away:
            put_off(trading, of_one, away)
            last = away
        except ServerRefused as refused:
            _failed(trading, of_one, str(refused))
        else:
            standing += [found] if found else []
    return standing, last


def _one(
    trading: Trading, kind: str, id: str, notices: Sequence[Kept], before: Seen | None
) -> Standing | None:
    """What stands of a resource, and which notices that settles; None when nothing is to be done.

    A replayed notice is never stale: where something newer was taken before, the patient is still
    to be assessed again, by what stands at the source.

    Raises ServerAway and ServerRefused where the source has to be asked.
    """
    decision = decide(notices, before)
    seqs = [kept.seq for kept in notices]
    kept = kept_id(id, trading.prefix)
    again = any(kept.replayed for kept in notices)
    came = max(kept.received for kept in notices)
    if decision.verdict is Verdict.NOTHING and not again:
        said = "A newer version had been taken before."
        trading.desk.settle([Settlement(seq, State.STALE, said) for seq in seqs])
        return None
    if decision.verdict is Verdict.TAKE and decision.newest is not None:
        newest = decision.newest
        older = [Settlement(s, State.STALE, "A newer one came.") for s in seqs if s != newest.seq]
        trading.desk.settle(older)
        arrival = newest.arrival
        assert arrival.body is not None
        now = Seen(kind, id, kept, arrival.version, arrival.updated)
        return Standing(now, before, decode(arrival.body), arrival.body, [newest.seq], again, came)
    try:
        resource = trading.server.read(kind, id)
    except ServerAway:
        if decision.verdict is not Verdict.REMOVE:
            raise
        resource = None  # what was withdrawn must not stand until the source is back
    if resource is None:
        return Standing(Seen(kind, id, kept, gone=True), before, None, b"", seqs, again, came)
    if is_own(resource, trading.recording.house.canonical_base):
        said = "It is this service's own output."
        trading.desk.settle([Settlement(seq, State.OWN, said) for seq in seqs])
        return None
    return Standing(seen_in(resource, kept), before, resource, encode(resource), seqs, again, came)


@dataclass(slots=True)
class Group:
    """What changed of one patient. id: of the Patient at the source, empty when it names none.
    her2: his record is to be read, since a result of his is among it or known."""

    id: str
    standing: list[Standing] = field(default_factory=list)
    her2: bool = False


def by_patient(trading: Trading, standing: Sequence[Standing]) -> list[Group]:
    """The same by patient."""
    groups: dict[str, Group] = {}
    library = trading.recording.library
    coder = Coder(library.codes, library.local_codes)
    for one in standing:
        id = _patient_of(one, trading.source.at.base)
        group = groups.setdefault(id, Group(id))
        group.standing.append(one)
        group.her2 |= one.resource is not None and says_her2(one.resource, coder)
    for group in groups.values():
        if group.id and not group.her2:
            group.her2 = _known(trading, group.id)
    return list(groups.values())


def _patient_of(one: Standing, base: str) -> str:
    resource = one.resource
    if resource is None:
        return ""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    kind, _, id = local(patient_said(resource).removeprefix(f"{base}/")).partition("/")
    return id if kind == "Patient" else ""


def _known(trading: Trading, id: str) -> bool:
    """Something is derived of the patient already."""
    key = f"Patient/{kept_id(id, trading.prefix)}"
    with trading.recording.store.reading() as reader:
        return bool(reader.derived(key))


def _take(trading: Trading, group: Group, tries: Mapping[int, int]) -> None:
    """One patient's, in one change; a failure is his alone. tries: of each notice until now."""
    seqs = [seq for one in group.standing for seq in one.seqs]
    try:
        again = any(one.again for one in group.standing)
        take(trading, group.id, group.standing, group.her2, again)
    except (Overtaken, Conflict):
        trading.desk.put_off(seqs, trading.clock(), "Others change the same record.", failed=False)
    except RequestRefused as refused:
        said = " ".join(fault.text for fault in refused.faults)
        trading.desk.settle([Settlement(seq, State.QUARANTINED, said) for seq in seqs])
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost loop of one patient's notices
        said = f"The service failed at it: {type(error).__name__} at {frames(error)[-1]}."
        for seq in seqs:
            _in_vain(trading, seq, tries.get(seq, 0), said)


def put_off(trading: Trading, notices: Sequence[Kept], away: ServerAway) -> None:
    """The source cannot be reached: later, the longer the more often it was in vain."""
    now = trading.clock()
    for kept in notices:
        wait = away.wait if away.wait is not None else back_off(kept.tries)
        due = now + timedelta(seconds=wait)
        trading.desk.put_off([kept.seq], due, str(away), failed=True)


def _failed(trading: Trading, notices: Sequence[Kept], said: str) -> None:
    """The source answered, and would not."""
    for kept in notices:
        _in_vain(trading, kept.seq, kept.tries, said)


def _in_vain(trading: Trading, seq: int, tries: int, said: str) -> None:
    """A few more tries, then a person has to look."""
    if tries + 1 >= TRIES:
        trading.desk.settle([Settlement(seq, State.QUARANTINED, said)])
    else:
        due = trading.clock() + timedelta(seconds=back_off(tries))
        trading.desk.put_off([seq], due, said, failed=True)
