"""References within a message, to our own addresses and by search: resolved to `Type/id`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from service.core.errors import Fault, PreconditionFailed

_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?")
#: Characters of an id (FHIR R4, 2.24.0.1).
_LONGEST = 64
_NESTED = (dict, list)
_BY_SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?(.+)")


def references_in(value: Any) -> list[str]:
    """Every `reference` that is a text, wherever it stands."""
    found: list[str] = []
    if isinstance(value, _NESTED):
        _collect(value, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    # A list that is passed on, since every change asks this of each resource several times.
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, _NESTED):
            _collect(inner, found)
        elif name == "reference" and isinstance(inner, str):
            found.append(inner)


def local(reference: str) -> str:
    """`Type/id` of a relative reference, without its version; empty for any other."""
    match = _LOCAL.fullmatch(reference)
    return f"{match[1]}/{match[2]}" if match else ""


def prefixed(reference: str, prefix: str) -> str:
    """`Type/id` as it is here, where the sender's ids begin with the prefix.

    An id that becomes longer than FHIR allows is told by a digest of it.
    """
    kind, _, id = reference.partition("/")
    return f"{kind}/{kept_id(id, prefix)}"


def kept_id(id: str, prefix: str) -> str:
    """The id here of a sender's resource."""
    long = prefix + id
    return (
        long if len(long) <= _LONGEST else f"{prefix[:20]}{sha256(long.encode()).hexdigest()[:40]}"
    )


def links_of(
    resource: Mapping[str, Any],
    addresses: Mapping[str, str],
    own: str,
    found: Callable[[str, str], Sequence[str]],
    where: str,
    prefix: str = "",
) -> dict[str, str]:
    """Reference as sent -> `Type/id`, for those that are not such already.

    addresses: what an entry is called in the message -> `Type/id`. own: address of the base that
    was asked, or of the server that told of it. found: (type, query) -> `Type/id` of all that meets
    it. prefix: what that server's ids begin with here. Raises PreconditionFailed when a search
    does not find just one.
    """
    links: dict[str, str] = {}
    for reference in references_in(resource):
        if reference in links:
            continue
        if _LOCAL.fullmatch(reference):
            known = addresses.get(reference)  # of an entry that got another id
            known = known or (prefix and prefixed(local(reference), prefix))
            links |= {reference: known} if known and known != reference else {}
        elif reference in addresses:
            links[reference] = addresses[reference]
        elif reference.startswith(f"{own}/") and (within := local(reference[len(own) + 1 :])):
            links[reference] = prefixed(within, prefix)
        elif match := _BY_SEARCH.fullmatch(reference):
            met = found(match[1], match[2])
            if len(met) != 1:
                text = (
                    f"{len(met) or 'No'} resource{'s' if len(met) > 1 else ''} of type {match[1]} "
                    "can be found by this reference: it must be just one."
                )
                raise PreconditionFailed(Fault("not-found", text, where))
            links[reference] = met[0]
    return links
