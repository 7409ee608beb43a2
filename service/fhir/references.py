"""References of an answer into what the caller sent: the caller's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from service.fhir.entries import Located
from service.fhir.samples import business_identifier


def reference_to(located: Located) -> dict[str, Any]:
    """As the caller addresses it; a resource without an address by identifier, else by type."""
    if located.reference:
        return {"reference": located.reference}
    logical = logical_reference(located)
    return logical or {"type": located.type, "display": f"{located.type} as posted, without an id"}


def logical_reference(located: Located) -> dict[str, Any] | None:
    """By the resource's business identifier, or None when it has none."""
    return logical_reference_to(located.type, located.resource)


def logical_reference_to(kind: str, resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same to a resource of a type that is at hand by itself."""
    found = business_identifier(resource.get("identifier"))
    if not found:
        return None
    system, value = found
    identifier = {"system": system, "value": value} if system else {"value": value}
    return {"type": kind, "identifier": identifier}


def conditional_reference(kind: str, identifier: tuple[str, str]) -> dict[str, Any]:
    """By a search that a server resolves in a transaction; the system may be empty."""
    system, value = identifier
    token = f"{system}|{value}" if system else value
    return {"reference": f"{kind}?identifier={quote(token, safe=':/|')}"}


def emitted_reference(
    reference: Mapping[str, Any] | None, located: Located | None
) -> dict[str, Any] | None:
    """A Reference as sent, without display; a contained target becomes a logical reference."""
    if reference is None:
        return None
    text = reference.get("reference")
    if isinstance(text, str) and text.startswith("#"):
        return logical_reference(located) if located else None
    kept = {k: reference[k] for k in ("reference", "type", "identifier") if k in reference}
    return kept or None


def references_to(resources: Iterable[Located]) -> list[dict[str, Any]]:
    """References to several resources, each once."""
    found: list[dict[str, Any]] = []
    for located in resources:
        reference = reference_to(located)
        if reference not in found:
            found.append(reference)
    return found
