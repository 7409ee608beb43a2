"""Drug -> R4 MedicationKnowledge (4.0.1), as plain JSON values with Decimal numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from service.core.drug import Drug, Ingredient
from service.core.drug_facts import (
    AUTHORITY,
    VERIFY,
    Authorisation,
    Code,
    DrugClass,
    Jurisdiction,
    marked,
)
from service.fhir import drug_text
from service.fhir.drug_extensions import drug_extensions, unverified
from service.fhir.identity import derived_id
from service.fhir.r4.medication_guidelines import guidelines, quantity, route

#: Key of a terminology in a drug record -> its FHIR system, in the order of emission.
SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "atc": "http://www.whocc.no/atc",
        "snomed": "http://snomed.info/sct",
        "ncit": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    }
)
_LABELS = {Jurisdiction.US: "US", Jurisdiction.EU: "EU", Jurisdiction.CN: "Chinese"}


def medication_knowledge_id(drug_id: str) -> str:
    """The id of a drug's record: the same for ever."""
    return derived_id(f"MedicationKnowledge/{drug_id}")


def medication_knowledge(drug: Drug, drugs: Sequence[Drug], base: str) -> dict[str, Any]:
    """The whole record; `drugs` are all of them (it refers to others), `base` is canonical.

    Boxed warnings are extension `boxed-warning`; label contraindications are contained
    DetectedIssues, and a label that states none has no element. What the element list of R4
    has no place for is in our extensions and in the narrative.
    """
    by_id = {other.id: other for other in drugs}
    issues = _contraindications(drug)
    said: dict[str, Any] = {
        "resourceType": "MedicationKnowledge",
        "id": medication_knowledge_id(drug.id),
        "meta": {"profile": [f"{base}/StructureDefinition/her2-medication-knowledge"]},
        "text": drug_text.narrative(drug),
        "contained": issues,
        "extension": drug_extensions(drug, base),
        "code": {"coding": _codings(c for c in drug.codes if c.names_the_record), "text": drug.inn},
        "status": "active",
        "doseForm": {"text": drug.dose_form.text} if drug.dose_form else None,
        "synonym": _synonyms(drug),
        "relatedMedicationKnowledge": _related(drug, by_id),
        "productType": [{"text": kind.value} for kind in drug.classes],
        "monograph": [
            {
                "type": {"text": f"current {_LABELS[m.jurisdiction]} label"},
                "source": {"display": m.text},
            }
            for m in drug.monographs
        ],
        "ingredient": [_ingredient(i, by_id, base) for i in drug.ingredients],
        "preparationInstruction": _preparation(drug),
        "intendedRoute": [route(drug)],
        "monitoringProgram": [{"type": {"text": m.type}, "name": m.told} for m in drug.monitoring],
        "administrationGuidelines": guidelines(drug, base),
        "medicineClassification": list(_classifications(drug)),
        "drugCharacteristic": list(_characteristics(drug)),
        "contraindication": [{"reference": f"#{issue['id']}"} for issue in issues],
        "regulatory": _regulatory(drug),
        "kinetics": _kinetics(drug, base),
    }
    if not said["code"]["coding"]:
        del said["code"]["coding"]
    return {name: value for name, value in said.items() if value}


def _codings(codes: Iterator[Code]) -> list[dict[str, str]]:
    order = list(SYSTEMS)
    return [
        {"system": SYSTEMS[c.system], "code": c.code, "display": c.display}
        for c in sorted(codes, key=lambda c: order.index(c.system))
    ]


def _synonyms(drug: Drug) -> list[str]:
    suffixed = (drug.us_nonproprietary.text,) if drug.us_nonproprietary else ()
    names = (*suffixed, *drug.brands.items, *drug.abbreviations)
    return [name for name in dict.fromkeys(names) if name != drug.inn]


def _related(drug: Drug, by_id: Mapping[str, Drug]) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    if drug.biosimilar_of:
        groups["biosimilar-of"] = [drug.biosimilar_of]
    for relation in drug.related:
        groups.setdefault(relation.type, []).append(relation.drug)
    others = [other for group in drug.do_not_substitute_with for other in group.drugs]
    if others:
        groups["do-not-substitute"] = list(dict.fromkeys(others))
    return [
        {
            "type": {"text": kind},
            "reference": [
                {
                    "reference": f"MedicationKnowledge/{medication_knowledge_id(other)}",
                    "display": f"{by_id[other].inn} ({by_id[other].brands.items[0]})",
                }
                for other in ids
            ],
        }
        for kind, ids in groups.items()
    ]


