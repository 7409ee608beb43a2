"""The therapy edition: which regimen may be suggested when, and what stops it.

Data as a clinician wrote it, checked and complete; nothing here decides. A suggestion made from
it is decision support: a draft, never an order, and no dose is ever computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from service.core.assessment import Category
from service.core.condition import Condition
from service.core.drug_facts import Jurisdiction

#: A rule of this setting fits all; of the other, every setting of early disease.
ANY, ANY_EARLY = "ANY", "ANY_EARLY"

#: The choice group of a drug that may be added or left out.
OPTIONAL = "optional"


class Rank(StrEnum):
    """What a rule's regimen is among those of its setting; NONE is a sentence, no regimen."""

    PREFERRED = "PREFERRED"
    ALTERNATIVE = "ALTERNATIVE"
    OPTIONAL = "OPTIONAL"
    ADD_ON = "ADD-ON"
    NONE = "NONE"


class HrStatus(StrEnum):
    """Hormone receptors that a rule asks for; POSITIVE is ER or PR in 1% of cells or more."""

    ANY = "ANY"
    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"


class Effect(StrEnum):
    """What a blocker does when its condition is true.

    exclude: not suggested, and said why. hold: the drugs wait until it is solved. review: a
    person must decide first. order: a test is added. inform: words only.
    """

    EXCLUDE = "exclude"
    HOLD = "hold"
    REVIEW = "review"
    ORDER = "order"
    INFORM = "inform"


class UnknownMeans(StrEnum):
    """What a blocker does while its condition is not known."""

    IGNORE = "ignore"
    HOLD = "hold"
    INFORM = "inform"


class Action(StrEnum):
    """What an interaction asks for: not together, or with another dose or more monitoring."""

    AVOID = "avoid"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and what it names, in our words. system: `loinc`, `snomed`, `rxnorm` or `atc`.

    verified: an unverified code is read, and never emitted.
    """

    system: str
    code: str
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Partner:
    """A drug of a regimen that is not anti-HER2.

    members: of a class (`aromatase inhibitor`), the drugs of which one is chosen.
    """

    name: str
    members: tuple[str, ...]
    codes: tuple[Coded, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Component:
    """One drug of a regimen.

    phase: 1, then 2; the second follows the first.
    choice: empty for a fixed drug; one drug is taken of those of a phase with the same letter;
        OPTIONAL for one that may be left out.
    drug: its name; `record` is the id of its drug record, empty for a partner drug.
    dose: as prescribers write it (mg/kg, never computed).
    blockers: of one drug of a choice, ids of what stops it alone; the rule stands as long as
        another drug of the choice is left.
    """

    phase: int
    choice: str
    drug: str
    record: str
    dose: str
    blockers: tuple[str, ...]

    @property
    def fixed(self) -> bool:
        """True when the regimen is not this regimen without it."""
        return not self.choice


@dataclass(frozen=True, slots=True)
class Wording:
    """How a rule says, for people, what it is for; nothing is computed from it."""

    stage: str
    prior: str
    clinical: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the regimen table.

    order: the smaller comes first in its setting.
    jurisdictions: where the use is authorised, or, off label, in use.
    regimen: its code; two rules with one code are one regimen.
    cycle_days: None where there are no cycles.
    blockers: ids; whatever is not listed does not apply.
    grounds: of a sentence (rank NONE), ids of the blockers whose sentences give the reason; they
        stop nothing, since a sentence that says `no drug` is no drug.
    flags: names in words/flags.csv.
    verification: V checked against a text, S source article, G general knowledge, I our decision.
    """

    id: str
    setting: str
    order: int
    rank: Rank
    categories: tuple[Category, ...]
    hr_status: HrStatus
    condition: Condition
    jurisdictions: tuple[Jurisdiction, ...]
    regimen: str
    name: str
    components: tuple[Component, ...]
    cycle_days: int | None
    duration: str
    evidence: str
    guideline: str
    label: str
    blockers: tuple[str, ...]
    grounds: tuple[str, ...]
    workup: tuple[str, ...]
    monitoring: tuple[str, ...]
    flags: tuple[str, ...]
    warnings: str
    verification: str
    wording: Wording

    @property
    def off_label(self) -> bool:
        """True when the label status begins with the word: authorised nowhere for this use."""
        return self.label.startswith("off-label")

    @property
    def for_low(self) -> bool:
        """True for a rule of HER2-low or HER2-ultralow disease (the fact `row_is_tdxd_low`)."""
        return bool(self.categories) and set(self.categories) <= {Category.LOW, Category.ULTRALOW}

    @property
    def schedule(self) -> str:
        """Every drug with its dose in one line, as a prescriber reads it."""
        phases = groupby(self.components, key=lambda component: component.phase)
        return " THEN ".join(_phase(tuple(group)) for _, group in phases)


