"""Drug -> R4 MedicationKnowledge (4.0.1), as plain JSON values with Decimal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.core.drug import Drug, Ingredient
from service.fhir import drug_parts as parts
from service.fhir import drug_text
from service.fhir.drug_extensions import drug_extensions
from service.fhir.drug_uses import route
from service.fhir.r4.medication_guidelines import guidelines


def medication_knowledge(drug: Drug, drugs: Sequence[Drug], base: str) -> dict[str, Any]:
    """The whole record; `drugs` are all of them (it refers to others), `base` is canonical.

    Boxed warnings are extension `boxed-warning`; label contraindications are contained
    DetectedIssues, and a label that states none has no element. What the element list of R4
    has no place for is in our extensions and in the narrative.
    """
    issues = _contraindications(drug)
    half_life = parts.half_life(drug, base)
    said: dict[str, Any] = {
        "resourceType": "MedicationKnowledge",
        "id": parts.medication_knowledge_id(drug.id),
        "meta": {"profile": [f"{base}/StructureDefinition/her2-medication-knowledge"]},
        "text": drug_text.narrative(drug),
        "contained": issues,
        "extension": drug_extensions(drug, base),
        "code": parts.code(drug),
        "status": "active",
        "doseForm": {"text": drug.dose_form.text} if drug.dose_form else None,
        "synonym": parts.synonyms(drug),
        "relatedMedicationKnowledge": parts.related(drug, drugs),
        "productType": [{"text": kind.value} for kind in drug.classes],
        "monograph": parts.monographs(drug),
        "ingredient": [_ingredient(i, drugs, base) for i in drug.ingredients],
        "preparationInstruction": parts.preparation(drug),
        "intendedRoute": [route(drug)],
        "monitoringProgram": [{"type": {"text": m.type}, "name": m.told} for m in drug.monitoring],
        "administrationGuidelines": guidelines(drug, base),
        "medicineClassification": list(parts.classifications(drug)),
        "drugCharacteristic": list(parts.characteristics(drug)),
        "contraindication": [{"reference": f"#{issue['id']}"} for issue in issues],
        "regulatory": parts.regulatory(drug),
        "kinetics": [{"halfLifePeriod": half_life}] if half_life else None,
    }
    return {name: value for name, value in said.items() if value}


def _ingredient(ingredient: Ingredient, drugs: Sequence[Drug], base: str) -> dict[str, Any]:
    strength = parts.strength(ingredient, base)
    said = {
        "itemCodeableConcept": parts.substance(ingredient, drugs),
        "isActive": ingredient.active,
    }
    return said | ({"strength": strength} if strength else {})


def _contraindications(drug: Drug) -> list[dict[str, Any]]:
    """One DetectedIssue a statement, naming every label that makes it in the same way."""
    return [
        {
            "resourceType": "DetectedIssue",
            "id": f"contraindication-{n}",
            "status": "final",
            "code": {"text": f"contraindication ({labels})"},
            "severity": "high",
            "detail": detail,
        }
        for n, (labels, detail) in enumerate(parts.contraindications(drug), 1)
    ]
