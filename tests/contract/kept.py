"""What the record emits of the fixtures: what stands of their patients, and what was withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.fhir.version import FhirVersion
from service.usecases.record.kept import EVIDENCE
from tests.contract.emitted import Body
from tests.support.as_r5 import as_r5
from tests.support.cases import Case, cases
from tests.support.endpoint import DERIVED, Endpoint

#: One case in so many is kept: what they say is what the stateless door says of all of them.
EVERY = 12
LENIENT = {"Prefer": "handling=lenient"}


def of_cases(version: FhirVersion, folder: Path) -> Iterator[Body]:
    """What is derived of some cases, and what became of it when all evidence was deleted.

    folder: where the database may be.
    """
    endpoint = Endpoint(f"sqlite:///{folder / 'cases.db'}", version.base)
    try:
        for case in cases()[::EVERY]:
            endpoint.clear()
            if _keep(endpoint, case, version):
                yield f"{case.name} (standing)", _derived(endpoint)
                _withdraw(endpoint)
                yield f"{case.name} (withdrawn)", _derived(endpoint)
    finally:
        endpoint.close()


def _keep(endpoint: Endpoint, case: Case, version: FhirVersion) -> bool:
    """Post what a case posts; False where it is refused."""
    told = LENIENT if case.lenient else {}
    for root in case.posted[0]:
        sent = as_r5(root) if version is FhirVersion.R5 else root
        if endpoint.send(sent, **told).status_code >= 400:
            return False
    return True


def _withdraw(endpoint: Endpoint) -> None:
    """Delete all evidence."""
    for kind in EVIDENCE:
        for entry in endpoint.read(f"{kind}?_tag:not={DERIVED}&_count=1000").get("entry", []):
            answer = endpoint.call("DELETE", f"{kind}/{entry['resource']['id']}")
            assert answer.status_code == 204, answer.get_data(as_text=True)


def _derived(endpoint: Endpoint) -> dict[str, Any]:
    """What searches of the three types find of what is derived, as one collection."""
    entries = [
        {"fullUrl": entry["fullUrl"], "resource": entry["resource"]}
        for kind in ("Observation", "CarePlan", "Provenance")
        for entry in endpoint.read(f"{kind}?_tag={DERIVED}&_count=1000").get("entry", [])
    ]
    bundle = {"resourceType": "Bundle", "type": "collection"}
    return bundle | ({"entry": entries} if entries else {})
