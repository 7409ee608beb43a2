"""Small parts of plans and libraries that R4 and R5 write differently, or that many carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.core.drug_facts import Jurisdiction
from service.core.guideline import Source
from service.core.work import Ask, Monitoring, WorkUp
from service.fhir.definitions.known import Known
from service.fhir.definitions.shape import BREAST_CANCER
from service.fhir.systems import LOINC, SNOMED

_ISO = "urn:iso:std:iso:3166"
#: The European Union is no country of ISO 3166-1: text alone says it.
_REGIONS: dict[Jurisdiction, dict[str, Any]] = {
    Jurisdiction.US: {
        "coding": [{"system": _ISO, "code": "US", "display": "United States of America"}]
    },
    Jurisdiction.EU: {"text": "European Union"},
    Jurisdiction.CN: {"coding": [{"system": _ISO, "code": "CN", "display": "China"}]},
}
_SYSTEMS = {"loinc": LOINC, "snomed": SNOMED}
_LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"
_PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_CONTEXT_TYPE = "http://terminology.hl7.org/CodeSystem/usage-context-type"


def regions(found: Iterable[Jurisdiction]) -> list[dict[str, Any]]:
    """`jurisdiction`, in the order in which we always name them."""
    wanted = set(found)
    return [_REGIONS[region] for region in Jurisdiction if region in wanted]


def for_breast_cancer(*concepts: dict[str, Any]) -> list[dict[str, Any]]:
    """`useContext`: breast cancer, and what else it is about."""
    disease = {
        "coding": [
            {"system": SNOMED, "code": BREAST_CANCER, "display": "Malignant neoplasm of breast"}
        ]
    }
    code = {"system": _CONTEXT_TYPE, "code": "focus"}
    return [{"code": code, "valueCodeableConcept": c} for c in (disease, *concepts)]


def plan_type(code: str) -> dict[str, Any]:
    """`PlanDefinition.type`."""
    return {"coding": [{"system": _PLAN_TYPE, "code": code}]}


def library_type(code: str) -> dict[str, Any]:
    """`Library.type`."""
    return {"coding": [{"system": _LIBRARY_TYPE, "code": code}]}


def cited(source: Source, known: Known) -> dict[str, Any]:
    """A publication; R5 has no `url` of an artifact, so a document names the DOI there."""
    artifact: dict[str, Any] = {"type": "citation", "citation": source.citation}
    if not source.doi:
        return artifact
    url = f"https://doi.org/{source.doi}"
    return artifact | ({"document": {"url": url}} if known.r5 else {"url": url})


def resource_link(kind: str, url: str) -> dict[str, str]:
    """A related artifact that is a definition of ours."""
    return {"type": kind, "resource": url}


def action_code(concept: dict[str, Any], known: Known) -> dict[str, Any]:
    """`action.code`: a list in R4."""
    return {"code": concept if known.r5 else [concept]}


def after(action: str, known: Known) -> dict[str, Any]:
    """`action.relatedAction`: it begins when the other has ended."""
    name = "targetId" if known.r5 else "actionId"
    return {"relatedAction": [{name: action, "relationship": "after-end"}]}


def asked_for(work: WorkUp | Monitoring) -> list[tuple[str, dict[str, Any]]]:
    """(end of an id, concept) of what is to be ordered, as in a CarePlan: one, or one a test.

    Only verified codes; LOINC without a display, since the table's name is not LOINC's own.
    """
    if work.ask is Ask.EACH:
        listed = []
        for code in (c for c in work.codes if c.system == "loinc"):
            said: dict[str, Any] = {"text": f"{code.name[:1].upper()}{code.name[1:]}"}
            if code.verified:
                said = {"coding": [{"system": LOINC, "code": code.code}], **said}
            listed.append((f"-{code.code}", said))
        return listed
    text = {"text": f"{work.what[:1].upper()}{work.what[1:]}"}
    coded = [c for c in work.codes if c.verified and c.system == "snomed"][:1]
    coding = [{"system": SNOMED, "code": c.code, "display": c.name} for c in coded]
    return [("", {"coding": coding, **text} if coding else text)]
