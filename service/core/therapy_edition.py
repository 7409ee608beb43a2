"""The tables of a therapy edition: settings, rules, blockers and the rest, whole and checked.

Data as a clinician wrote it; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from service.core.assessment import Category
from service.core.blocker import Allergen, Blocker, Interaction
from service.core.condition import Condition
from service.core.drug_facts import Jurisdiction
from service.core.follows import Follows
from service.core.regimen import Partner, Rule
from service.core.work import Monitoring, WorkUp

#: A rule of this setting fits all; of the other, every setting of early disease.
ANY, ANY_EARLY = "ANY", "ANY_EARLY"


@dataclass(frozen=True, slots=True)
class Setting:
    """A treatment setting: the first in order whose condition is true is the patient's.

    A name may stand twice, for different categories. early: ANY_EARLY fits it. flag: raised when
    `flag_when` holds; empty for none.
    """

    order: int
    name: str
    title: str
    categories: tuple[Category, ...]
    condition: Condition
    early: bool
    flag: str
    flag_when: Condition | None
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
    confined: drug or rule -> the only jurisdictions in which it may be suggested, off label too.
    follows: what follows from what is known. key_agents: drugs of which progression or
        toxicity is remembered. conjugates: drugs of which one may be impossible;
        whatever_the_drug: ids of blockers that say nothing of a single drug.
    unanswered: setting -> categories for which no rule stands, so that a person decides.
    """

    rules: Mapping[str, Rule]
    blockers: Mapping[str, Blocker]
    interactions: tuple[Interaction, ...]
    allergens: tuple[Allergen, ...]
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
    follows: tuple[Follows, ...]
    key_agents: tuple[str, ...]
    conjugates: tuple[str, ...]
    whatever_the_drug: tuple[str, ...]

    @property
    def setting_names(self) -> tuple[str, ...]:
        """Every setting once, in order."""
        return tuple(dict.fromkeys(setting.name for setting in self.settings))

    @cached_property
    def drugs(self) -> Mapping[str, tuple[str, ...]]:
        """Every drug of a rule -> itself and, of a class, its members."""
        names = {c.drug for rule in self.rules.values() for c in rule.components}
        return {
            name: (name, *(self.partners[name].members if name in self.partners else ()))
            for name in sorted(names)
        }

    @cached_property
    def records(self) -> Mapping[str, str]:
        """Every drug of a rule -> the id of its drug record, empty for a partner drug."""
        return {c.drug: c.record for rule in self.rules.values() for c in rule.components}

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
