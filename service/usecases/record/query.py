"""A search as plain values: what a resource must meet, in which order, and which page of it."""

from __future__ import annotations

from dataclasses import dataclass

from service.core.search_parameter import SearchKind
from service.fhir.version import FhirVersion

#: The parameters that are of the resource itself, not among its search values.
ID, LAST_UPDATED = "_id", "_lastUpdated"


@dataclass(frozen=True, slots=True)
class Token:
    """A code. system: None is any, empty is none. code: as it is kept; empty is any."""

    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is kept, compared whole."""

    value: str


@dataclass(frozen=True, slots=True)
class Start:
    """The start of a value as it is kept."""

    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """Any part of a value as it is kept."""

    value: str


@dataclass(frozen=True, slots=True)
class Time:
    """A stretch of time and how a resource's own must lie to it.

    prefix: eq, ne, gt, lt, ge, le, sa, eb or ap. low, high: UTC microseconds, both included.
    """

    prefix: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Chained:
    """A reference to a resource of a type that itself meets a clause."""

    type: str
    clause: Clause


Wanted = Token | Value | Start | Part | Time | Chained


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition: a value under one of the names meets one of the alternatives.

    Without alternatives any value does. negated: no value may.
    """

    names: tuple[str, ...]
    any_of: tuple[Wanted, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """A parameter to sort by: ascending by the least of its values, descending by the greatest.

    Resources without one come last.
    """

    name: str
    kind: SearchKind
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All clauses must be met. release: the version that evidence came in; what we derived is of
    both. total: whether to count all of them. Resources that are deleted are never found; the
    last order is that of creation, so that pages do not overlap."""

    type: str
    release: FhirVersion
    clauses: tuple[Clause, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = 50
    offset: int = 0
    total: bool = False
