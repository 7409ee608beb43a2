"""What a write came to: where the resource is, and whether every entry was taken."""

from __future__ import annotations

import re
from typing import Any

from service.adapters.fhir_server.body import Answer
from service.adapters.fhir_server.links import located
from service.adapters.fhir_server.told import outcome
from service.core.errors import ServerRefused
from service.fhir.json import encode
from service.usecases.exchange.server import Resource, Written

_STATUS = re.compile(r"([1-5][0-9]{2})(?![0-9])")


def written(answer: Answer, kind: str, what: str, known: str = "") -> Written:
    """The result of a create or update. known: `Type/id` where we chose it.

    ServerRefused for a 2xx with a body that is no FHIR: a login page is no sign of success.
    """
    said = answer.fhir(what) if answer.body.strip() else {}
    resource = said if said.get("resourceType") == kind else None
    location = (
        located(answer.headers.get("Location", ""), kind)
        or located(answer.headers.get("Content-Location", ""), kind)
        or (located(f"{kind}/{resource.get('id')}", kind) if resource else "")
        or known
    )
    return Written(answer.status, location, resource)


def check_transaction(bundle: Resource, status: int) -> Resource:
    """The transaction-response; ServerRefused where it is none or an entry of it is not 2xx."""
    entries = bundle.get("entry", [])
    if bundle.get("type") != "transaction-response" or not isinstance(entries, list):
        raise ServerRefused(
            f"The server's answer to a transaction is no transaction-response (HTTP {status}).",
            status,
        )
    for index, entry in enumerate(entries):
        response = entry.get("response") if isinstance(entry, dict) else None
        response = response if isinstance(response, dict) else {}
        found = _STATUS.match(str(response.get("status")))
        if not found:
            raise ServerRefused(
                f"The server does not say what entry {index} of a transaction came to.", status
            )
        if not found[1].startswith("2"):
            raise ServerRefused(
                f"The server refused entry {index} of a transaction ({found[1]}).",
                int(found[1]),
                _outcome(response),
            )
    return bundle


def _outcome(response: dict[str, Any]) -> str:
    said = response.get("outcome")
    return outcome(encode(said)) if isinstance(said, dict) else ""
