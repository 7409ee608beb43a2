"""Facts while they are gathered: each stated once, and what the record touches but leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.core.facts import FactValue
from service.core.findings import Source
from service.core.known_fact import KnownFact


@dataclass(frozen=True, slots=True)
class OpenFact:
    """A fact that resources speak of and none settles: not known, even in a complete history."""

    name: str
    sources: tuple[Source, ...]
    said: str


@dataclass(slots=True)
class Collected:
    """Known and open facts by name; a fact that is known is never open."""

    known: dict[str, KnownFact] = field(default_factory=dict)
    open: dict[str, OpenFact] = field(default_factory=dict)

    def state(self, name: str, value: FactValue, said: str, sources: Iterable[Source]) -> None:
        """The fact is known; the first statement stands."""
        self.known.setdefault(name, KnownFact(name, value, unique(sources), said))
        self.open.pop(name, None)

    def leave_open(self, name: str, said: str, sources: Iterable[Source]) -> None:
        """Nobody may set the fact false for want of a resource."""
        if name not in self.known:
            self.open.setdefault(name, OpenFact(name, unique(sources), said))

    def value(self, name: str) -> FactValue | None:
        """What is known of a fact so far."""
        return self.known[name].value if name in self.known else None

    def sources(self, *names: str) -> list[Source]:
        """The resources that known facts rest on."""
        return [s for n in names if n in self.known for s in self.known[n].sources]


def unique(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each resource once, in an order that does not depend on how they came."""
    by_place = {s.where: s for s in sources}
    return tuple(sorted(by_place.values(), key=lambda s: (s.reference, s.where)))
