"""Search the definitions by what all of them carry: address, version, names, status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from service.fhir.searchset import Page
from service.usecases.search import (
    PAGING,
    Resource,
    Searched,
    Test,
    alternatives,
    find,
    plain,
    token,
)

_STATUS = "http://hl7.org/fhir/publication-status"
_WORDS = ("name", "title")
#: Parameter -> its FHIR type and what it searches; CapabilityStatement says the same.
SEARCH_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "_id": ("token", "The definition's id."),
    "url": ("uri", "Its canonical URL, whole."),
    "version": ("token", "Its version."),
    "name": ("string", "The start of its name for machines; `:exact`, `:contains`."),
    "title": ("string", "The start of its title; `:exact`, `:contains`."),
    "status": ("token", "draft, active, retired or unknown."),
}
PARAMETERS = (*SEARCH_PARAMETERS, *PAGING)


def find_definitions(
    shelf: Iterable[Resource], query: Mapping[str, Sequence[str]], lenient: bool
) -> Page:
    """The definitions of one type that meet the query; NotFhir with every fault."""
    return find(shelf, _SEARCHED, query, lenient)


def _test(name: str, modifier: str, value: str) -> Test:
    """What one value asks for: any of its comma-separated parts."""
    parts = alternatives(value)
    if name == "_id":
        ids = {plain(part) for part in parts}
        return lambda resource: resource["id"] in ids
    if name == "url":
        urls = {plain(part) for part in parts}
        return lambda resource: resource["url"] in urls
    if name in _WORDS:
        asked = [plain(part) for part in parts]
        return lambda resource: any(_said(resource.get(name, ""), modifier, a) for a in asked)
    system = _STATUS if name == "status" else ""
    wanted = [token(part) for part in parts]
    return lambda resource: any(
        named in (None, system) and code in ("", resource.get(name, "")) for named, code in wanted
    )


def _said(text: str, modifier: str, asked: str) -> bool:
    """Upper and lower case are one, unless `:exact`."""
    if modifier == "exact":
        return text == asked
    found = text.casefold().find(asked.casefold())
    return found >= 0 if modifier == "contains" else found == 0


_SEARCHED = Searched(
    PARAMETERS, lambda name, modifier: name in _WORDS and modifier in ("exact", "contains"), _test
)
