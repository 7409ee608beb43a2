"""One regimen as a CarePlan of its own, part of the patient's plan (interfaces.md, 5)."""

from __future__ import annotations

from typing import Any

from service.core.suggestion import Option
from service.fhir.answer import PatientAnswer, Writing
from service.fhir.narrative import narrative
from service.fhir.plan_words import option_sentences
from service.fhir.systems import code_of
from service.fhir.writing.activity import Activity
from service.fhir.writing.drug_activities import drug_activities
from service.fhir.writing.plan_form import form_of
from service.fhir.writing.plan_parts import SUGGESTION, addresses, lead, plan_subject, summary


def option_plan(
    option: Option, order: int, answer: PatientAnswer, writing: Writing
) -> dict[str, Any]:
    """A draft: its drugs, its rank and status, why it is there and what speaks against it.

    order: its place among the options, from 1.
    """
    systems, rule = writing.systems, option.rule
    said = option_sentences(option, writing)
    activities = drug_activities(option, summary(answer), writing)
    drugs = [_drug_line(a) for a in activities]
    planned = form_of(writing).planned(activities, plan_subject(answer), None)
    course = f"Course: {rule.duration}." if rule.duration else ""
    identity = answer.id_of("option", code_of(rule.regimen))
    plan = lead(identity, "her2-regimen-option", answer, writing)
    plan |= {
        "text": narrative(rule.name, [*said[:2], course], [*drugs, *said[2:]]),
        **planned.containing(),
        "extension": [{"url": systems.profile("suggestion-order"), "valuePositiveInt": order}],
        "instantiatesCanonical": [
            f"{systems.base}/PlanDefinition/{code_of(rule.regimen)}"
            f"|{writing.edition.therapy_version}"
        ],
        "partOf": [{"reference": answer.address("careplan")}],
        "intent": "option",
        "category": [
            systems.concept("her2-regimen", rule.regimen, rule.name),
            systems.concept("her2-suggestion-rank", rule.rank),
            systems.concept("her2-suggestion-status", option.status),
        ],
        "title": f"{SUGGESTION}{rule.name}",
        **addresses(answer, writing),
        "supportingInfo": summary(answer),
        "activity": planned.activity,
        "note": [{"text": text} for text in [*said, course] if text],
    }
    return plan


def _drug_line(drug: Activity) -> str:
    waits = " (on hold)" if drug.waiting else ""
    return f"{drug.text}: {drug.dosage}{waits}"
