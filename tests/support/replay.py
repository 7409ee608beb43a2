"""A fixture case read once, to be answered again from other therapy tables.

What a suggestion is made from does not change with the tables' conditions: reading, classifying
and the roll-up are done once, and every further answer costs a suggestion and, if asked for, a
Bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from unittest.mock import patch

from service.core.assessment import PatientAssessment
from service.core.fact_book import Conflict
from service.core.suggestion import Option, Stop, Suggestion
from service.core.therapy import Question, suggest
from service.core.therapy_edition import Therapy
from service.core.weighing import Scales
from service.fhir.answer import PatientAnswer
from service.usecases import assess as use_case
from tests.support.cases import Case, assessed, differences, library


@dataclass(frozen=True, slots=True)
class Asked:
    """One patient of a case: what the therapy tables are asked, and what they answered."""

    assessment: PatientAssessment
    question: Question
    answer: PatientAnswer


@dataclass(frozen=True)
class Replay:
    """A case as it was read.

    rules: ids of every rule that was weighed. written: what the use case writes an answer from.
    wrong: where the answer is not what the case expects.
    """

    case: Case
    patients: tuple[Asked, ...]
    written: use_case.Assessed
    rules: frozenset[str]
    wrong: tuple[str, ...]

    @cached_property
    def covers(self) -> frozenset[str]:
        """What the case says that it shows."""
        return frozenset(str(name) for name in self.case.said["covers"])

    @cached_property
    def gists(self) -> tuple[object, ...]:
        """What is suggested as things stand."""
        return tuple(gist(patient.answer.suggestion) for patient in self.patients)

    @cached_property
    def names(self) -> frozenset[str]:
        """The settings, rules and blockers that the suggestions name."""
        found: set[str] = set()
        for patient in self.patients:
            said = patient.answer.suggestion
            options = [*said.options, *said.excluded]
            found |= {said.setting.name, *(s.rule.id for s in said.sentences)}
            found |= {o.rule.id for o in options}
            found |= {stop.blocker.id for o in options for stop in o.stops}
        return frozenset(found)

    def suggestions(self, therapy: Therapy) -> tuple[Suggestion, ...]:
        """One for each patient, from these tables."""
        return tuple(suggest(p.assessment, p.question, therapy) for p in self.patients)

    def differences(self, therapy: Therapy, suggestions: tuple[Suggestion, ...]) -> list[str]:
        """Where the answer from these tables is not what the case expects."""
        answers = [_answered(p, new) for p, new in zip(self.patients, suggestions, strict=True)]
        writing = replace(self.written.writing, therapy=therapy)
        bundle = use_case.written(replace(self.written, answers=answers, writing=writing))
        return differences(self.case, bundle)

    def notices(self, therapy: Therapy) -> bool:
        """True when the case would fail with these tables."""
        suggestions = self.suggestions(therapy)
        if tuple(map(gist, suggestions)) == self.gists:
            return False
        return bool(self.differences(therapy, suggestions))


def read(case: Case) -> Replay:
    """The case, answered once by the use case itself, which is watched while it does so."""
    asked: list[tuple[PatientAssessment, Question]] = []
    written: list[use_case.Assessed] = []
    rules: set[str] = set()
    whole, suggested, weighed = use_case.written, use_case.suggest, Scales.rules

    def suggesting(assessment: PatientAssessment, question: Question, therapy: Therapy) -> object:
        asked.append((assessment, question))
        return suggested(assessment, question, therapy)

    def writing(what: use_case.Assessed) -> object:
        written.append(what)
        return whole(what)

    def weighing(scales: Scales, *setting: Any) -> object:
        found = weighed(scales, *setting)
        rules.update(rule.id for rule in found)
        return found

    with (
        patch.object(use_case, "suggest", suggesting),
        patch.object(use_case, "written", writing),
        patch.object(Scales, "rules", weighing),
    ):
        answer = assessed(case)
    (what,) = written
    patients = [Asked(*pair, said) for pair, said in zip(asked, what.answers, strict=True)]
    for patient in patients:
        rules.update(s.rule.id for s in patient.answer.suggestion.sentences)
    wrong = differences(case, answer)
    return Replay(case, tuple(patients), what, frozenset(rules), tuple(wrong))


def _answered(patient: Asked, suggestion: Suggestion) -> PatientAnswer:
    outcome = patient.assessment.outcome
    flags = tuple(dict.fromkeys([*outcome.flags, *suggestion.flags]))
    assessment = replace(patient.assessment, outcome=replace(outcome, flags=flags))
    return replace(patient.answer, assessment=assessment, suggestion=suggestion)


def gist(said: Suggestion) -> object:
    """All that is suggested, without the tables' own lines: equal when nothing else was decided."""
    return (
        said.kind,
        said.setting,
        tuple(map(_option, said.options)),
        tuple(map(_option, said.excluded)),
        tuple((s.rule.id, s.missing) for s in said.sentences),
        said.asked,
        tuple((o.work_up.id, o.blockers) for o in said.ordered),
        tuple(m.id for m in said.monitoring),
        tuple(map(_conflict, said.conflicts)),
        said.holds,
        said.flags,
    )


def _option(option: Option) -> object:
    return (
        option.rule.id,
        option.rule.rank,
        option.status,
        tuple(component.drug for component in option.components),
        tuple(map(_stop, option.stops)),
        option.missing,
        option.off_label,
        option.contradicted,
    )


def _stop(stop: Stop) -> object:
    return (stop.blocker.id, stop.effect, stop.met, stop.missing, stop.drug, len(stop.told))


def _conflict(conflict: Conflict) -> object:
    return (conflict.fact, str(conflict.used), str(conflict.against), conflict.used_origin)


def same_tables(replay: Replay) -> Mapping[str, Any]:
    """The answer written anew from the shipped tables."""
    tables = library().regimens
    answers = [
        _answered(p, new)
        for p, new in zip(replay.patients, replay.suggestions(tables), strict=True)
    ]
    return use_case.written(replace(replay.written, answers=answers))
