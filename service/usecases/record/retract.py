"""What no longer stands: withdrawn, with the reason, never left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from service.fhir.identity import derived_id
from service.fhir.narrative import narrative
from service.fhir.own import WITHDRAWN
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.fhir.writing.plan_parts import SUGGESTION
from service.fhir.writing.provenance import activity, assembler

Resource = dict[str, Any]


def withdrawn(resource: Mapping[str, Any], reason: str) -> Resource:
    """The resource as it was, but its status, its title, its text and the first of its notes say
    that it no longer stands."""
    said = f"Withdrawn: {reason}"
    title = str(resource.get("title", "")).replace(SUGGESTION, f"{SUGGESTION}withdrawn: ", 1)
    return {
        **resource,
        "text": narrative(title or "HER2 assessment", [said]),
        "status": WITHDRAWN[resource["resourceType"]],
        **({"title": title} if title else {}),
        "note": [{"text": said}, *resource.get("note", [])],
    }


def retraction(
    patient: str,
    targets: Sequence[str],
    changed: Sequence[str],
    reason: str,
    now: datetime,
    systems: Systems,
    release: FhirVersion,
) -> Resource:
    """The Provenance of a withdrawal. targets: what was withdrawn, changed: what it no longer rests
    on, both with their versions."""
    subject = {"patient": {"reference": patient}} if release is FhirVersion.R5 else {}
    return {
        "resourceType": "Provenance",
        "id": derived_id(patient, "retraction"),
        "meta": {"tag": [systems.derived_tag]},
        "target": [{"reference": target} for target in targets],
        "occurredDateTime": now.date().isoformat(),
        "recorded": now.astimezone(UTC).isoformat(timespec="seconds"),
        "activity": activity("NULLIFY", reason),
        **(subject if patient.startswith("Patient/") else {}),
        "agent": [assembler(systems)],
        "entity": [{"role": "source", "what": {"reference": r}} for r in changed],
    }
