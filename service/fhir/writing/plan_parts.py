"""What every CarePlan of an answer carries."""

from __future__ import annotations

from typing import Any

from service.fhir.answer import PatientAnswer, Writing
from service.fhir.references import references_to
from service.fhir.writing.plan_form import form_of

#: How every title begins (interfaces.md, 4 and 5).
SUGGESTION = "Suggestion - requires clinician review: "


def lead(identity: str, profile: str, answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    """Identity, tags and labels, status, subject and author of a draft."""
    systems, security = writing.systems, answer.evidence.security
    meta: dict[str, Any] = {"profile": [systems.profile(profile)], "tag": [systems.derived_tag]}
    return {
        "resourceType": "CarePlan",
        "id": identity,
        "meta": meta | ({"security": security} if security else {}),
        "identifier": [{"system": systems.derived, "value": identity}],
        "status": "draft",
        "subject": plan_subject(answer),
        form_of(writing).author: systems.device,
    }


def plan_subject(answer: PatientAnswer) -> dict[str, Any]:
    """The patient as the caller refers to them."""
    return dict(answer.evidence.subject.reference or {})


def addresses(answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    """The patient's breast cancer, when a Condition says it."""
    kinds = ("invasive", "in-situ")
    found = references_to(d.located for d in answer.evidence.diagnoses if d.kind in kinds)
    return {"addresses": form_of(writing).addressed(found)} if found else {}


def summary(answer: PatientAnswer) -> list[dict[str, Any]]:
    """The reference to the patient's summary."""
    return [{"reference": answer.address("summary")}]
