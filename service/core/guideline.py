"""A guideline edition: its decision tables and named bounds, ready for the classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.core.measure import Interval
from service.core.table import Table


@dataclass(frozen=True, slots=True)
class Limit:
    """A named bound that is not a row of a decision table (`limits.csv`)."""

    name: str
    quantity: str
    bound: Interval
    sentence: str
    reference: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an ISH result is not used (`reasons.csv`): UNSAT, MISSING or NOT_USED."""

    name: str
    effect: str
    sentence: str
    reference: str


@dataclass(frozen=True, slots=True)
class Source:
    """A publication that an edition rests on. doi: empty when it has none."""

    citation: str
    doi: str = ""


@dataclass(frozen=True, eq=False)
class Guideline:
    """One edition, itself and no other.

    identity: `asco-cap-2018`; version: of these files. start: first day it is in force.
    comments: report comments by code.
    """

    identity: str
    version: str
    title: str
    start: date
    tables: Mapping[str, Table]
    limits: Mapping[str, Limit]
    reasons: Mapping[str, Reason]
    comments: Mapping[str, str]
    sources: tuple[Source, ...] = ()

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def within(self, limit: str, value: Interval) -> bool:
        """True when the whole interval satisfies the named bound."""
        return value.inside(self.limits[limit].bound)
