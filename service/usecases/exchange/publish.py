"""Publishing the drug records on the server that plans are written to: once an edition.

They go as one transaction, since they refer to each other in circles: a server that looks after
its references (HAPI) takes none of them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from service.core.errors import ServerAway, ServerRefused, SettingsError
from service.fhir.json import encode_in_order
from service.fhir.systems import Systems
from service.fhir.writing.drug_writer import drug_writer
from service.usecases.exchange.back_off import back_off
from service.usecases.exchange.desk import SourceState
from service.usecases.exchange.offered import offered
from service.usecases.exchange.outgoing import BY_CRITERIA, BY_ID
from service.usecases.exchange.server import Resource, Server
from service.usecases.exchange.trading import Trading

KIND = "MedicationKnowledge"
#: A refusal may be mended at the server; one of the type itself is not asked about again.
AGAIN = timedelta(hours=1)
#: Seconds between two tries at the longest while the server is away.
MOST = 900.0


class NotTaken(ServerRefused):
    """The server has no place for the records: nothing changes that but its own next version."""


@dataclass(frozen=True, slots=True)
class Published:
    """records: how many are there now. addressing: `id` or `criteria`, as they were written."""

    edition: str
    records: int
    addressing: str


def edition_of(trading: Trading) -> str:
    """What would be published and where: the therapy edition, and a digest of the records."""
    source, therapy = trading.source, trading.recording.library.therapy
    where = source.write_to.base if source.write_to else ""
    digest = sha256(where.encode() + b"\n" + encode_in_order(_records(trading))).hexdigest()
    return f"{therapy.identity}|{therapy.version}|{digest[:12]}"


def is_due(state: SourceState, edition: str, now: datetime) -> bool:
    """Whether the worker is to publish: not what is there, nor what the server has no place for."""
    if state.published == edition or state.publish_said.startswith(_not_taken(edition)):
        return False
    return state.publish_due is None or state.publish_due <= now


def publish(trading: Trading, tries: int = 0) -> Published:
    """Put the records on the server, or bring them up to date. tries: made in vain before.

    Raises ServerAway and ServerRefused, once it is kept when to try again; SettingsError where
    there is no server to write to.
    """
    target, name, now = trading.target, trading.source.name, trading.clock()
    if target is None:
        text = "write_back is false: there is no server to publish on."
        raise SettingsError(f"[sources.{name}] {text}")
    edition = edition_of(trading)
    try:
        addressing = _addressing(target)
        records = _records(trading)
        target.transact(transaction(records, addressing, _systems(trading)))
    except ServerAway as away:
        wait = back_off(tries, MOST) if away.wait is None else away.wait
        due = now + timedelta(seconds=wait)
        trading.desk.note(name, publish_due=due, publish_said=str(away))
        raise
    except NotTaken as refused:
        trading.desk.note(name, publish_due=None, publish_said=_not_taken(edition) + str(refused))
        raise
    except ServerRefused as refused:
        trading.desk.note(name, publish_due=now + AGAIN, publish_said=str(refused))
        raise
    trading.desk.note(name, published=edition, publish_due=None, publish_said="")
    return Published(edition, len(records), addressing)


def _not_taken(edition: str) -> str:
    """How `publish_said` begins where this edition is not tried again."""
    return f"{edition}: "


def _systems(trading: Trading) -> Systems:
    return Systems(trading.recording.house.canonical_base)


def _records(trading: Trading) -> list[Resource]:
    """The drug records in the version of FHIR that the server has."""
    if trading.source.write_to is None:
        return []
    write = drug_writer(trading.source.write_to.release)
    drugs = trading.recording.library.drugs
    return [write(drug, drugs, trading.recording.house.canonical_base) for drug in drugs]


def _addressing(target: Server) -> str:
    """By id where a client may choose ids; our ids are UUIDs, as HAPI wants them."""
    known = offered(target).get(KIND)
    if known is None:
        raise NotTaken(f"The server's CapabilityStatement has no {KIND}.")
    if known.get("updateCreate") is True:
        return BY_ID
    if known.get("conditionalUpdate") is True:
        return BY_CRITERIA
    raise NotTaken(
        f"The server allows neither ids chosen by a client (updateCreate) nor conditional update "
        f"for {KIND}: the records would be there once more each time."
    )


def transaction(records: list[Resource], addressing: str, systems: Systems) -> Resource:
    """The records as a transaction that leads to the same however often it is sent.

    Each has a tag of its own, since R4's MedicationKnowledge has no identifier, and no profile,
    which a server would have to know.
    """
    system = systems.code_system("her2-medication-knowledge")
    entries = []
    for record in records:
        id = record["id"]
        resource = _referring(record, addressing)
        resource["meta"] = {"tag": [{"system": system, "code": id}]}
        url = f"{KIND}/{id}"
        if addressing == BY_CRITERIA:
            del resource["id"]
            url = f"{KIND}?_tag={system}|{id}"
        request = {"method": "PUT", "url": url}
        entries.append({"fullUrl": _urn(id), "resource": resource, "request": request})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _urn(id: str) -> str:
    return f"urn:uuid:{id}"


def _referring(record: Resource, addressing: str) -> Resource:
    """The record with its references to the others as the transaction has them."""

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            found = {k: resolved(v) for k, v in value.items()}
            said = found.get("reference")
            if isinstance(said, str) and said.startswith(f"{KIND}/"):
                found["reference"] = said if addressing == BY_ID else _urn(said.partition("/")[2])
            return found
        return [resolved(v) for v in value] if isinstance(value, list) else value

    found: Resource = resolved(record)
    return found
