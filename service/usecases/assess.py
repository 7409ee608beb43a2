"""`$assess-her2`: the one path every door leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service.core.assessment import Remark
from service.core.classify import classify
from service.core.errors import NotFhir, Unreadable
from service.core.facts import Facts
from service.core.known_fact import KnownFact
from service.core.rollup import roll_up
from service.core.therapy import SETTING_FACTS, PlanKind, suggest
from service.fhir.answer import Edition, PatientAnswer, Writing
from service.fhir.coder import Coder
from service.fhir.facts.tumour import tumour_facts
from service.fhir.patient_evidence import Asked, Evidence, PatientEvidence
from service.fhir.r4.bundle import collection, patient_entries
from service.fhir.r4.transaction import transaction
from service.fhir.reading import read_evidence
from service.fhir.request import Request, Vocabulary, read_request
from service.fhir.systems import Systems
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


def assess(posted: object, caller: Caller, library: Library, house: House) -> dict[str, Any]:
    """The answer Bundle to a posted Observation, Bundle or Parameters (decoded JSON).

    Raises NotFhir (400) or Unreadable (422), each with every fault and its expression.
    """
    vocabulary = Vocabulary(library.settings, library.fact_kinds)
    today = caller.now.date()
    request = read_request(posted, caller.query, vocabulary, today, house.jurisdiction)
    guideline = library.guideline_on(request.as_of)
    asked = Asked(
        coder=Coder(library.codes, library.local_codes),
        guideline=guideline,
        as_of=request.as_of,
        base=house.canonical_base,
        lenient=caller.lenient,
    )
    evidence = _readable(read_evidence(request.opened, asked))
    therapy = f"{library.therapy.identity}|{library.therapy.version}"
    writing = Writing(
        systems=Systems(house.canonical_base),
        words=library.words,
        codes=library.codes,
        edition=Edition(guideline, therapy),
        as_of=request.as_of,
        recorded=caller.now,
    )
    answers = [_assessed(p, request.facts, writing) for p in evidence.patients]
    return _written(answers, evidence, request, writing)


def _readable(evidence: Evidence) -> Evidence:
    """Refuse what is not FHIR, then what cannot be read, each with all its faults."""
    if evidence.invalid:
        raise NotFhir(*evidence.invalid, *evidence.unreadable)
    if evidence.unreadable:
        raise Unreadable(*evidence.unreadable)
    return evidence


def _assessed(patient: PatientEvidence, facts: Facts, writing: Writing) -> PatientAnswer:
    """Gather, decide: each specimen by the tables, the roll-up, then the therapy seam."""
    guideline = writing.edition.guideline
    stated = facts.known("histology_discordant")
    suspicious = patient.suspicious_histology if stated is None else stated is True
    specimens = [
        classify(replace(e.specimen, suspicious_histology=suspicious), guideline)
        for e in patient.specimens
    ]
    assessment = roll_up(specimens, guideline, patient.flags)
    suggestion = suggest(assessment, facts)
    recorded: tuple[KnownFact, ...] = ()
    if suggestion.kind is PlanKind.CLARIFY:  # only then does a plan rest on the rest of the record
        recorded = _recorded(patient, facts)
        facts = replace(facts, recorded={fact.name: fact.value for fact in recorded})
        suggestion = suggest(assessment, facts)
    return PatientAnswer(
        evidence=patient,
        assessment=assessment,
        suggestion=suggestion,
        facts=facts,
        recorded=recorded,
        by_key={e.specimen.key: e for e in patient.specimens},
    )


def _recorded(patient: PatientEvidence, facts: Facts) -> tuple[KnownFact, ...]:
    """The facts that decide the setting, as the patient's record states them."""
    stated = facts.stated.get("metastatic")
    known = tumour_facts(patient.record, stated if isinstance(stated, bool) else None)
    return tuple(fact for fact in known if fact.name in SETTING_FACTS)


def _written(
    answers: Sequence[PatientAnswer], evidence: Evidence, request: Request, writing: Writing
) -> dict[str, Any]:
    written = [(a, patient_entries(a, writing)) for a in answers]
    remarks = [*evidence.remarks, *(r for a in answers for r in _remarks(a))]
    if request.transaction:
        return transaction(written, remarks, writing.systems)
    return collection((e for _, entries in written for e in entries), remarks)


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
