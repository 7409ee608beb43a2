"""The Provenance of one patient's answer (interfaces.md, 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from service.fhir.answer import PatientAnswer, Writing
from service.fhir.entries import Located
from service.fhir.her2_observation import version_of
from service.fhir.references import reference_to
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion


def provenance(answer: PatientAnswer, targets: Sequence[str], writing: Writing) -> dict[str, Any]:
    """What was derived, from which versions of what, by which software, under which rules."""
    systems = writing.systems
    guideline = writing.edition.guideline
    security = answer.evidence.security
    meta: dict[str, Any] = {"tag": [systems.derived_tag]}
    resource: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": answer.id_of("provenance"),
        "meta": meta | ({"security": security} if security else {}),
        "target": [{"reference": t} for t in targets],
        "occurredDateTime": writing.as_of.isoformat(),
        "recorded": writing.recorded.astimezone(UTC).isoformat(timespec="seconds"),
        "policy": [
            f"{systems.base}/Library/guideline-{guideline.identity}|{guideline.version}",
            f"{systems.base}/Library/{writing.edition.therapy}",
        ],
        "activity": activity("CREATE", "HER2 assessment"),
        **_patient(answer, writing),
        "agent": [assembler(systems)],
    }
    entities = [_entity(located) for located in answer.used]
    return resource | ({"entity": entities} if entities else {})


def activity(code: str, text: str) -> dict[str, Any]:
    """What was done: a code of v3-DataOperation."""
    system = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
    return {"coding": [{"system": system, "code": code, "display": code.lower()}], "text": text}


def assembler(systems: Systems) -> dict[str, Any]:
    """This software, as what did it."""
    system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    coding = {"system": system, "code": "assembler", "display": "Assembler"}
    return {"type": {"coding": [coding]}, "who": systems.device}


def _patient(answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    """Whom it is about: an element of R5 alone."""
    reference = answer.evidence.subject.reference
    known = reference and writing.version is FhirVersion.R5
    return {"patient": dict(reference)} if known and reference else {}


def _entity(located: Located) -> dict[str, Any]:
    what = reference_to(located)
    version = version_of(located)
    if version and not str(what.get("reference", "urn:")).startswith("urn:"):
        what["reference"] = f"{what['reference']}/_history/{version}"
    if version:
        what["display"] = f"version {version}"
    return {"role": "source", "what": what}
