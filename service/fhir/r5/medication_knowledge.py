"""Drug -> R5 MedicationKnowledge (5.0.0), as plain JSON values with Decimal numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from service.core.drug import Drug, Ingredient
from service.core.drug_facts import Jurisdiction
from service.fhir import drug_parts as parts
from service.fhir import drug_text
from service.fhir.drug_extensions import drug_extensions
from service.fhir.drug_uses import route
from service.fhir.r5.clinical_uses import clinical_uses
from service.fhir.r5.indication_guidelines import guidelines

#: Extensions that R4 needs and for which R5 has an element.
_HAS_AN_ELEMENT = ("boxed-warning", "warning", "interaction")
_COUNTRIES = "urn:iso:std:iso:3166"
#: The EU is no country: it has words only.
_JURISDICTIONS: Mapping[Jurisdiction, Mapping[str, Any]] = MappingProxyType(
    {
        Jurisdiction.US: {
            "coding": [{"system": _COUNTRIES, "code": "US", "display": "United States of America"}]
        },
        Jurisdiction.EU: {"text": "European Union"},
        Jurisdiction.CN: {"coding": [{"system": _COUNTRIES, "code": "CN", "display": "China"}]},
    }
)


def medication_knowledge(drug: Drug, drugs: Sequence[Drug], base: str) -> dict[str, Any]:
    """The whole record; `drugs` are all of them (it refers to others), `base` is canonical.

    Warnings, contraindications and interactions are contained ClinicalUseDefinitions. What R5 has
    no element for is in our extensions and in the narrative, as in R4.
    """
    uses = clinical_uses(drug)
    with_an_element = {f"{base}/StructureDefinition/{name}" for name in _HAS_AN_ELEMENT}
    said: dict[str, Any] = {
        "resourceType": "MedicationKnowledge",
        "id": parts.medication_knowledge_id(drug.id),
        "meta": {"profile": [f"{base}/StructureDefinition/her2-medication-knowledge"]},
        "text": drug_text.narrative(drug),
        "contained": uses,
        "extension": [e for e in drug_extensions(drug, base) if e["url"] not in with_an_element],
        "code": parts.code(drug),
        "status": "active",
        "intendedJurisdiction": [dict(_JURISDICTIONS[where]) for where in drug.authorised_in],
        "name": [drug.inn, *parts.synonyms(drug)],
        "relatedMedicationKnowledge": parts.related(drug, drugs),
        "productType": [{"text": kind.value} for kind in drug.classes],
        "monograph": parts.monographs(drug),
        "preparationInstruction": parts.preparation(drug),
        "monitoringProgram": [{"type": {"text": m.type}, "name": m.told} for m in drug.monitoring],
        "indicationGuideline": guidelines(drug, base),
        "medicineClassification": list(parts.classifications(drug)),
        "clinicalUseIssue": [{"reference": f"#{use['id']}"} for use in uses],
        "regulatory": parts.regulatory(drug),
        "definitional": _definitional(drug, drugs, base),
    }
    return {name: value for name, value in said.items() if value}


def _definitional(drug: Drug, drugs: Sequence[Drug], base: str) -> dict[str, Any]:
    """What the product is; R5 has no kinetics, so the half-life is a characteristic."""
    half_life = parts.half_life(drug, base)
    said: dict[str, Any] = {
        "doseForm": {"text": drug.dose_form.text} if drug.dose_form else None,
        "intendedRoute": [route(drug)],
        "ingredient": [_ingredient(i, drugs, base) for i in drug.ingredients],
        "drugCharacteristic": [
            *parts.characteristics(drug),
            *([{"type": {"text": "half-life"}, "valueQuantity": half_life}] if half_life else []),
        ],
    }
    return {name: value for name, value in said.items() if value}


def _ingredient(ingredient: Ingredient, drugs: Sequence[Drug], base: str) -> dict[str, Any]:
    strength = parts.strength(ingredient, base)
    said: dict[str, Any] = {
        "item": {"concept": parts.substance(ingredient, drugs)},
        "type": {"text": "active" if ingredient.active else "not active"},
    }
    return said | ({"strengthRatio": strength} if strength else {})
