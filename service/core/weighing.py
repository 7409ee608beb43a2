"""One rule of the regimen table against one patient (regimens.md section 1, steps 3 to 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from service.core.assessment import Category
from service.core.blocker import Blocker, Effect, UnknownMeans
from service.core.drug_facts import Jurisdiction
from service.core.fact_book import FactBook, RecordedFacts
from service.core.facts import FactValue
from service.core.known_fact import DrugFact
from service.core.regimen import OPTIONAL, Component, HrStatus, Rank, Rule
from service.core.suggestion import Option, Sentence, Stop
from service.core.therapy_edition import Therapy
from service.core.worlds import World

#: Facts about the drugs of a rule: true as soon as one drug that it cannot do without has it.
OF_DRUGS = (
    "key_agent_progressed",
    "key_agent_stopped_toxicity",
    "allergy_to_component",
    "ddi_avoid",
    "ddi_adjust",
)
#: Those that concern a drug of a choice alone, when it has them.
OF_A_CHOICE = ("allergy_to_component", "ddi_avoid")
_NOT_FOR = {"allergy_to_component": "B19", "ddi_avoid": "B14"}
ABOUT_A_RULE = frozenset({*OF_DRUGS, "row_is_tdxd_low", "authorised_here", "include_off_label"})
#: What a rule asks of the hormone receptors, as the fact of that name.
HR_STATUS = "hr_status"


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller asks for. off_label: uses without authorisation are shown too."""

    jurisdiction: Jurisdiction
    off_label: bool = False


