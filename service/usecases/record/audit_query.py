"""A search of the audit log as plain values, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.core.audit import Audit
from service.usecases.record.query import Clause


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """All clauses must be met; the newest come first unless `oldest_first`."""

    clauses: tuple[Clause, ...] = ()
    count: int = 50
    offset: int = 0
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Audits:
    """One page of what was found. total: of all that meets the query."""

    page: Sequence[Audit]
    total: int
