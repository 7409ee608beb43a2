"""What is known of a patient once everything that was said is laid over one another.

First to last: what the caller stated, what a stated setting makes known, what the record says,
what follows from these, what a complete history denies by not mentioning it, and what follows
from that. Nothing else is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.core.condition import Condition
from service.core.facts import FactValue
from service.core.follows import Follows, follow
from service.core.known_fact import DrugFact, KnownFact
from service.core.worlds import World, agree, worlds_of

#: Known from the results, the request and the rule: a caller's word does not change them. What
#: else the results say (discordance, HER2 lost) a person may review, and say so.
NOT_TO_STATE = (
    "her2_positive",
    "her2_pending",
    "row_is_tdxd_low",
    "authorised_here",
    "include_off_label",
    "jurisdiction_eu",
    "history_complete",
)
_LINES = "n_mbc_her2_lines"
#: What lets a new line begin. Of a line that the record does not know it says nothing.
_LETS_A_LINE_BEGIN: World = {"progressed": True, "on_active_line": False}
NOTHING: Mapping[str, FactValue] = {}


class Origin(StrEnum):
    """Who says it."""

    STATED = "stated by the caller"
    SETTING = "the stated setting"
    RECORD = "the record"
    RESULTS = "the HER2 results and the request"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two things said of one fact. used: what the answer rests on; against: what it does not."""

    fact: str
    used: FactValue
    used_origin: Origin
    against: FactValue
    against_origin: Origin


@dataclass(frozen=True, slots=True)
class RecordedFacts:
    """What the patient's record says.

    known: each fact once, hr_status among them. open: names that it speaks of without settling
    them, which no complete history denies. of_drugs: what concerns one drug.
    """

    known: tuple[KnownFact, ...] = ()
    open: frozenset[str] = frozenset()
    of_drugs: tuple[DrugFact, ...] = ()

    @property
    def values(self) -> dict[str, FactValue]:
        return {fact.name: fact.value for fact in self.known}


@dataclass(frozen=True, slots=True)
class FactBook:
    """The facts of one patient; several worlds where a stated setting leaves several ways open."""

    worlds: tuple[World, ...]

    def evaluate(self, condition: Condition, about: World = NOTHING) -> bool | None:
        """True or false when it is so in every world, else None. about: facts of one rule."""
        values = {condition.evaluate(_Known(about, world)) for world in self.worlds}
        return values.pop() if len(values) == 1 else None

    def missing(self, condition: Condition, about: World = NOTHING) -> tuple[str, ...]:
        """The facts that would settle it; none when it is settled."""
        if self.evaluate(condition, about) is not None:
            return ()
        names = [n for w in self.worlds for n in condition.missing(_Known(about, w))]
        names = names or [n for n in condition.facts() if self._differs(n)]
        return tuple(dict.fromkeys(names))

    def _differs(self, fact: str) -> bool:
        """The worlds say different things of it."""
        return any(world.get(fact) != self.worlds[0].get(fact) for world in self.worlds)

    def value(self, fact: str) -> FactValue | None:
        """What is known of a fact in every world."""
        first = self.worlds[0].get(fact)
        return first if all(world.get(fact) == first for world in self.worlds) else None


class _Known:
    """A fact of the rule, else of the world."""

    __slots__ = ("about", "world")

    def __init__(self, about: World, world: World) -> None:
        self.about, self.world = about, world

    def __call__(self, fact: str) -> FactValue | None:
        if fact in self.about:
            return self.about[fact]
        return self.world.get(fact)


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that was said of a patient.

    stated: by the caller. assessed: known from the results and the request. denied: what a
    complete history makes of the facts that nothing mentions, empty when it is not complete.
    """

    stated: World
    recorded: RecordedFacts
    assessed: World
    denied: World


def fact_book(
    said: Said, follows: Sequence[Follows], setting: Condition | None = None
) -> tuple[FactBook, tuple[Conflict, ...]]:
    """The book, and where a stated setting, the caller and the record contradict each other.

    setting: the condition of the stated setting. Of the ways in which it may hold those count
    that contradict what else was said the least.
    """
    stated = {k: v for k, v in said.stated.items() if k not in NOT_TO_STATE}
    recorded = said.recorded.values
    ways = worlds_of(setting) if setting else ({},)
    implied = dict(stated)
    follow(implied, follows, ())
    tried = [(way, _conflicts(way, stated, implied, recorded)) for way in ways or ({},)]
    fewest = min(len(conflicts) for _, conflicts in tried)
    chosen = [(way, conflicts) for way, conflicts in tried if len(conflicts) == fewest]
    worlds = [_world(said, stated, way, recorded, follows) for way, _ in chosen]
    conflicts = [*chosen[0][1], *_against_the_record(stated, recorded)]
    conflicts += _against_the_results(said)
    return FactBook(tuple(worlds)), tuple(conflicts)


def _conflicts(way: World, stated: World, implied: World, recorded: World) -> list[Conflict]:
    """What the caller, outright or by what follows, or else the record says against a setting's
    conjunct."""
    found = []
    for fact, value in way.items():
        if fact in stated and not agree(stated[fact], value):
            found.append(Conflict(fact, stated[fact], Origin.STATED, value, Origin.SETTING))
        elif fact in implied and not agree(implied[fact], value):
            found.append(Conflict(fact, value, Origin.SETTING, implied[fact], Origin.STATED))
        elif fact not in stated and fact in recorded and not agree(recorded[fact], value):
            found.append(Conflict(fact, value, Origin.SETTING, recorded[fact], Origin.RECORD))
    return found


def _against_the_record(stated: World, recorded: World) -> list[Conflict]:
    return [
        Conflict(fact, value, Origin.STATED, recorded[fact], Origin.RECORD)
        for fact, value in stated.items()
        if fact in recorded and not agree(value, recorded[fact])
    ]


def _against_the_results(said: Said) -> list[Conflict]:
    """A statement that the results contradict: used where a person may review it."""
    found = []
    for fact, value in said.stated.items():
        if fact not in said.assessed or said.assessed[fact] == value:
            continue
        both = (value, Origin.STATED), (said.assessed[fact], Origin.RESULTS)
        used, against = both if fact not in NOT_TO_STATE else both[::-1]
        found.append(Conflict(fact, *used, *against))
    return found


def _world(
    said: Said, stated: World, way: World, recorded: World, follows: Sequence[Follows]
) -> World:
    world = {**_narrowed(way, recorded), **stated}
    for fact, value in recorded.items():
        if _LETS_A_LINE_BEGIN.get(fact) is not value or not _unrecorded_line(world, recorded):
            world.setdefault(fact, value)
    world |= {k: v for k, v in said.assessed.items() if k not in stated}
    follow(world, follows, said.recorded.open)
    for fact, value in said.denied.items():
        if fact not in said.recorded.open:
            world.setdefault(fact, value)
    follow(world, follows, said.recorded.open)
    return world


def _unrecorded_line(world: World, recorded: World) -> bool:
    """A line is stated that the record does not know: what it says of the last line is about
    another one."""
    return _LINES in world and not agree(world[_LINES], recorded.get(_LINES, 0))


def _narrowed(way: World, recorded: World) -> dict[str, FactValue]:
    """What a setting makes known, and the record's own value where it agrees and says more."""
    return {
        fact: recorded[fact] if fact in recorded and agree(value, recorded[fact]) else value
        for fact, value in way.items()
    }
