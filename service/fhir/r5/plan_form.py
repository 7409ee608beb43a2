"""The parts of an R5 CarePlan that R4 has otherwise: activities are requests contained in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.fhir.writing.activity import Activity, Reference
from service.fhir.writing.planned import PlanForm, Planned


def _planned(
    activities: Sequence[Activity], subject: Reference, choice: dict[str, Any] | None
) -> Planned:
    """The choice and a request for each activity, all contained and named in their order."""
    requests = [_request(a, f"activity-{n}", subject) for n, a in enumerate(activities, 1)]
    contained = [*([choice] if choice else []), *requests]
    named = [{"plannedActivityReference": {"reference": f"#{r['id']}"}} for r in contained]
    return Planned(named, contained)


def _request(activity: Activity, identity: str, subject: Reference) -> dict[str, Any]:
    """A draft; a regimen that is not to be given is a ServiceRequest that says so."""
    said: dict[str, Any] = {
        "resourceType": activity.kind or "ServiceRequest",
        "id": identity,
        "status": "on-hold" if activity.waiting else "draft",
        "statusReason": activity.waiting,
        "intent": "proposal",
        "doNotPerform": activity.forbidden,
        ("medication" if activity.is_drug else "code"): {"concept": activity.code},
        "subject": subject,
        "reason": [
            *({"concept": concept} for concept in activity.coded),
            *({"reference": reference} for reference in activity.reasons),
        ],
        "dosageInstruction": [{"text": activity.dosage}] if activity.dosage else [],
    }
    return {name: value for name, value in said.items() if value}


def _addressed(diagnoses: Sequence[Reference]) -> list[dict[str, Any]]:
    return [{"reference": diagnosis} for diagnosis in diagnoses]


R5_PLANS = PlanForm(
    author="custodian", choice="RequestOrchestration", addressed=_addressed, planned=_planned
)
