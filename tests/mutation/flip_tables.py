"""Every condition cell of the therapy tables made wrong in turn: does a fixture case notice?

A mutant is the loaded tables with one thing changed; no file is touched. It is killed when at
least one case of fixtures/cases no longer gets the answer that it expects. A mutant that survives
is a cell, or a part of one, that could be wrong without a test failing.

    python -m tests.mutation.flip_tables [whole|parts] [row ...]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from time import perf_counter

from service.core.blocker import Blocker, Effect, UnknownMeans
from service.core.condition import All, Compared, Condition, Not, Sign, Some, Stated
from service.core.facts import FactKind
from service.core.follows import Follows
from service.core.regimen import Rank, Rule
from service.core.therapy_edition import Setting, Therapy
from tests.support.cases import cases, library
from tests.support.replay import Replay, read


class Level(StrEnum):
    """How much of a cell is changed."""

    WHOLE = "whole"
    PARTS = "parts"


class Table(StrEnum):
    """Which table is changed."""

    REGIMENS = "regimens.csv"
    SETTINGS = "settings.csv"
    BLOCKERS = "blockers.csv"
    FOLLOWS = "follows.csv"


@dataclass(frozen=True, slots=True)
class Mutant:
    """The tables with one thing changed.

    row: a rule, a blocker, `order setting`, or the line of follows.csv without its header.
    kind: what sort of change. change: what was changed to what. named: what a case that may
    notice names under `covers`. rules: ids of rules of which one must have been weighed, empty
    when anything may change.
    """

    table: Table
    level: Level
    kind: str
    row: str
    change: str
    therapy: Therapy
    named: frozenset[str]
    rules: frozenset[str]

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.change}"


_DENIED = {
    Sign.BELOW: Sign.AT_LEAST,
    Sign.AT_LEAST: Sign.BELOW,
    Sign.ABOVE: Sign.AT_MOST,
    Sign.AT_MOST: Sign.ABOVE,
    Sign.IS: Sign.IS_NOT,
    Sign.IS_NOT: Sign.IS,
}
_OTHER_RANK = {
    Rank.PREFERRED: Rank.ALTERNATIVE,
    Rank.ALTERNATIVE: Rank.PREFERRED,
    Rank.OPTIONAL: Rank.ALTERNATIVE,
    Rank.ADD_ON: Rank.OPTIONAL,
}
_SOFTER = dict.fromkeys(Effect, Effect.INFORM) | {Effect.INFORM: Effect.HOLD}
_OTHERWISE_UNKNOWN = {
    UnknownMeans.IGNORE: UnknownMeans.INFORM,
    UnknownMeans.INFORM: UnknownMeans.IGNORE,
    UnknownMeans.HOLD: UnknownMeans.IGNORE,
}

#: Why no patient can tell a mutant from the tables as they are -> the mutants, as `str` says them.
_NO_PATIENT_CAN_TELL: Mapping[str, Sequence[str]] = {
    "a category that is not treated gets its sentence whatever its line says": [
        f"regimens.csv {rule}: {change}"
        for rule in ("NEG-01", "NEG-02", "DCIS-01")
        for change in ("not (True)", *(f"jurisdictions without {j}" for j in ("us", "eu", "cn")))
    ],
    "each rule is read for its own categories only: of those it weighs none is met": [
        "blockers.csv B01: effect exclude -> inform",
        "blockers.csv B01: in no rule",
    ],
    "what the results, the request and the record say of it is never unknown": [
        f"blockers.csv {blocker}: unknown_means {change}"
        for blocker, change in {
            **dict.fromkeys(("B01", "B18", "B22", "B25"), "ignore -> inform"),
            "B21": "inform -> ignore",
        }.items()
    ],
    "every setting that has regimens says that the disease is invasive": [
        "blockers.csv B02: unknown_means ignore -> inform"
    ],
    "every rule that has it is excluded by B07 (an LVEF below 50), B10 (a clearance below 30)": [
        "blockers.csv B06: lvef < 10 -> lvef < 9",
        "blockers.csv B06: lvef < 10 -> lvef < 11",
        "blockers.csv B10M: crcl >= 30 -> crcl >= 29",
    ],
    "whatever can stand beside it stands before it already": [
        f"regimens.csv {rule}: order {order} -> {order + 10}"
        for order, rules in {
            1: "LO-01 LO-01E LO-02 LO-02E PCR-02",
            2: "EXT-02 LO-04 LO-07 M1-09",
            3: "ADJ-09",
            4: "M1-12 NEO-06 RES-03",
            5: "M3-08",
            7: "M2-10",
            9: "ADJ-07 PCR-03 RES-05",
        }.items()
        for rule in rules.split()
    ],
    "ADJ-01 or ADJ-05B says the same regimen first where it would be said too": [
        "regimens.csv ADJ-01B: pT_cm > 2.0 -> pT_cm > 1.9",
        "regimens.csv ADJ-05: pT_cm <= 2.0 -> pT_cm <= 2.1",
    ],
    "RES-01 says the same regimen first where it would be said too": [
        f"regimens.csv RES-01B: {change}"
        for change in (
            "cT >= 4 -> cT >= 5",
            "cN >= 2 -> cN >= 3",
            "ypN >= 1 -> ypN >= 2",
            "(cT == 1 and cN == 0) -> (cT == 1 or cN == 0)",
        )
    ],
    "every condition asks for two regimens, and for one line where it asks for regimens": [
        *(
            f"follows.csv 24 n_mbc_her2_lines >= 1: {change}"
            for change in (
                "not (n_mbc_her2_lines >= 1)",
                "n_mbc_her2_lines >= 1 -> n_mbc_her2_lines < 1",
                "n_mbc_her2_lines >= 1 -> n_mbc_her2_lines >= 0",
                "n_mbc_her2_lines >= 1 -> n_mbc_her2_lines >= 2",
                "then without n_her2_regimens",
            )
        ),
        *(
            f"follows.csv 20 n_mbc_her2_lines == 0 and not adj_her2_given: {change}"
            for change in (
                "n_mbc_her2_lines == 0 -> n_mbc_her2_lines == 1",
                "adj_her2_given -> not adj_her2_given",
                "then without n_her2_regimens",
            )
        ),
        "follows.csv 23 n_mbc_her2_lines >= 1 and adj_her2_given: "
        "n_mbc_her2_lines >= 1 -> n_mbc_her2_lines >= 0",
        "follows.csv 1 not prior_systemic: then without n_her2_regimens",
    ],
    "a pregnancy or lactation that is not known stops and says as little as none (B03, B05)": [
        "follows.csv 27 sex_male: then without pregnant",
        "follows.csv 27 sex_male: then without lactating",
    ],
    "another line of follows.csv says it too, or no condition asks it": [
        "follows.csv 1 not prior_systemic: then without postop_her2_started",
        "follows.csv 1 not prior_systemic: then without induction_thp",
        "follows.csv 1 not prior_systemic: then without prior_pertuzumab",
        "follows.csv 18 induction_thp: then without prior_pertuzumab",
        "follows.csv 9 in_situ_only: then without invasive",
        "follows.csv 19 n_mbc_her2_lines == 0: then without induction_thp",
    ],
}
#: `str(mutant)` -> why no patient can tell it from the tables as they are.
EQUIVALENT: Mapping[str, str] = {
    mutant: reason for reason, several in _NO_PATIENT_CAN_TELL.items() for mutant in several
}


# Conditions with one thing changed

Change = tuple[str, str, Condition]  # what sort of change, what was changed to what, the result


def parts_of(condition: Condition) -> Iterator[Change]:
    """The condition with one leaf or one joining word changed, every one in turn."""
    match condition:
        case Stated():
            yield "truth", f"{condition} -> not {condition}", Not(condition)
        case Compared(fact, sign, value):
            denied = replace(condition, sign=_DENIED[sign])
            yield "comparison", f"{condition} -> {denied}", denied
            if isinstance(value, Decimal):
                for moved in (value - _step(fact, value), value + _step(fact, value)):
                    if moved >= 0:
                        changed = replace(condition, value=moved)
                        yield "bound", f"{condition} -> {changed}", changed
        case Not(part):
            yield from ((kind, said, Not(changed)) for kind, said, changed in parts_of(part))
        case All(joined) | Some(joined):
            other = Some(joined) if isinstance(condition, All) else All(joined)
            yield "joint", f"({condition}) -> ({other})", other
            for at, part in enumerate(joined):
                for kind, said, changed in parts_of(part):
                    yield kind, said, type(condition)((*joined[:at], changed, *joined[at + 1 :]))


def _step(fact: str, value: Decimal) -> Decimal:
    """One unit of the last digit; for a count, one."""
    if library().fact_kinds[fact] is FactKind.COUNT:
        return Decimal(1)
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)


def _conditions(condition: Condition) -> Iterator[tuple[Level, Change]]:
    yield Level.WHOLE, ("condition", f"not ({condition})", Not(condition))
    for change in parts_of(condition):
        if change[2] != Not(condition):
            yield Level.PARTS, change


# Tables with one thing changed


def mutants(therapy: Therapy) -> Iterator[Mutant]:
    """Every mutant, table by table."""
    for rule in therapy.rules.values():
        yield from _of_rule(therapy, rule)
    for setting in therapy.settings:
        yield from _of_setting(therapy, setting)
    for blocker in therapy.blockers.values():
        yield from _of_blocker(therapy, blocker)
    for at, follows in enumerate(therapy.follows):
        yield from _of_follows(therapy, at, follows)


def _of_rule(therapy: Therapy, rule: Rule) -> Iterator[Mutant]:
    for level, (kind, said, condition) in _conditions(rule.condition):
        yield _rule(therapy, replace(rule, condition=condition), level, kind, said)
    if rule.rank is not Rank.NONE:
        rank = _OTHER_RANK[rule.rank]
        said = f"rank {rule.rank} -> {rank}"
        yield _rule(therapy, replace(rule, rank=rank), Level.PARTS, "rank", said)
        said, order = f"order {rule.order} -> {rule.order + 10}", rule.order + 10
        yield _rule(therapy, replace(rule, order=order), Level.PARTS, "order", said)
    for left_out in rule.jurisdictions:
        where = tuple(j for j in rule.jurisdictions if j is not left_out)
        said = f"jurisdictions without {left_out}"
        changed = replace(rule, jurisdictions=where)
        yield _rule(therapy, changed, Level.PARTS, "jurisdiction", said)


def _rule(therapy: Therapy, rule: Rule, level: Level, kind: str, said: str) -> Mutant:
    tables = replace(therapy, rules={**therapy.rules, rule.id: rule})
    only = frozenset({rule.id})
    return Mutant(Table.REGIMENS, level, kind, rule.id, said, tables, only, only)


def _of_setting(therapy: Therapy, setting: Setting) -> Iterator[Mutant]:
    for level, (kind, said, condition) in _conditions(setting.condition):
        yield _setting(therapy, replace(setting, condition=condition), level, kind, said)
    if setting.flag_when:
        for level, (kind, said, condition) in _conditions(setting.flag_when):
            changed = replace(setting, flag_when=condition)
            yield _setting(therapy, changed, level, kind, f"flag_when {said}")


def _setting(therapy: Therapy, setting: Setting, level: Level, kind: str, said: str) -> Mutant:
    rows = tuple(setting if s.order == setting.order else s for s in therapy.settings)
    row = f"{setting.order} {setting.name}"
    tables = replace(therapy, settings=rows)
    return Mutant(
        Table.SETTINGS, level, kind, row, said, tables, frozenset({setting.name}), frozenset()
    )


def _of_blocker(therapy: Therapy, blocker: Blocker) -> Iterator[Mutant]:
    for level, (kind, said, condition) in _conditions(blocker.condition):
        yield _blocker(therapy, replace(blocker, condition=condition), level, kind, said)
    effect = _SOFTER[blocker.effect]
    said = f"effect {blocker.effect} -> {effect}"
    yield _blocker(therapy, replace(blocker, effect=effect), Level.WHOLE, "effect", said)
    unknown = _OTHERWISE_UNKNOWN[blocker.unknown_means]
    said = f"unknown_means {blocker.unknown_means} -> {unknown}"
    yield _blocker(
        therapy, replace(blocker, unknown_means=unknown), Level.PARTS, "unknown_means", said
    )
    rules = {name: _without(rule, blocker.id) for name, rule in therapy.rules.items()}
    yield _of_the_blockers(
        therapy, blocker.id, replace(therapy, rules=rules), Level.WHOLE, "removal", "in no rule"
    )


def _without(rule: Rule, name: str) -> Rule:
    """The rule, and each of its drugs, without the blocker."""
    components = tuple(
        replace(
            c,
            blockers=tuple(b for b in c.blockers if b != name),
            when_known=tuple(b for b in c.when_known if b != name),
        )
        for c in rule.components
    )
    blockers = tuple(b for b in rule.blockers if b != name)
    return replace(rule, components=components, blockers=blockers)


def _blocker(therapy: Therapy, blocker: Blocker, level: Level, kind: str, said: str) -> Mutant:
    tables = replace(therapy, blockers={**therapy.blockers, blocker.id: blocker})
    return _of_the_blockers(therapy, blocker.id, tables, level, kind, said)


def _of_the_blockers(
    therapy: Therapy, name: str, tables: Therapy, level: Level, kind: str, said: str
) -> Mutant:
    rules = frozenset(r.id for r in therapy.rules.values() if name in _all_blockers(r))
    return Mutant(Table.BLOCKERS, level, kind, name, said, tables, frozenset({name}), rules)


def _all_blockers(rule: Rule) -> set[str]:
    return {*rule.blockers, *(b for c in rule.components for b in (*c.blockers, *c.when_known))}


def _of_follows(therapy: Therapy, at: int, follows: Follows) -> Iterator[Mutant]:
    changed: list[tuple[Level, str, str, Follows]] = [
        (level, kind, said, replace(follows, when=condition))
        for level, (kind, said, condition) in _conditions(follows.when)
    ]
    for fact in follows.then:
        then = {f: value for f, value in follows.then.items() if f != fact}
        changed.append((Level.PARTS, "then", f"then without {fact}", replace(follows, then=then)))
    for level, kind, said, new in changed:
        rows = (*therapy.follows[:at], new, *therapy.follows[at + 1 :])
        tables = replace(therapy, follows=rows)
        row = f"{at + 1} {follows.when}"
        yield Mutant(Table.FOLLOWS, level, kind, row, said, tables, frozenset(), frozenset())


# Who notices


@cache
def replays() -> tuple[Replay, ...]:
    """Every case that gets the answer that it expects, read once."""
    read_ = [read(case) for case in cases()]
    return tuple(replay for replay in read_ if not replay.wrong)


def killer(mutant: Mutant, among: Sequence[Replay]) -> Replay | None:
    """The first case that notices the mutant; those that name it are asked first."""
    asked = [r for r in among if not mutant.rules or mutant.rules & r.rules]
    asked.sort(key=lambda r: (not mutant.named & r.covers, not mutant.named & r.names))
    return next((replay for replay in asked if replay.notices(mutant.therapy)), None)


# The report


def main(arguments: Sequence[str]) -> int:
    """Print what was killed and what survived; 1 when something survived."""
    started = perf_counter()
    levels = {Level(a) for a in arguments if a in list(Level)} or set(Level)
    rows = {a for a in arguments if a not in list(Level)}
    among = replays()
    print(f"{len(among)} cases read in {perf_counter() - started:.0f} s", flush=True)
    tried: Counter[tuple[str, str, str]] = Counter()
    killed: Counter[tuple[str, str, str]] = Counter()
    survivors: list[Mutant] = []
    for mutant in mutants(library().regimens):
        if mutant.level not in levels or (rows and mutant.row.split()[0] not in rows):
            continue
        key = (mutant.level, mutant.table, mutant.kind)
        tried[key] += 1
        if killer(mutant, among):
            killed[key] += 1
        elif str(mutant) not in EQUIVALENT:
            survivors.append(mutant)
            print(f"survives: {mutant}", flush=True)
    for key in sorted(tried):
        equal = tried[key] - killed[key] - sum(_key(s) == key for s in survivors)
        note = f" ({equal} equivalent)" if equal else ""
        print(f"{' '.join(key)}: {killed[key]} of {tried[key]} killed{note}")
    print(f"{killed.total()} of {tried.total()} killed, {perf_counter() - started:.0f} s")
    return 1 if survivors else 0


def _key(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.level, mutant.table, mutant.kind


def of_level(level: Level) -> Iterable[Mutant]:
    """The mutants of one level."""
    return (m for m in mutants(library().regimens) if m.level is level)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
