"""Taking what stands at a source into the record: one patient, one change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from service.core.errors import RequestRefused, ServerAway, ServerRefused
from service.fhir.json import encode
from service.fhir.own import is_own
from service.usecases.exchange.context import Context, read_context, read_referred
from service.usecases.exchange.desk import State
from service.usecases.exchange.readable import check, told
from service.usecases.exchange.seen import seen_in
from service.usecases.exchange.trading import Trading
from service.usecases.record.along import Along, Missing, Seen, Settlement, Taken
from service.usecases.record.change import change
from service.usecases.record.door import admit
from service.usecases.record.interaction import Interaction
from service.usecases.record.links import kept_id
from service.usecases.record.port import Method

#: How far the clocks of two machines that share a database may be apart.
CLOCKS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of a resource at its source. before: what was taken of it until now. resource:
    decoded, body: its bytes; None and empty when it was deleted. seqs: the notices it settles.
    again: a person wants it looked at once more, also where the record has it already. received:
    when the last of its notices came; None where none did."""

    now: Seen
    before: Seen | None
    resource: dict[str, Any] | None
    body: bytes
    seqs: Sequence[int] = ()
    again: bool = False
    received: datetime | None = None


def take(
    trading: Trading,
    patient: str,
    standing: Sequence[Standing],
    with_record: bool,
    again: bool = False,
) -> None:
    """Keep what stands, and what could be read of the rest of the patient's record.

    patient: id of the Patient at the source, empty when nobody is named. with_record: read the
    rest. again: assess the patient even when nothing changed, and so whoever has what is to be
    looked at `again`. Raises what `change` raises.
    """
    prefix = trading.prefix
    key = f"Patient/{kept_id(patient, prefix)}" if patient else ""
    context = Context()
    begun = trading.clock()
    with_record = with_record and not _was_read(trading, key, standing)
    if with_record:
        if patient:
            context = read_context(patient, trading.source, trading.server)
        sent = [one.resource for one in standing if one.resource is not None]
        read_referred(context, sent, trading.source, trading.server)
    settled: list[Settlement] = []
    taking = _notified(trading, standing, prefix, settled)
    taking += _beside(trading, context, standing, prefix)
    taking += _vanished(trading, context, key, {(t.now.type, t.now.id) for t in taking})
    asked = [_asked(one) for one in taking]
    missing = {key: tuple(context.missing)} if key and with_record else {}
    along = Along(
        source=trading.source.name,
        worked={i: one.seqs for i, one in enumerate(taking) if one.seqs},
        settled=settled,
        taken={i: Taken(one.now, one.before) for i, one in enumerate(taking)},
        missing=missing,
        read=begun,
        admitted=True,
        again={key for key in (*_whose(trading, taking), key if again else "") if key},
    )
    change(asked, trading.recording, trading.asking(prefix), along)


def _was_read(trading: Trading, key: str, standing: Sequence[Standing]) -> bool:
    """The record was asked for after all of these had come: what it says is as new as they are."""
    if any(one.again for one in standing):
        return False
    came = [one.received for one in standing if one.received is not None]
    if not key or not came or len(came) < len(standing):
        return False
    return trading.desk.was_read(trading.source.name, key, max(came) + CLOCKS)


def _notified(
    trading: Trading, standing: Sequence[Standing], prefix: str, settled: list[Settlement]
) -> list[Standing]:
    """What notices brought, without what is no valid FHIR: that waits for a person."""
    good = []
    for one in standing:
        said = _fault(trading, one) or _still_unread(trading, one)
        if said:
            settled += [Settlement(seq, State.QUARANTINED, said) for seq in one.seqs]
        else:
            good.append(one)
    return good


def _fault(trading: Trading, one: Standing) -> str:
    try:
        _admit(trading, one)
    except RequestRefused as refused:
        return told(refused)
    return ""


def _admit(trading: Trading, one: Standing) -> None:
    """Raises what `admit` raises; whatever is taken has passed it once."""
    admit([_asked(one)], trading.source.at.release, trading.recording.house.canonical_base)


def _still_unread(trading: Trading, one: Standing) -> str:
    """Why what is in the record already cannot be read still: a change of nothing would not say."""
    if not one.again or one.resource is None or one.before != one.now:
        return ""
    try:
        check(one.resource, one.now.type, one.now.id, trading)
    except RequestRefused as refused:
        return told(refused)
    return ""


def _whose(trading: Trading, taking: Sequence[Standing]) -> set[str]:
    """The patients, as the record has them, of what is to be looked at again."""
    named = {f"{one.now.type}/{one.now.kept}" for one in taking if one.again}
    if not named:
        return set()
    with trading.recording.store.reading() as reader:
        return {version.patient for version in reader.by_ids(named)}


def _beside(
    trading: Trading, context: Context, standing: Sequence[Standing], prefix: str
) -> list[Standing]:
    """The rest of the record that is new or changed since it was last taken."""
    notified = {f"{one.now.type}/{one.now.id}" for one in standing}
    base = trading.recording.house.canonical_base
    found = {
        reference: resource
        for reference, resource in context.found.items()
        if reference not in notified and not is_own(resource, base)
    }
    named = [tuple(reference.split("/", 1)) for reference in found]
    known = trading.desk.seen(trading.source.name, named) if named else {}  # type: ignore[arg-type]
    taking = []
    for reference, resource in found.items():
        now = seen_in(resource, kept_id(resource["id"], prefix))
        before = known.get(reference)
        if before is not None and now.version and replace(now, kept=before.kept) == before:
            continue
        one = Standing(now, before, resource, encode(resource))
        if said := _fault(trading, one):
            context.missing.append(Missing(reference, f"it is not valid FHIR: {said}", False))
        else:
            taking.append(one)
    return taking


def _vanished(
    trading: Trading, context: Context, key: str, taking: set[tuple[str, str]]
) -> list[Standing]:
    """What was of the patient's record and is not found there any more: deleted, or another's."""
    if not key or not context.whole:
        return []
    gone = []
    for seen in trading.desk.seen_of(trading.source.name, key):
        here = f"{seen.type}/{seen.id}" in context.found or (seen.type, seen.id) in taking
        if here or seen.type not in context.whole:
            continue
        try:
            resource = trading.server.read(seen.type, seen.id)
        except (ServerAway, ServerRefused):
            continue  # it is looked for again with the next notice
        if resource is None:
            gone.append(Standing(Seen(seen.type, seen.id, seen.kept, gone=True), seen, None, b""))
        else:
            now = seen_in(resource, seen.kept)
            gone.append(Standing(now, seen, resource, encode(resource)))
            _admit(trading, gone[-1])
    return gone


def _asked(one: Standing) -> Interaction:
    """What the record is asked: the resource under its id here, the bytes as they came."""
    seen = one.now
    if one.resource is None:
        return Interaction(Method.DELETE, seen.type, seen.kept, where=seen.type)
    resource = {**one.resource, "id": seen.kept}
    return Interaction(
        Method.PUT, seen.type, seen.kept, resource=resource, body=one.body, where=seen.type
    )
