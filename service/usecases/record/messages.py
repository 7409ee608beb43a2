"""`$process-message`: a message Bundle with evidence, and the reply that a messaging sender waits
for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.core.errors import Fault, NotFhir, RequestRefused
from service.fhir.identity import derived_id
from service.fhir.outcome import outcome_of
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.usecases.record.asking import Asking, Recording
from service.usecases.record.bundles import Wanted, record_bundle
from service.usecases.record.stored import instant


def process_message(
    bundle: Mapping[str, Any], body: bytes, recording: Recording, asking: Asking, wanted: Wanted
) -> dict[str, Any]:
    """The reply: a message Bundle whose MessageHeader says `ok` or `fatal-error`.

    The evidence is kept as from any Bundle, so the same message twice is kept once, and its reply
    is the same. Raises NotFhir where there is no MessageHeader to reply to.
    """
    header = _header(bundle)
    try:
        kept = record_bundle(bundle, body, recording, asking, wanted)
    except RequestRefused as refused:
        return _reply(header, "fatal-error", outcome_of(refused.faults), recording, asking)
    told = [
        Fault(issue["code"], issue["details"]["text"], "".join(issue.get("expression", [])))
        for entry in kept.get("entry", [])
        for issue in entry["response"].get("outcome", {}).get("issue", [])
    ]
    outcome = outcome_of(told, "information") if told else None
    return _reply(header, "ok", outcome, recording, asking)


def _header(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    entries = bundle.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    header = first.get("resource") if isinstance(first, dict) else None
    if bundle.get("type") != "message" or not isinstance(header, dict):
        text = "A message is a Bundle of type message whose first entry is a MessageHeader."
        raise NotFhir(Fault("structure", text, "Bundle.entry[0].resource"))
    if header.get("resourceType") != "MessageHeader":
        text = "The first entry of a message is a MessageHeader."
        raise NotFhir(Fault("structure", text, "Bundle.entry[0].resource"))
    return header


def _reply(
    header: Mapping[str, Any],
    code: str,
    outcome: dict[str, Any] | None,
    recording: Recording,
    asking: Asking,
) -> dict[str, Any]:
    sent = str(header.get("id") or "unnamed")
    identity = derived_id("message", sent, code)
    systems = Systems(recording.house.canonical_base)
    event = {k: v for k, v in header.items() if k in ("eventCoding", "eventUri", "eventCanonical")}
    entries: list[dict[str, Any]] = []
    details: dict[str, Any] = {}
    if outcome is not None:
        told = derived_id("message", sent, code, "outcome")
        details = {"details": {"reference": f"urn:uuid:{told}"}}
        entries = [{"fullUrl": f"urn:uuid:{told}", "resource": {**outcome, "id": told}}]
    answer = {
        "resourceType": "MessageHeader",
        "id": identity,
        **(event or {"eventUri": f"{systems.base}/message/unnamed"}),
        "source": _source(systems, asking),
        "response": {"identifier": _named(sent, asking.release), "code": code, **details},
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": instant(asking.now),
        "entry": [{"fullUrl": f"urn:uuid:{identity}", "resource": answer}, *entries],
    }


def _source(systems: Systems, asking: Asking) -> dict[str, Any]:
    name = systems.device["display"]
    if asking.release is FhirVersion.R5:
        return {"name": name, "endpointUrl": asking.address}
    return {"name": name, "endpoint": asking.address}


def _named(sent: str, release: FhirVersion) -> Any:
    """The id of the message that is replied to: an id in R4, an Identifier in R5."""
    return {"value": sent} if release is FhirVersion.R5 else sent
