"""ClinicalUseDefinitions of a drug in R5: warnings, contraindications, interactions."""

from __future__ import annotations

from typing import Any

from service.core.drug import Drug
from service.fhir import drug_text
from service.fhir.drug_parts import contraindications


def clinical_uses(drug: Drug) -> list[dict[str, Any]]:
    """The boxed warning first, then the other warnings, contraindications and interactions."""
    boxed = drug_text.boxed_warning(drug)
    other = drug.warnings.told if drug.warnings else None
    return [
        *([_warning("boxed-warning", "boxed warning (US)", boxed)] if boxed else []),
        *([_warning("warning", "label warnings outside the box", other)] if other else []),
        *(
            _use(
                f"contraindication-{n}",
                "contraindication",
                {"diseaseSymptomProcedure": {"concept": {"text": said}}},
                f"contraindication ({labels})",
            )
            for n, (labels, said) in enumerate(contraindications(drug), 1)
        ),
        *(
            _use(f"interaction-{n}", "interaction", {"effect": {"concept": {"text": fact.told}}})
            for n, fact in enumerate(drug.interactions, 1)
        ),
    ]


def _warning(identity: str, kind: str, text: str) -> dict[str, Any]:
    return _use(identity, "warning", {"description": text, "code": {"text": kind}})


def _use(identity: str, kind: str, said: dict[str, Any], category: str = "") -> dict[str, Any]:
    return {
        "resourceType": "ClinicalUseDefinition",
        "id": identity,
        "type": kind,
        **({"category": [{"text": category}]} if category else {}),
        kind: said,
    }
