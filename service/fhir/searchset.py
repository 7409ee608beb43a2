"""Search results as a Bundle of type searchset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.core.errors import Fault
from service.fhir.identity import derived_id
from service.fhir.outcome import outcome_of


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what a search found.

    total: of all matches, not of this page; None when it was not counted. query: what was used
    of the caller's parameters, as a query string; next, previous: the same for the neighbouring
    pages, None at an end.
    ignored: parameters that were left out because the caller is lenient. included: resources
    that are no matches, but that the caller wants beside them.
    """

    total: int | None
    resources: tuple[dict[str, Any], ...]
    query: str
    next: str | None = None
    previous: str | None = None
    ignored: tuple[str, ...] = ()
    included: tuple[dict[str, Any], ...] = ()


def searchset(page: Page, address: str) -> dict[str, Any]:
    """The Bundle; `address` is the absolute URL of the type, without a query and a last `/`.

    What was ignored is told in an entry of mode `outcome`.
    """
    links = [("self", page.query), ("previous", page.previous), ("next", page.next)]
    base = address.rpartition("/")[0]
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": mode},
        }
        for mode, resources in (("match", page.resources), ("include", page.included))
        for resource in resources
    ]
    if page.ignored:
        entries.append(_ignored(page.ignored))
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        **({} if page.total is None else {"total": page.total}),
        "link": [
            {"relation": relation, "url": f"{address}?{query}" if query else address}
            for relation, query in links
            if query is not None
        ],
    }
    if entries:
        bundle["entry"] = entries
    return bundle


def _ignored(names: tuple[str, ...]) -> dict[str, Any]:
    faults = [
        Fault("not-supported", f"The search parameter {name!r} is not supported; it was ignored.")
        for name in names
    ]
    identity = derived_id("outcome", *names)
    return {
        "fullUrl": f"urn:uuid:{identity}",
        "resource": {**outcome_of(faults, "warning"), "id": identity},
        "search": {"mode": "outcome"},
    }
