"""What the service knows of each patient of a case, and what it suggests: for another engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from service.core import therapy
from service.core.fact_book import FactBook
from service.core.known_fact import DrugFact
from service.core.suggestion import Suggestion
from service.core.therapy import Question
from service.core.worlds import World
from service.fhir.answer import PatientAnswer
from service.usecases import assess
from tests.support.cases import Case, assessed

SEVERAL_WORLDS = "a stated setting leaves several worlds"
NEWEST_SAMPLE = "HER2 lost: regimens of the newest sample's category"
NO_PATIENT = "results without a patient"


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """One patient of a case.

    worlds: what is known; one, but where a stated setting has an `or`. observations: the derived
    ones, as the answer has them.
    """

    case: str
    answer: PatientAnswer
    question: Question
    worlds: tuple[World, ...]
    observations: tuple[dict[str, Any], ...]

    @property
    def suggestion(self) -> Suggestion:
        return self.answer.suggestion

    @property
    def drug_facts(self) -> tuple[DrugFact, ...]:
        """What is known of single drugs."""
        return self.question.recorded.of_drugs

    @property
    def suggested(self) -> frozenset[str]:
        """The regimens and sentences of the plan, by their codes in the tables."""
        said = (*self.suggestion.options, *self.suggestion.sentences)
        return frozenset(one.rule.regimen for one in said)

    @property
    def not_representable(self) -> str:
        """Why another engine cannot be asked the same; empty when it can."""
        category = self.answer.assessment.outcome.category
        if not self.answer.evidence.subject.key:
            return NO_PATIENT
        if len(self.worlds) > 1:
            return SEVERAL_WORLDS
        options = (*self.suggestion.options, *self.suggestion.excluded)
        if any(category not in option.rule.categories for option in options):
            return NEWEST_SAMPLE
        return ""


def known_patients(case: Case) -> list[KnownPatient]:
    """The patients of a case, as the use case itself sees them on its way to an answer."""
    watched = _Watched([], [], [])
    with (
        patch.object(assess, "suggest", watched.suggest),
        patch.object(assess, "patient_entries", watched.entries),
        patch.object(therapy, "fact_book", watched.fact_book),
        patch.object(therapy, "FactBook", watched.book),
    ):
        assessed(case)
    return [
        KnownPatient(case.name, answer, question, _worlds(books), observations)
        for (answer, observations), question, books in zip(
            watched.answers, watched.questions, watched.books, strict=True
        )
    ]


def _worlds(books: Sequence[FactBook]) -> tuple[World, ...]:
    return books[-1].worlds if books else ({},)


@dataclass(frozen=True, slots=True)
class _Watched:
    """Lets each step do its work and remembers it, patient by patient.

    books: those of the patient's own category; the last knows whether a conjugate is possible.
    """

    questions: list[Question]
    books: list[list[FactBook]]
    answers: list[tuple[PatientAnswer, tuple[dict[str, Any], ...]]]

    def suggest(self, assessment: Any, question: Question, tables: Any) -> Suggestion:
        self.questions.append(question)
        self.books.append([])
        return _SUGGEST(assessment, question, tables)

    def fact_book(self, *asked: Any) -> Any:
        book, conflicts = _FACT_BOOK(*asked)
        self.books[-1].append(book)
        return book, conflicts

    def book(self, worlds: tuple[World, ...]) -> FactBook:
        self.books[-1].append(FactBook(worlds))
        return self.books[-1][-1]

    def entries(self, answer: PatientAnswer, writing: Any) -> list[Mapping[str, Any]]:
        entries: list[Any] = _ENTRIES(answer, writing)
        resources = [e["resource"] for e in entries]
        ours = tuple(r for r in resources if r["resourceType"] == "Observation")
        self.answers.append((answer, ours))
        return entries


_SUGGEST, _FACT_BOOK, _ENTRIES = therapy.suggest, therapy.fact_book, assess.patient_entries