def _ingredient(ingredient: Ingredient, by_id: Mapping[str, Drug], base: str) -> dict[str, Any]:
    """A substance, coded by RxNorm and SNOMED of the record that names it.

    Only a single strength is a strength of the ingredient; several are presentations, told
    in drugCharacteristic.
    """
    item: dict[str, Any] = {"text": ingredient.name}
    if ingredient.substance is not None:
        codings = _codings(
            c
            for c in by_id[ingredient.substance].codes
            if c.names_the_record and c.system in ("rxnorm", "snomed")
        )
        if codings:
            item = {"coding": codings, **item}
    said: dict[str, Any] = {"itemCodeableConcept": item, "isActive": ingredient.active}
    if len(ingredient.strengths) == 1:
        (strength,) = ingredient.strengths
        said["strength"] = {
            "numerator": quantity(strength.numerator),
            "denominator": quantity(strength.denominator),
        }
        if not ingredient.verified:
            said["strength"]["extension"] = [unverified(base)]
    return said


def _preparation(drug: Drug) -> str:
    lines = [f.told for f in drug.administration]
    return "\n".join(f"- {line}" for line in [*lines, VERIFY])


def _classifications(drug: Drug) -> Iterator[dict[str, Any]]:
    atc = _codings(c for c in drug.codes if c.system == "atc" and c.names_the_record)
    if atc:
        yield {"type": {"text": "ATC"}, "classification": [{"coding": [c]} for c in atc]}
    kinds = [{"text": kind.value} for kind in drug.classes]
    yield {
        "type": {"text": "drug class"},
        "classification": [*kinds, {"text": drug.class_text.text}],
    }
    yield {"type": {"text": "target"}, "classification": [{"text": drug.target.text}]}
    if drug.emetic_risk is not None and drug.emetic_risk.verified:
        yield {
            "type": {"text": "emetic risk"},
            "classification": [{"text": drug.emetic_risk.text}],
        }


def _characteristics(drug: Drug) -> Iterator[dict[str, Any]]:
    """DAR, linker and payload of a conjugate; strengths; the suffix of a biosimilar."""
    for said in drug.characteristics:
        yield {"type": {"text": said.type}, "valueString": said.text}
    if drug.strengths is not None:
        yield {"type": {"text": "strengths"}, "valueString": drug.strengths.told}
    if DrugClass.BIOSIMILAR in drug.classes and drug.us_nonproprietary is not None:
        suffix = drug.us_nonproprietary.text.rpartition("-")[2]
        yield {"type": {"text": "biosimilar suffix"}, "valueString": suffix}


def _contraindications(drug: Drug) -> list[dict[str, Any]]:
    """One DetectedIssue a statement, naming every label that makes it in the same way."""
    labels: dict[tuple[str, bool], list[str]] = {}
    for label in drug.contraindications:
        for item in label.statements.items:
            key = (item, label.statements.verified)
            labels.setdefault(key, []).append(label.jurisdiction.upper())
    return [
        {
            "resourceType": "DetectedIssue",
            "id": f"contraindication-{n}",
            "status": "final",
            "code": {"text": f"contraindication ({', '.join(where)})"},
            "severity": "high",
            "detail": marked(item, verified),
        }
        for n, ((item, verified), where) in enumerate(labels.items(), 1)
    ]


def _regulatory(drug: Drug) -> list[dict[str, Any]]:
    """The authorities that have authorised it; the others are in `jurisdiction-status`."""
    entries = []
    for said in drug.regulatory:
        if said.status is not Authorisation.AUTHORISED:
            continue
        entry: dict[str, Any] = {"regulatoryAuthority": {"display": AUTHORITY[said.jurisdiction]}}
        if DrugClass.ADC in drug.classes:
            entry["substitution"] = [{"type": {"text": "generic"}, "allowed": False}]
        entries.append(entry)
    return entries


def _kinetics(drug: Drug, base: str) -> list[dict[str, Any]]:
    """The half-life where it is one number; ranges and pairs stay in the narrative."""
    if drug.half_life is None or drug.half_life.amount is None:
        return []
    period = quantity(drug.half_life.amount)
    if not drug.half_life.verified:
        period["extension"] = [unverified(base)]
    return [{"halfLifePeriod": period}]
