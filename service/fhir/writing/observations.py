"""The derived Observations: one a specimen, one a tumour when there are several, one a patient.

interfaces.md, points 1-3 of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from service.core.assessment import (
    NO_STEP,
    Binary,
    Category,
    Outcome,
    SpecimenAssessment,
    TumourAssessment,
)
from service.core.findings import IhcScore, Quantity
from service.core.measure import Measured, shown
from service.fhir.answer import PatientAnswer, Writing, rows_met, sentences, specimen_line
from service.fhir.narrative import narrative
from service.fhir.references import emitted_reference, references_to
from service.fhir.systems import INTERPRETATION, UCUM

_OPEN = {Category.EQUIVOCAL_PENDING, Category.INDETERMINATE, Category.NOT_TESTED}
_INTERPRETED = {
    "POS": "Positive",
    "NEG": "Negative",
    "E": "Equivocal",
    "IND": "Indeterminate",
}
_BINARY_ANSWER = {Binary.POSITIVE: "positive", Binary.NEGATIVE: "negative"}
_SCORE_ANSWER = {
    IhcScore.ZERO: "score-0",
    IhcScore.ZERO_ABSENT: "score-0",
    IhcScore.ZERO_FAINT: "score-0",
    IhcScore.ONE_PLUS: "score-1",
    IhcScore.TWO_PLUS: "score-2",
    IhcScore.THREE_PLUS: "score-3",
    IhcScore.CODED_POSITIVE: "positive",
    IhcScore.CODED_NEGATIVE: "negative",
}
_SCORE_TEXT = {
    IhcScore.ZERO_ABSENT: "0, no membrane staining",
    IhcScore.ZERO_FAINT: "0 with faint membrane staining",
    IhcScore.ZERO: "0, membrane staining not described",
    IhcScore.CODED_POSITIVE: "reported positive, no score",
    IhcScore.CODED_NEGATIVE: "reported negative, no score",
    IhcScore.INDETERMINATE: "indeterminate",
    IhcScore.INCONSISTENT: "contradicts itself: not used",
    IhcScore.INCONSISTENT_HIGH: "contradicts itself: not used",
}
#: ISH number -> (component code, unit, UCUM code).
_NUMBERS = {
    Quantity.RATIO: ("her2-cep17-ratio", "ratio", "{ratio}"),
    Quantity.COPIES: ("her2-copies", "copies/nucleus", "{copies}/{nucleus}"),
    Quantity.CEP17: ("cep17-copies", "copies/nucleus", "{copies}/{nucleus}"),
}


def specimen_observation(
    answer: PatientAnswer, assessed: SpecimenAssessment, writing: Writing
) -> dict[str, Any]:
    """The category of one specimen."""
    evidence = answer.said_of(assessed)
    line = specimen_line(assessed, writing.words)
    observation = _observation(
        answer.id_of("specimen", assessed.specimen.key),
        "her2-specimen-category",
        assessed.outcome,
        line,
        answer,
        writing,
        open_ended=assessed.awaiting or assessed.category in _OPEN,
    )
    focus = references_to(d.located for d in evidence.focus)
    specimen = emitted_reference(evidence.reference, evidence.located_specimen)
    derived = references_to([*evidence.observations])
    observation |= {"focus": focus} if focus else {}
    observation |= {"effectiveDateTime": evidence.effective} if evidence.effective else {}
    observation |= {"specimen": specimen} if specimen else {}
    observation |= {"derivedFrom": derived} if derived else {}
    observation["note"] = [{"text": " ".join(sentences(assessed.outcome, writing.words))}]
    observation["component"] = [
        _binary(assessed.outcome, writing),
        *_groups(assessed, writing),
        *_score(assessed, writing),
        *_numbers(assessed, writing),
        *_rules_steps_flags(assessed.outcome, writing),
    ]
    return observation


def tumour_observation(
    answer: PatientAnswer, tumour: TumourAssessment, writing: Writing
) -> dict[str, Any]:
    """The category of one of several tumours."""
    side = tumour.key.partition("|")[0]
    title = writing.words.categories[tumour.outcome.category].title
    line = f"{title} ({side} breast)" if side else title
    observation = _rolled_up(
        answer,
        tumour.outcome,
        line,
        [answer.specimen_address(s) for s in tumour.specimens],
        tumour.specimens,
        writing,
        identity=answer.id_of("tumour", tumour.key),
        profile="her2-tumour-category",
    )
    conditions = {d.key: d for s in tumour.specimens for d in answer.said_of(s).focus}
    focus = references_to(conditions[k].located for k in sorted(conditions))
    return observation | ({"focus": focus} if focus else {})


def summary_observation(answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    """The category of the patient."""
    assessment = answer.assessment
    tumours = assessment.tumours
    members = (
        [answer.address("tumour", t.key) for t in tumours]
        if len(tumours) > 1
        else [answer.specimen_address(s) for s in assessment.specimens]
    )
    line = writing.words.categories[assessment.outcome.category].title
    return _rolled_up(
        answer,
        assessment.outcome,
        line,
        members,
        assessment.specimens,
        writing,
        identity=answer.id_of("summary"),
        profile="her2-patient-summary",
    )


def _rolled_up(
    answer: PatientAnswer,
    outcome: Outcome,
    line: str,
    members: list[str],
    specimens: Iterable[SpecimenAssessment],
    writing: Writing,
    *,
    identity: str,
    profile: str,
) -> dict[str, Any]:
    specimens = list(specimens)
    observation = _observation(
        identity,
        profile,
        outcome,
        line,
        answer,
        writing,
        open_ended=outcome.category in _OPEN or any(s.awaiting for s in specimens),
    )
    newest = max((answer.said_of(s).effective for s in specimens), default="")
    observation |= {"effectiveDateTime": newest} if newest else {}
    observation |= {"hasMember": [{"reference": m} for m in members]} if members else {}
    observation["note"] = [{"text": " ".join(sentences(outcome, writing.words))}]
    observation["component"] = [
        _binary(outcome, writing),
        *_rules_steps_flags(outcome, writing),
    ]
    return observation


def _observation(
    identity: str,
    profile: str,
    outcome: Outcome,
    line: str,
    answer: PatientAnswer,
    writing: Writing,
    *,
    open_ended: bool,
) -> dict[str, Any]:
    systems = writing.systems
    guideline = writing.edition.guideline
    said = writing.words.categories[outcome.category]
    security = answer.evidence.security
    meta: dict[str, Any] = {"profile": [systems.profile(profile)], "tag": [systems.derived_tag]}
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "id": identity,
        "meta": meta | ({"security": security} if security else {}),
        "text": narrative(line, sentences(outcome, writing.words), rows_met([outcome])),
        "identifier": [{"system": systems.derived, "value": identity}],
        "status": "preliminary" if open_ended else "final",
        "code": systems.concept("her2-observable", "her2-category", "HER2 category, derived"),
    }
    if answer.evidence.subject.reference:
        observation["subject"] = dict(answer.evidence.subject.reference)
    observation["valueCodeableConcept"] = systems.concept("her2-category", outcome.category, line)
    if said.interpretation:
        coding = {
            "system": INTERPRETATION,
            "code": said.interpretation,
            "display": _INTERPRETED[said.interpretation],
        }
        observation["interpretation"] = [{"coding": [coding]}]
    observation["method"] = systems.concept(
        "her2-edition", guideline.identity, f"{guideline.title}; computed"
    )
    observation["device"] = systems.device
    return observation


def _component(writing: Writing, code: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": {"coding": [writing.systems.coding("her2-observable", code)]}, **value}


def _coded(writing: Writing, code: str, concept: Mapping[str, Any]) -> dict[str, Any]:
    return _component(writing, code, {"valueCodeableConcept": dict(concept)})


def _answer_coding(writing: Writing, concept: str) -> list[dict[str, str]]:
    found = writing.codes.coding(concept)
    if not found:
        return []
    return [{"system": found.system, "code": found.code, "display": found.display}]


def _binary(outcome: Outcome, writing: Writing) -> dict[str, Any]:
    concept = writing.systems.concept("her2-binary-status", outcome.binary)
    answer = _BINARY_ANSWER.get(outcome.binary)
    concept["coding"] += _answer_coding(writing, answer) if answer else []
    return _coded(writing, "binary-status", concept)


def _groups(assessed: SpecimenAssessment, writing: Writing) -> list[dict[str, Any]]:
    return [
        _coded(writing, "ish-group", writing.systems.concept("her2-ish-group", f"group-{g}"))
        for g in assessed.groups
    ]


def _score(assessed: SpecimenAssessment, writing: Writing) -> list[dict[str, Any]]:
    """LOINC answers; a 0's staining, and what has no answer, in text."""
    if assessed.ihc is IhcScore.NOT_DONE:
        return []
    answer, text = _SCORE_ANSWER.get(assessed.ihc), _SCORE_TEXT.get(assessed.ihc)
    concept: dict[str, Any] = {"coding": _answer_coding(writing, answer)} if answer else {}
    return [_coded(writing, "ihc-score", concept | ({"text": text} if text else {}))]


