"""Hypersensitivity to what a drug contains (B19): by exact codes and whole names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain

from service.core.blocker import Allergen
from service.core.findings import Source
from service.core.known_fact import DrugFact
from service.fhir.coder import Coder
from service.fhir.entries import Located
from service.fhir.facts.collected import unique
from service.fhir.facts.measurements import status_of
from service.fhir.facts.medication_names import Substance, active_allergies
from service.fhir.facts.medications import CONJUGATES
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.numbers_in_text import plain

FACT = "allergy_to_component"
#: What the code files call trastuzumab where RxNorm may mean a conjugate.
_LOOSE = {"trastuzumab-ingredient", "trastuzumab-ambiguous"}
_PARTS = {
    **dict.fromkeys(_LOOSE, ("trastuzumab",)),
    "phesgo": ("trastuzumab", "pertuzumab"),
}
_CONTAINING = re.compile(r"^products? containing (?:only )?|[ -]containing products?$")
_KIND = re.compile(r" ?\([a-z ]+\)$")
_NOT_DRUGS = {"food", "environment"}


def allergy_facts(
    record: PatientRecord, allergens: Sequence[Allergen], drugs: Mapping[str, Sequence[str]]
) -> list[DrugFact]:
    """allergy_to_component of each drug.

    drugs: drug -> itself and its members. False only when no known allergy is stated, and no
    allergy beside it that says otherwise.
    """
    active = [
        (s, _families(s, record.coder), _names(s, record.coder)) for s in active_allergies(record)
    ]
    none = _none_known(record)
    if not (active or none):
        return []
    facts = []
    for drug, names in drugs.items():
        found: dict[str, list[Source]] = {}
        for allergen in (a for a in allergens if a.drug in names):
            families = _meant(allergen, record.coder)
            for substance, also, called in active:
                if families & also or called & set(allergen.names):
                    found.setdefault(allergen.allergen, []).extend(substance.sources)
        if found:
            said = f"hypersensitivity to {', '.join(found)}"
            facts.append(
                DrugFact(FACT, drug, True, unique(chain.from_iterable(found.values())), said)
            )
        elif none:
            facts.append(DrugFact(FACT, drug, False, unique(none), "no known allergy is recorded"))
    return facts


def _meant(allergen: Allergen, coder: Coder) -> set[str]:
    """The drug family that an allergen is, when it is a drug."""
    family = coder.codes.concept("drug-name", "name", allergen.allergen)
    return set(_PARTS.get(family, (family,))) - {""}


def _families(substance: Substance, coder: Coder) -> set[str]:
    """The drug families that codes and whole names say.

    A conjugate that RxNorm also calls by its antibody is the conjugate.
    """
    found = {coder.codes.concept("drug", *code) for code in substance.codes}
    found |= {coder.codes.concept("drug-name", "name", name) for name in _whole(substance)}
    found -= _LOOSE if found & CONJUGATES else set()
    return {part for family in found if family for part in _PARTS.get(family, (family,))}


def _names(substance: Substance, coder: Coder) -> set[str]:
    """The whole names; `trastuzumab` beside a conjugate's name is no name of its own."""
    conjugate = _families(substance, coder) & CONJUGATES
    return _whole(substance) - ({"trastuzumab"} if conjugate else set())


def _whole(substance: Substance) -> set[str]:
    return {_CONTAINING.sub("", name).strip() for name in substance.names}


def _none_known(record: PatientRecord) -> list[Source]:
    """Statements of no known (drug) allergy; none when a recorded allergy contradicts them."""
    stated: list[Located] = []
    others: list[Located] = []
    for located in record.of_type("AllergyIntolerance"):
        resource = located.resource
        refuted = status_of(resource, "verificationStatus") in ("refuted", "entered-in-error")
        if not refuted and status_of(resource, "clinicalStatus") in ("", "active"):
            (stated if _denials(located, record) else others).append(located)
    every = any("no-known-allergy" in _denials(s, record) for s in stated)
    contradicting = [o for o in others if every or not _is_no_drug(o)]
    return [] if contradicting else [source_of(s) for s in stated]


def _denials(allergy: Located, record: PatientRecord) -> set[str]:
    """`no-known-allergy`, `no-known-drug-allergy`, by code or whole text."""
    code = allergy.resource.get("code")
    names = {_KIND.sub("", plain(t)).rstrip(".") for t in concept_texts(code)}
    found = set(record.coder.concepts("no-allergy", code))
    found |= {record.coder.codes.concept("no-allergy", "name", name) for name in names}
    return found - {""}


def _is_no_drug(allergy: Located) -> bool:
    said = {str(c) for c in as_list(allergy.resource.get("category"))}
    return bool(said) and said <= _NOT_DRUGS
