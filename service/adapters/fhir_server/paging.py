"""A search or history over all its pages, as far as the limits go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from service.adapters.fhir_server.body import Answer, AnswerTooLong
from service.adapters.fhir_server.limits import Limits
from service.adapters.fhir_server.links import below
from service.core.errors import ServerAway, ServerRefused
from service.fhir.notices.content import updated_of
from service.usecases.exchange.server import Searched

_GONE = (404, 410)
_TEXTS, _TEXT_LENGTH = 50, 500


@dataclass(slots=True)
class _Found:
    things: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    size: int = 0
    asked_at: datetime | None = None
    versions: set[tuple[str, str, str]] = field(default_factory=set)

    def is_new(self, resource: dict[str, Any]) -> bool:
        """Whether this version was on no page before: what is included comes with every page."""
        meta = resource.get("meta")
        number = meta.get("versionId") if isinstance(meta, dict) else None
        version = (str(resource.get("resourceType")), str(resource.get("id")), str(number))
        if number is None or version not in self.versions:
            self.versions.add(version)
            return True
        return False


@dataclass(frozen=True, slots=True)
class Paging:
    """How pages are asked for. ask: path and query below the base -> answer. what: for sentences.

    base_path: of the address that is configured. clock: seconds since 1970. entries: whether
    whole entries are wanted (a history) instead of their resources.
    """

    ask: Callable[[str], Answer]
    what: str
    base_path: str
    limits: Limits
    clock: Callable[[], float]
    entries: bool = False

    def gather(self, first: str) -> Searched:
        """All that is found from the first page on; what ended it early is an outcome."""
        found = _Found()
        why = self._follow(first, found)
        resources = found.things[: self.limits.resources]
        outcomes = found.outcomes[:_TEXTS] + ([why] if why else [])
        return Searched(tuple(resources), not why, found.asked_at, tuple(outcomes))

    def _follow(self, first: str, found: _Found) -> str:
        """Page by page; why the last page was not reached, empty when it was."""
        began = self.clock()
        seen: set[str] = set()
        tail = first
        while True:
            seen.add(tail)
            try:
                bundle = self._page(tail, found, later=len(seen) > 1)
            except AnswerTooLong as error:
                return str(error)
            link = _next(bundle)
            if len(found.things) > self.limits.resources:
                return f"More than {self.limits.resources} resources: the others were left."
            if link is None:
                return ""
            following = below(link, self.base_path)
            if following is None:
                return "The server's link to the next page is not below its base: not followed."
            if following in seen:
                return "The server's link to the next page leads back: not followed."
            if why := self._enough(len(seen), found, began):
                return why
            tail = following

    def _enough(self, pages: int, found: _Found, began: float) -> str:
        """Which limit is reached though there is another page; empty when none is."""
        limits = self.limits
        for reached, limit in (
            (pages >= limits.pages, f"{limits.pages} pages"),
            (len(found.things) >= limits.resources, f"{limits.resources} resources"),
            (found.size >= limits.search_bytes, f"{limits.search_bytes} bytes"),
            (self.clock() - began >= limits.search_seconds, f"{limits.search_seconds:g} seconds"),
        ):
            if reached:
                return f"The search was ended after {limit}, though the server has more."
        return ""

    def _page(self, tail: str, found: _Found, later: bool) -> dict[str, Any]:
        try:
            answer = self.ask(tail)
        except ServerRefused as refused:
            if later and refused.status in _GONE:
                # Servers forget the pages of a search after a while: a new search would succeed.
                raise ServerAway(
                    f"The server has forgotten the next page of {self.what}."
                ) from None
            raise
        bundle = answer.fhir(self.what, "Bundle")
        if not later:
            found.asked_at = _asked_at(bundle, answer)
        found.size += len(answer.body)
        for entry in _entries(bundle, self.what, answer.status):
            resource = entry.get("resource")
            if isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome":
                found.outcomes += texts(resource)
            elif self.entries:
                found.things.append(entry)
            elif not isinstance(resource, dict) or _mode(entry) == "outcome":
                continue
            elif found.is_new(resource):
                found.things.append(resource)
        return bundle


def texts(outcome: dict[str, Any]) -> Iterator[str]:
    """What the issues of an OperationOutcome say, each cut at 500 characters."""
    issues = outcome.get("issue")
    for issue in issues if isinstance(issues, list) else ():
        if isinstance(issue, dict):
            details = issue.get("details")
            text = details.get("text") if isinstance(details, dict) else None
            said = text or issue.get("diagnostics") or issue.get("code")
            if isinstance(said, str):
                yield said[:_TEXT_LENGTH]


def _entries(bundle: dict[str, Any], what: str, status: int) -> list[dict[str, Any]]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise ServerRefused(f"The Bundle that answers {what} is malformed.", status)
    return entries


def _mode(entry: dict[str, Any]) -> object:
    search = entry.get("search")
    return search.get("mode") if isinstance(search, dict) else None


def _next(bundle: dict[str, Any]) -> str | None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return None


def _asked_at(bundle: dict[str, Any], answer: Answer) -> datetime | None:
    """When the server searched: HAPI may give again what it found a minute before the answer."""
    if said := updated_of(bundle):
        return said
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