def _phase(components: tuple[Component, ...]) -> str:
    said: list[str] = []
    before = ""
    for component in components:
        drug = f"{component.drug} {component.dose}"
        if component.choice == OPTIONAL:
            said.append(f"optional: {drug}")
        elif component.choice and component.choice == before:
            said[-1] += f" OR {drug}"
        else:
            said.append(drug)
        before = component.choice
    return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stops, holds or comments a regimen.

    applies_to: to which rules it belongs, in words; the rules' own lists decide.
    facts_from: where the facts of the condition stand in FHIR: codes, windows, units.
    sentence: what a clinician reads.
    """

    id: str
    applies_to: str
    effect: Effect
    condition: Condition
    unknown_means: UnknownMeans
    facts_from: str
    sentence: str
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """A class of other medicines that must not, or not simply, be taken with a drug.

    members: ingredients, by name.
    """

    drug: str
    interacting: str
    members: tuple[str, ...]
    action: Action
    sentence: str
    verification: str


@dataclass(frozen=True, slots=True)
class Window:
    """How old a result may be, in days; `of` names what it holds for, empty for the rest."""

    of: str
    days: int


@dataclass(frozen=True, slots=True)
class WorkUp:
    """What is to be done before the first dose. windows: none when a result counts for ever."""

    id: str
    what: str
    codes: tuple[Coded, ...]
    when: str
    windows: tuple[Window, ...]
    for_drugs: str
    if_missing: str
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is to be watched during therapy."""

    id: str
    what: str
    codes: tuple[Coded, ...]
    when: str
    for_drugs: str
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A treatment setting: the first in order whose condition is true is the patient's.

    A name may stand twice, for different categories. early: ANY_EARLY fits it.
    """

    order: int
    name: str
    categories: tuple[Category, ...]
    condition: Condition
    early: bool
    note: str


@dataclass(frozen=True, slots=True)
class Contested:
    """A question on which sources disagree, and the answer that the tables give.

    stands_in: ids of the rules, blockers or settings that would change with another answer.
    """

    id: str
    question: str
    default: str
    alternatives: tuple[str, ...]
    stands_in: tuple[str, ...]


@dataclass(frozen=True)
class Therapy:
    """The tables of a therapy edition, whole and checked.

    partners: by drug name. products: RxNorm concept -> ids of the drug records it may be; more
        than one where it cannot be told apart.
    phrases: fact -> phrase, `not <fact>` -> the phrase of its denial (Condition.sentence).
    plan_kinds: regimen code of a sentence -> kind of plan. instead: regimen code of a sentence
        -> the setting that is to be evaluated in its place.
    confined: drug -> the only jurisdictions in which it may be suggested, off label too.
    unanswered: setting -> categories for which no rule stands, so that a person decides.
    """

    rules: Mapping[str, Rule]
    blockers: Mapping[str, Blocker]
    interactions: tuple[Interaction, ...]
    workup: Mapping[str, WorkUp]
    monitoring: Mapping[str, Monitoring]
    settings: tuple[Setting, ...]
    partners: Mapping[str, Partner]
    products: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, str]
    plan_kinds: Mapping[str, str]
    instead: Mapping[str, str]
    confined: Mapping[str, tuple[Jurisdiction, ...]]
    contested: Mapping[str, Contested]
    unanswered: Mapping[str, tuple[Category, ...]]

    @property
    def setting_names(self) -> tuple[str, ...]:
        """Every setting once, in order."""
        return tuple(dict.fromkeys(setting.name for setting in self.settings))

    @property
    def early(self) -> frozenset[str]:
        """The settings of early disease."""
        return frozenset(setting.name for setting in self.settings if setting.early)

    def rules_of(self, setting: str, category: Category) -> tuple[Rule, ...]:
        """The rules whose setting and category fit, in the order of the table.

        A setting that is not known (empty) is fitted by the rules for ANY alone.
        """
        fits = {ANY, setting} | ({ANY_EARLY} if setting in self.early else set())
        return tuple(
            r for r in self.rules.values() if r.setting in fits and category in r.categories
        )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition of every table."""
        return (
            *(rule.condition for rule in self.rules.values()),
            *(blocker.condition for blocker in self.blockers.values()),
            *(setting.condition for setting in self.settings),
        )
