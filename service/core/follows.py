"""What follows from what is known, by the definition of the facts: rules as data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from service.core.condition import Condition
from service.core.facts import FactValue, Stretch
from service.core.worlds import World, both


@dataclass(frozen=True, slots=True)
class Follows:
    """When `when` holds, each fact of `then` has its value.

    always: whatever else was said of it; by definition it cannot be otherwise.
    """

    when: Condition
    then: World
    always: bool
    source: str


def follow(
    world: dict[str, FactValue], rules: Sequence[Follows], unsettled: Collection[str]
) -> None:
    """Fill in what follows until nothing more does, and narrow a stretch to what fits both;
    what is known or unsettled stays."""
    changed = True
    while changed:
        changed = False
        for rule in rules:
            open_ = [f for f in rule.then if _fills(f, rule, world, unsettled)]
            if not open_ or rule.when.evaluate(world.get) is not True:
                continue
            for fact in open_:
                before = world.get(fact)
                said = rule.then[fact]
                value = said if before is None or rule.always else both(before, said)
                if value is not None and value != before:
                    world[fact], changed = value, True


def _fills(fact: str, rule: Follows, world: World, unsettled: Collection[str]) -> bool:
    """True when the rule may say something of the fact that is not said yet."""
    value = world.get(fact)
    if rule.always:
        return value != rule.then[fact]
    return fact not in unsettled and (value is None or isinstance(value, Stretch))