def _numbers(assessed: SpecimenAssessment, writing: Writing) -> list[dict[str, Any]]:
    """The ISH numbers, digits as sent; a number read from words with a comparator has none."""
    return [
        _component(writing, _NUMBERS[name][0], {"valueQuantity": _quantity(name, number)})
        for name, number in assessed.numbers
        if name in _NUMBERS and shown(number) is not None
    ]


def _quantity(name: Quantity, number: Measured) -> dict[str, Any]:
    _, unit, code = _NUMBERS[name]
    digits: Decimal | None = shown(number)
    quantity: dict[str, Any] = {"value": digits}
    if number.comparator:
        quantity["comparator"] = number.comparator
    return quantity | {"unit": unit, "system": UCUM, "code": code}


def _rules_steps_flags(outcome: Outcome, writing: Writing) -> list[dict[str, Any]]:
    systems, words = writing.systems, writing.words
    rules = {}
    for row in outcome.rows:
        if not row.line.startswith("LV-"):
            text = f"{row.then['sentence']} [{row.reference}]"
            rules.setdefault(row.rule, systems.concept("her2-rule", row.rule, text))
    components = [_coded(writing, "rule", concept) for concept in rules.values()]
    if outcome.next_step != NO_STEP:
        text = words.next_steps[outcome.next_step].text
        step = systems.concept("her2-next-step", outcome.next_step, text)
        components.append(_coded(writing, "next-step", step))
    components += [
        _coded(writing, "flag", systems.concept("her2-flag", flag, words.flags.get(flag, "")))
        for flag in outcome.flags
    ]
    return components