@dataclass(frozen=True, slots=True)
class Scales:
    """Weighs rules against one patient.

    doubts: facts that every option waits for, whatever its own condition says.
    contradicted: the stated setting is contradicted, so that a person looks first.
    """

    therapy: Therapy
    book: FactBook
    recorded: RecordedFacts
    request: Request
    doubts: tuple[str, ...] = ()
    contradicted: bool = False
    _known: dict[str, tuple[bool | None, tuple[str, ...]]] = field(default_factory=dict)

    def rules(self, setting: str, category: Category) -> tuple[Rule, ...]:
        """The rules that are read: setting, category and jurisdiction fit."""
        return tuple(
            rule
            for rule in self.therapy.rules_of(setting, category)
            if self.request.jurisdiction in rule.jurisdictions
            or (self.request.off_label and rule.rank is not Rank.NONE)
        )

    def sentence(self, rule: Rule) -> Sentence | None:
        """A rule of rank NONE, unless it is known not to hold."""
        missing = self._waits_for(rule, self._about(rule))
        return None if missing is None else Sentence(rule, missing)

    def option(self, rule: Rule) -> Option | None:
        """A regimen with everything that bears on it, unless it is known not to fit."""
        about = self._about(rule)
        missing = self._waits_for(rule, about)
        if missing is None:
            return None
        stops = [s for b in rule.blockers if (s := self._stop(b, rule, about)) is not None]
        components, dropped, closed = self._left(rule, about)
        stops = [*_beside(stops, closed), *dropped]
        return Option(
            rule=rule,
            components=components,
            stops=tuple(stops),
            missing=missing,
            off_label=not about["authorised_here"],
            contradicted=self.contradicted,
        )

    def _waits_for(self, rule: Rule, about: World) -> tuple[str, ...] | None:
        """The facts a rule waits for; None when it is known not to hold."""
        if self.book.evaluate(rule.condition, about) is False:
            return None
        missing = [*self.book.missing(rule.condition, about), *self.doubts]
        if rule.hr_status is not HrStatus.ANY:
            known = self.book.value(HR_STATUS)
            if known is None:
                missing.append(HR_STATUS)
            elif known != rule.hr_status:
                return None
        return tuple(dict.fromkeys(missing))

    def _about(self, rule: Rule) -> dict[str, FactValue]:
        """The facts that are about the rule and not about the patient."""
        jurisdiction = self.request.jurisdiction
        drugs = [c.drug for c in rule.components]
        confined = [
            self.therapy.confined[n] for n in (rule.id, *drugs) if n in self.therapy.confined
        ]
        allowed = all(jurisdiction in where for where in confined)
        return {
            "row_is_tdxd_low": rule.for_low,
            "authorised_here": jurisdiction in rule.jurisdictions and not rule.off_label,
            "include_off_label": self.request.off_label and allowed,
            **self._of_drugs([c.drug for c in rule.components if c.fixed]),
        }

    def _of_drugs(self, drugs: Sequence[str]) -> dict[str, FactValue]:
        """Each fact about drugs: as stated, else true of one, false of all, or not known."""
        known: dict[str, FactValue] = {}
        for name in OF_DRUGS:
            of = drugs
            if name.startswith("key_agent"):
                of = [drug for drug in drugs if drug in self.therapy.key_agents]
                if not of:
                    known[name] = False
                    continue
            stated = self.book.value(name)
            values = [self._of_drug(name, drug) for drug in of]
            if stated is not None:
                known[name] = stated
            elif True in values:
                known[name] = True
            elif values and None not in values:
                known[name] = False
        return known

    def _of_drug(self, name: str, drug: str) -> bool | None:
        told = [f.value for f in self.recorded.of_drugs if f.name == name and f.drug == drug]
        return True if True in told else False if told else None

    def _stop(self, blocker_id: str, rule: Rule, about: World, drug: str = "") -> Stop | None:
        """How a blocker bears on the rule, or None when it does not."""
        blocker = self.therapy.blockers[blocker_id]
        met, missing = self._evaluated(blocker, about)
        if met is False or (met is None and blocker.unknown_means is UnknownMeans.IGNORE):
            return None
        return Stop(blocker, met is True, missing, drug, self._told(blocker, rule) if met else ())

    def _evaluated(self, blocker: Blocker, about: World) -> tuple[bool | None, tuple[str, ...]]:
        """Whether it is met, and the facts that would tell; once where the rule plays no part."""
        own = ABOUT_A_RULE.isdisjoint(blocker.condition.facts())
        if own and blocker.id in self._known:
            return self._known[blocker.id]
        met = self.book.evaluate(blocker.condition, about)
        found = (met, self.book.missing(blocker.condition, about))
        if own:
            self._known[blocker.id] = found
        return found

    def _told(self, blocker: Blocker, rule: Rule) -> tuple[DrugFact, ...]:
        names, drugs = blocker.condition.facts(), {c.drug for c in rule.components if c.fixed}
        return self._facts_of(names, drugs)

    def _facts_of(self, names: Iterable[str], drugs: Iterable[str]) -> tuple[DrugFact, ...]:
        wanted, of = set(names), set(drugs)
        return tuple(
            f for f in self.recorded.of_drugs if f.value and f.name in wanted and f.drug in of
        )

    def _left(
        self, rule: Rule, about: World
    ) -> tuple[tuple[Component, ...], list[Stop], list[Stop]]:
        """The components left, what stops single drugs of a choice, and what closes a choice.

        With every drug of a choice out, the regimen waits for those that only wait, else it is
        excluded for all the reasons.
        """
        left: list[Component] = []
        dropped: list[Stop] = []
        closed: list[Stop] = []
        for (_, choice), group in groupby(rule.components, key=lambda c: (c.phase, c.choice)):
            for_choice = list(group)
            if not choice:
                left += for_choice
                continue
            stops = {c.drug: self._of_choice(c, rule, about) for c in for_choice}
            open_ = [c for c in for_choice if not any(_stays_out(s) for s in stops[c.drug])]
            if open_ or choice == OPTIONAL:
                left += open_
                dropped += [s for c in for_choice for s in stops[c.drug]]
                continue
            waiting = [c for c in for_choice if not _excluded(stops[c.drug])]
            left += waiting or for_choice
            dropped += [s for c in for_choice if c not in waiting for s in stops[c.drug]]
            closed += [replace(s, drug="") for c in waiting or for_choice for s in stops[c.drug]]
        return tuple(left), dropped, closed

    def _of_choice(self, component: Component, rule: Rule, about: World) -> list[Stop]:
        """What bears on one drug of a choice."""
        drug = component.drug
        stops = [
            s for b in component.blockers if (s := self._stop(b, rule, about, drug)) is not None
        ]
        known = [self._stop(b, rule, about, drug) for b in component.when_known]
        stops += [s for s in known if s is not None and s.met]
        for name in OF_A_CHOICE:
            told = self._facts_of((name,), (drug,))
            if told:
                stops.append(Stop(self.therapy.blockers[_NOT_FOR[name]], True, (), drug, told))
        return stops


def _beside(stops: Sequence[Stop], closed: Sequence[Stop]) -> list[Stop]:
    """A blocker once: where it is met for a closed choice, whatever the fixed drugs leave open."""
    met = {s.blocker.id for s in stops if s.met} | {s.blocker.id for s in closed if s.met}
    said = [s for s in stops if s.met or s.blocker.id not in met]
    listed = {s.blocker.id for s in said}
    return [*said, *(s for s in closed if s.blocker.id not in listed)]


def _stays_out(stop: Stop) -> bool:
    """The drug is not offered in the choice."""
    return stop.effect in (Effect.EXCLUDE, Effect.HOLD)


def _excluded(stops: Iterable[Stop]) -> bool:
    return any(s.effect is Effect.EXCLUDE for s in stops)
