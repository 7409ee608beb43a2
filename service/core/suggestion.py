"""What a plan holds: regimens with what speaks for and against each, and what is still asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.core.blocker import Blocker, Effect
from service.core.fact_book import Conflict
from service.core.known_fact import DrugFact
from service.core.plan_kind import PlanKind
from service.core.regimen import Component, Rank, Rule
from service.core.work import Monitoring, WorkUp


class Status(StrEnum):
    """Of a regimen, the first that fits: excluded, conditional, on hold, applicable."""

    APPLICABLE = "APPLICABLE"
    CONDITIONAL = "CONDITIONAL"
    ON_HOLD = "ON_HOLD"
    EXCLUDED = "EXCLUDED"


@dataclass(frozen=True, slots=True)
class Stop:
    """A blocker as it bears on one regimen.

    met: its condition is true; False: it is not known. missing: the facts that would settle it.
    drug: of a choice, which this stops alone; empty when it concerns the regimen.
    told: what the record says of the regimen's drugs that made it true.
    """

    blocker: Blocker
    met: bool
    missing: tuple[str, ...] = ()
    drug: str = ""
    told: tuple[DrugFact, ...] = ()

    @property
    def effect(self) -> Effect:
        """What it does here: its own effect when met, else what not knowing means."""
        return self.blocker.effect if self.met else Effect(self.blocker.unknown_means)


@dataclass(frozen=True, slots=True)
class Option:
    """A regimen that fits the patient, or would once the missing facts are known.

    stops: what bears on it, in the order of its rule. components: the drugs that are left of it.
    missing: facts that its condition, its receptors or the setting wait for.
    off_label: not authorised for this use where the patient is treated.
    contradicted: it rests on a stated setting that something else contradicts.
    """

    rule: Rule
    components: tuple[Component, ...]
    stops: tuple[Stop, ...]
    missing: tuple[str, ...]
    off_label: bool
    contradicted: bool

    @property
    def status(self) -> Status:
        """The first that fits, in the order of regimens.md section 1.6."""
        if self.against:
            return Status.EXCLUDED
        if self.missing:
            return Status.CONDITIONAL
        return Status.ON_HOLD if self.waits else Status.APPLICABLE

    def of(self, *effects: Effect) -> tuple[Stop, ...]:
        """The stops with these effects."""
        return tuple(s for s in self.stops if s.effect in effects)

    @property
    def holds(self) -> tuple[Stop, ...]:
        """What must be solved, or decided by a person, before the first dose."""
        return self.of(Effect.HOLD, Effect.REVIEW)

    @property
    def against(self) -> tuple[Stop, ...]:
        """What excludes it."""
        return tuple(s for s in self.of(Effect.EXCLUDE) if not s.drug)

    @property
    def waits(self) -> bool:
        """True when its drugs are not to be started as things stand."""
        return bool(self.contradicted or [s for s in self.holds if not s.drug])

    @property
    def add_on(self) -> bool:
        return self.rule.rank is Rank.ADD_ON


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rule of rank NONE. missing: empty when it holds, else what it waits for."""

    rule: Rule
    missing: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class ChosenSetting:
    """The treatment setting. name: empty when none is known. stated: by the caller.

    missing: the facts that would decide it, or, when it is known, an earlier one.
    rather: the title of an earlier setting that what is known fits, beside a stated one.
    """

    name: str = ""
    title: str = ""
    stated: bool = False
    missing: tuple[str, ...] = ()
    rather: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact that is asked for, and the regimens that wait for it."""

    fact: str
    regimens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Work-up that is open. blockers: what it solves."""

    work_up: WorkUp
    blockers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the plan holds. options: in order, add-ons last. holds: flags that stop drugs.

    flags: for the patient's summary. conflicts: what contradicts what.
    """

    kind: PlanKind
    setting: ChosenSetting = ChosenSetting()
    options: tuple[Option, ...] = ()
    excluded: tuple[Option, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    asked: tuple[Asked, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    holds: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
