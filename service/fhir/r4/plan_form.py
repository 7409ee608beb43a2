"""The parts of an R4 CarePlan that R5 has otherwise: activities are details in the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.fhir.writing.activity import Activity, Reference
from service.fhir.writing.planned import PlanForm, Planned


def _planned(
    activities: Sequence[Activity], subject: Reference, choice: dict[str, Any] | None
) -> Planned:
    """A detail for each; only the choice is a resource of its own."""
    first = [{"reference": {"reference": f"#{choice['id']}"}}] if choice else []
    return Planned(
        [*first, *({"detail": _detail(a)} for a in activities)], [choice] if choice else []
    )


def _detail(activity: Activity) -> dict[str, Any]:
    said: dict[str, Any] = {
        "kind": activity.kind,
        "code": None if activity.is_drug else activity.code,
        "reasonCode": list(activity.coded),
        "reasonReference": list(activity.reasons),
        "status": "on-hold" if activity.waiting else "not-started",
        "statusReason": activity.waiting,
        "doNotPerform": activity.forbidden,
        "productCodeableConcept": activity.code if activity.is_drug else None,
        "description": activity.dosage,
    }
    return {name: value for name, value in said.items() if value or value is False}


R4_PLANS = PlanForm(author="author", choice="RequestGroup", addressed=list, planned=_planned)
