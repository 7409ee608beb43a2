"""A body in R4 forms, said in R5's: the elements that R5 renamed and that the fixtures use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


def as_r5(value: Any) -> Any:
    """The value with each resource in it as R5 writes it."""
    if isinstance(value, list):
        return [as_r5(v) for v in value]
    if not isinstance(value, dict):
        return value
    told = {k: as_r5(v) for k, v in value.items()}
    change = _CHANGES.get(str(told.get("resourceType")))
    return change(told) if change else told


def _medication(said: Json) -> Json:
    """medication[x] became a CodeableReference, reasonCode and reasonReference one `reason`."""
    both = {
        "concept": said.pop("medicationCodeableConcept", None),
        "reference": said.pop("medicationReference", None),
    }
    both = {k: v for k, v in both.items() if v is not None}
    if both:
        said["medication"] = both
    return _with_reasons(said)


def _statement(said: Json) -> Json:
    """Every status but the errors became `recorded`, and how it is taken an adherence.

    R5 has no `completed`: a period that ends says it, else only that it is no longer taken.
    """
    said = _medication(said)
    adherence = {"active": "taking", "stopped": "stopped", "not-taken": "not-taking"}
    status = said.get("status")
    reason = said.pop("statusReason", [])
    ends = isinstance(said.get("effectivePeriod"), dict) and "end" in said["effectivePeriod"]
    code = adherence.get(str(status), "stopped" if reason or not ends else "")
    if status in (*adherence, "completed"):
        said["status"] = "recorded"
    if said["status"] == "recorded" and code:
        system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
        said["adherence"] = {"code": {"coding": [{"system": system, "code": code}]}}
        if reason:
            said["adherence"]["reason"] = reason[0]
    return said


def _administration(said: Json) -> Json:
    names = {f"effective{x}": f"occurence{x}" for x in ("DateTime", "Period")}
    return _renamed(_medication(said), names)


def _procedure(said: Json) -> Json:
    names = {f"performed{x}": f"occurrence{x}" for x in ("DateTime", "Period", "String", "Age")}
    return _with_reasons(_renamed(said, names))


def _event(said: Json) -> Json:
    said = _renamed(said, {"event": "code", "date": "occurrenceDateTime"})
    if isinstance(said.get("outcome"), dict):
        said["outcome"] = [said["outcome"]]
    for suspect in said.get("suspectEntity", []):
        suspect["instanceReference"] = suspect.pop("instance")
    return said


def _specimen(said: Json) -> Json:
    collection = said.get("collection", {})
    if "bodySite" in collection:
        said["collection"] = {**collection, "bodySite": {"concept": collection["bodySite"]}}
    for step in said.get("processing", []):
        if "procedure" in step:
            step["method"] = step.pop("procedure")
    return said


def _with_reasons(said: Json) -> Json:
    reasons = [{"concept": c} for c in said.pop("reasonCode", [])]
    reasons += [{"reference": r} for r in said.pop("reasonReference", [])]
    return said | ({"reason": reasons} if reasons else {})


def _renamed(said: Json, names: Mapping[str, str]) -> Json:
    return {names.get(k, k): v for k, v in said.items()}


_CHANGES: Mapping[str, Callable[[Json], Json]] = {
    "MedicationStatement": _statement,
    "MedicationRequest": _medication,
    "MedicationAdministration": _administration,
    "Procedure": _procedure,
    "AdverseEvent": _event,
    "Specimen": _specimen,
}
