"""Every body that the service emits for the fixtures, with a name that says whence it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.core.errors import RequestRefused
from service.fhir.json import decode, encode
from service.fhir.version import FhirVersion
from tests.support.as_r5 import as_r5
from tests.support.cases import BASE, Case, assessed, cases
from tests.support.doors import app
from tests.support.refused import refused as refused_bodies

PROFILES = Path(__file__).parents[2] / "profiles"
Body = tuple[str, dict[str, Any]]


def everything(version: FhirVersion) -> Iterator[Body]:
    """All of it, the slowest to judge first."""
    yield "profiles", definitions(version)
    yield from documents(version)
    yield from refusals(version)
    for kind in ("collection", "transaction"):
        for case in cases():
            answer = answered(case, kind, version)
            if answer:
                yield f"{case.name} ({kind})", answer


def answered(case: Case, kind: str, version: FhirVersion) -> dict[str, Any] | None:
    """The answer to a case as `collection` or `transaction`; None where it is refused."""
    posted = decode(case.body)
    if version is FhirVersion.R5:
        posted = as_r5(posted)
    try:
        return assessed(case, version, posted, bundle_type=kind)
    except RequestRefused:
        return None


def definitions(version: FhirVersion) -> dict[str, Any]:
    """Every file of profiles/ as one Bundle: the validator then reads FHIR's own types once."""
    files = sorted((PROFILES / version).glob("*.json"))
    resources = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    entries = [{"fullUrl": _address(r), "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _address(resource: dict[str, Any]) -> str:
    return str(resource.get("url") or f"{BASE}/{resource['resourceType']}")


def documents(version: FhirVersion) -> Iterator[Body]:
    """What can be read without evidence: the CapabilityStatement and the drug records."""
    client = app().test_client()
    for path in ("metadata", "MedicationKnowledge?_count=1000"):
        answer = client.get(f"{version.base}/{path}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        yield path, decode(answer.get_data())


def refusals(version: FhirVersion) -> Iterator[Body]:
    """The OperationOutcome of every fixture that this version refuses."""
    for refused in refused_bodies():
        if version in refused.versions:
            yield f"refused: {refused.name}", decode(refused.answer(version).get_data())


def without_repeats(bodies: Iterator[Body]) -> Iterator[Body]:
    """The bodies, with each drug record in the first Bundle only that has it just so.

    A record is the same in a hundred answers and nothing in them refers to it: judging it once
    is the same verdict in a third of the time.
    """
    seen: set[bytes] = set()
    for name, body in bodies:
        if "entry" not in body:
            yield name, body
            continue
        kept = []
        for entry in body["entry"]:
            if entry["resource"]["resourceType"] == "MedicationKnowledge":
                as_sent = encode(entry["resource"])
                if as_sent in seen:
                    continue
                seen.add(as_sent)
            kept.append(entry)
        yield name, {**body, "entry": kept}
