"""`$assess-her2`: the one path every door leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service.core.assessment import PatientAssessment, Remark
from service.core.classify import classify
from service.core.drug_facts import Jurisdiction
from service.core.errors import NotFhir, Unreadable
from service.core.fact_book import RecordedFacts
from service.core.rollup import roll_up
from service.core.therapy import FACTS_MATTER, Question, suggest
from service.core.weighing import Request as Asking
from service.fhir.answer import Edition, PatientAnswer, Writing
from service.fhir.coder import Coder
from service.fhir.contradictions import contradictions
from service.fhir.entries import Located
from service.fhir.facts.recorded import recorded_facts
from service.fhir.labels import strictest
from service.fhir.patient_evidence import Asked, Evidence, PatientEvidence
from service.fhir.reading import read_evidence
from service.fhir.request import Request, Vocabulary, read_request
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.fhir.writing.bundle import collection, drug_entries, patient_entries
from service.fhir.writing.transaction import transaction
from service.knowledge.library import Library


@dataclass(frozen=True, slots=True)
class Caller:
    """What the door knows about a call, apart from its body.

    query: query-string parameters as sent, repeats kept (`jurisdiction`, `as-of`, ...).
    lenient: the caller sent `Prefer: handling=lenient`.
    now: the one clock reading of the answer, with a time zone; `as-of` defaults to its date.
    """

    query: Mapping[str, Sequence[str]]
    lenient: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class House:
    """What the service was configured with."""

    canonical_base: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """The answer to each patient, and how it is to be written."""

    answers: Sequence[PatientAnswer]
    evidence: Evidence
    request: Request
    writing: Writing


def assess(
    posted: object,
    caller: Caller,
    library: Library,
    house: House,
    version: FhirVersion = FhirVersion.R4,
) -> dict[str, Any]:
    """The answer Bundle to a posted Observation, Bundle or Parameters (decoded JSON).

    version: in which the evidence is valid and the answer is written. Raises NotFhir (400) or
    Unreadable (422), each with every fault and its expression.
    """
    vocabulary = Vocabulary(library.settings, library.fact_kinds)
    today = caller.now.date()
    request = read_request(posted, caller.query, vocabulary, today, house.jurisdiction)
    return written(assessed(request, caller, library, house, version))


def assessed(
    request: Request,
    caller: Caller,
    library: Library,
    house: House,
    version: FhirVersion,
    checked: bool = False,
) -> Assessed:
    """Each patient of the request assessed.

    checked: the evidence is known to be valid FHIR. Raises NotFhir or Unreadable.
    """
    guideline = library.guideline_on(request.as_of)
    asked = Asked(
        coder=Coder(library.codes, library.local_codes),
        guideline=guideline,
        as_of=request.as_of,
        base=house.canonical_base,
        lenient=caller.lenient,
        version=version,
        checked=checked,
    )
    evidence = _readable(read_evidence(request.opened, asked))
    therapy = f"{library.therapy.identity}|{library.therapy.version}"
    writing = Writing(
        systems=Systems(house.canonical_base),
        words=library.words,
        codes=library.codes,
        therapy=library.regimens,
        drugs=library.drugs,
        jurisdiction=request.jurisdiction,
        edition=Edition(guideline, therapy),
        as_of=request.as_of,
        recorded=caller.now,
        version=version,
    )
    answers = [_assessed(p, request, writing) for p in evidence.patients]
    return Assessed(answers, evidence, request, writing)


def _readable(evidence: Evidence) -> Evidence:
    """Refuse what is not FHIR, then what cannot be read, each with all its faults."""
    if evidence.invalid:
        raise NotFhir(*evidence.invalid, *evidence.unreadable)
    if evidence.unreadable:
        raise Unreadable(*evidence.unreadable)
    return evidence


def _assessed(patient: PatientEvidence, request: Request, writing: Writing) -> PatientAnswer:
    """Gather, decide: each specimen by the tables, the roll-up, then the therapy tables."""
    guideline = writing.edition.guideline
    stated = request.facts.stated.get("histology_discordant")
    suspicious = patient.suspicious_histology if stated is None else stated is True
    specimens = [
        classify(replace(e.specimen, suspicious_histology=suspicious), guideline)
        for e in patient.specimens
    ]
    assessment = roll_up(specimens, guideline, patient.flags)
    recorded = _recorded(patient, assessment, request, writing)
    question = Question(
        said=request.facts,
        recorded=recorded,
        request=Asking(Jurisdiction(request.jurisdiction), request.include_off_label),
        events=writing.words.events,
    )
    suggestion = suggest(assessment, question, writing.therapy)
    flags = tuple(dict.fromkeys([*assessment.outcome.flags, *suggestion.flags]))
    answer = PatientAnswer(
        evidence=patient,
        assessment=replace(assessment, outcome=replace(assessment.outcome, flags=flags)),
        suggestion=suggestion,
        facts=request.facts,
        by_key={e.specimen.key: e for e in patient.specimens},
        recorded=recorded,
        resources=_by_place(patient),
    )
    labels = strictest(answer.used)
    return replace(answer, evidence=replace(patient, security=labels))


def _recorded(
    patient: PatientEvidence, assessment: PatientAssessment, request: Request, writing: Writing
) -> RecordedFacts:
    """The rest of the record, read only where a plan rests on it."""
    if assessment.outcome.category not in FACTS_MATTER or not patient.subject.key:
        return RecordedFacts()
    stated = request.facts.stated.get("metastatic")
    metastatic = stated if isinstance(stated, bool) else None
    return recorded_facts(patient.record, writing.therapy, metastatic)


def _by_place(patient: PatientEvidence) -> dict[str, Located]:
    record = patient.record
    every = [*record.resources, *([record.patient] if record.patient else [])]
    return {located.where: located for located in every}


def written(assessed: Assessed) -> dict[str, Any]:
    """The answer Bundle, as the request wants it."""
    writing = assessed.writing
    entries = [(a, patient_entries(a, writing)) for a in assessed.answers]
    remarks = remarks_of(assessed)
    if assessed.request.transaction:
        return transaction(entries, remarks, writing.systems, writing.version)
    every = [e for _, of_one in entries for e in of_one]
    return collection([*every, *drug_entries(assessed.answers, writing)], remarks)


def remarks_of(assessed: Assessed) -> list[Remark]:
    """Everything that needs saying beside the answers."""
    remarks = [*assessed.evidence.remarks, *(r for a in assessed.answers for r in _remarks(a))]
    return remarks + [r for a in assessed.answers for r in contradictions(a, assessed.writing)]


def _remarks(answer: PatientAnswer) -> list[Remark]:
    """What the classification has to say, and what is missing to say more."""
    remarks = [r for s in answer.assessment.specimens for r in s.remarks]
    for specimen in answer.evidence.specimens:
        for located in specimen.left_out:
            text = "This result is about an in-situ component: it is not in the category."
            remarks.append(Remark(text, located.where))
    if not answer.evidence.subject.key:
        text = (
            "The result has no subject: no summary and no CarePlan can be given without a patient."
        )
        remarks += [
            Remark(text, f"{o.where}.subject", "warning", "required")
            for s in answer.evidence.specimens
            for o in s.observations
        ]
    return remarks
