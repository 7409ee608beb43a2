"""The parts of a drug record that R4 and R5 write alike, as plain JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from service.fhir.drug_extensions import unverified
from service.fhir.drug_uses import quantity
from service.fhir.identity import derived_id

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


def code(drug: Drug) -> dict[str, Any]:
    """The drug as a CodeableConcept: its own codes, where it has any, and its name."""
    own = codings(c for c in drug.codes if c.names_the_record)
    return ({"coding": own} if own else {}) | {"text": drug.inn}


def codings(codes: Iterable[Code]) -> list[dict[str, str]]:
    """The codes in the order of emission."""
    order = list(SYSTEMS)
    return [
        {"system": SYSTEMS[c.system], "code": c.code, "display": c.display}
        for c in sorted(codes, key=lambda c: order.index(c.system))
    ]


def synonyms(drug: Drug) -> list[str]:
    """Its other names, each once."""
    suffixed = (drug.us_nonproprietary.text,) if drug.us_nonproprietary else ()
    names = (*suffixed, *drug.brands.items, *drug.abbreviations)
    return [name for name in dict.fromkeys(names) if name != drug.inn]


def related(drug: Drug, drugs: Sequence[Drug]) -> list[dict[str, Any]]:
    """Other records by kind of relation: biosimilar, combination partner, not a substitute."""
    by_id = {other.id: other for other in drugs}
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


def monographs(drug: Drug) -> list[dict[str, Any]]:
    """Where a reader finds the current labels."""
    return [
        {
            "type": {"text": f"current {_LABELS[m.jurisdiction]} label"},
            "source": {"display": m.text},
        }
        for m in drug.monographs
    ]


def substance(ingredient: Ingredient, drugs: Sequence[Drug]) -> dict[str, Any]:
    """A substance, coded by RxNorm and SNOMED of the record that names it."""
    names = next((d.codes for d in drugs if d.id == ingredient.substance), ())
    coded = codings(c for c in names if c.names_the_record and c.system in ("rxnorm", "snomed"))
    return ({"coding": coded} if coded else {}) | {"text": ingredient.name}


def strength(ingredient: Ingredient, base: str) -> dict[str, Any] | None:
    """A Ratio where there is a single strength; several are presentations, told elsewhere."""
    if len(ingredient.strengths) != 1:
        return None
    (only,) = ingredient.strengths
    ratio = {"numerator": quantity(only.numerator), "denominator": quantity(only.denominator)}
    return ratio | ({} if ingredient.verified else {"extension": [unverified(base)]})


def half_life(drug: Drug, base: str) -> dict[str, Any] | None:
    """A Quantity where it is one number; ranges and pairs stay in the narrative."""
    if drug.half_life is None or drug.half_life.amount is None:
        return None
    mark = {} if drug.half_life.verified else {"extension": [unverified(base)]}
    return quantity(drug.half_life.amount) | mark


def preparation(drug: Drug) -> str:
    """How it is given, as a Markdown list that ends in the advice to check."""
    lines = [f.told for f in drug.administration]
    return "\n".join(f"- {line}" for line in [*lines, VERIFY])


def classifications(drug: Drug) -> Iterator[dict[str, Any]]:
    """ATC, drug class, target and emetic risk."""
    atc = codings(c for c in drug.codes if c.system == "atc" and c.names_the_record)
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


def characteristics(drug: Drug) -> Iterator[dict[str, Any]]:
    """DAR, linker and payload of a conjugate; strengths; the suffix of a biosimilar."""
    for said in drug.characteristics:
        yield {"type": {"text": said.type}, "valueString": said.text}
    if drug.strengths is not None:
        yield {"type": {"text": "strengths"}, "valueString": drug.strengths.told}
    if DrugClass.BIOSIMILAR in drug.classes and drug.us_nonproprietary is not None:
        suffix = drug.us_nonproprietary.text.rpartition("-")[2]
        yield {"type": {"text": "biosimilar suffix"}, "valueString": suffix}


def contraindications(drug: Drug) -> list[tuple[str, str]]:
    """(labels, statement): each once, with every label that makes it in the same way."""
    labels: dict[tuple[str, bool], list[str]] = {}
    for label in drug.contraindications:
        for item in label.statements.items:
            key = (item, label.statements.verified)
            labels.setdefault(key, []).append(label.jurisdiction.upper())
    return [
        (", ".join(where), marked(item, verified)) for (item, verified), where in labels.items()
    ]


def regulatory(drug: Drug) -> list[dict[str, Any]]:
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
