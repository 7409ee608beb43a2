"""What we need of another FHIR server, in plain values.

Every call may raise ServerAway (try again later) and ServerRefused (it answered, and would not).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Resource = dict[str, Any]
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found, over all its pages.

    resources: decoded with their digits, matches and included alike, OperationOutcomes left out.
    complete: False when the limit of pages, resources or bytes ended it before its last page.
    asked_at: when the server itself says that it searched, by its own clock; None when it does
    not say. outcomes: texts of what the server said beside it, such as parameters it ignored.
    """

    resources: tuple[Resource, ...]
    complete: bool
    asked_at: datetime | None = None
    outcomes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a create or update came to. location: `Type/id` there, empty when it was not said."""

    status: int
    location: str
    resource: Resource | None


class Server(Protocol):
    """A FHIR server at one base: nothing else is ever asked, whatever an answer says."""

    def capability(self) -> Resource:
        """Its CapabilityStatement; remembered for some minutes."""

    def read(self, kind: str, id: str) -> Resource | None:
        """The resource as it is now; None when it was deleted (410) or never there (404)."""

    def search(self, kind: str, query: Query) -> Searched:
        """All that meets a search of a type, page by page."""

    def history(self, kind: str, query: Query) -> Searched:
        """Like `search`, of `Type/_history`; each resource is an ENTRY with request, response and
        resource as the history Bundle has it."""

    def operation(self, path: str, query: Query) -> Resource:
        """GET of an operation such as `Subscription/1/$events`."""

    def create(self, resource: Resource) -> Written:
        """POST to its type."""

    def update(self, resource: Resource, criteria: str = "") -> Written:
        """PUT to `Type/id`, or to `Type?criteria` where there are criteria."""

    def delete(self, kind: str, id: str) -> None:
        """DELETE; no error when it is gone already."""

    def transact(self, bundle: Resource) -> Resource:
        """POST of a transaction to the base: the transaction-response Bundle.

        ServerRefused where an entry of the response is not 2xx.
        """
