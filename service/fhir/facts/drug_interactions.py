"""Medicines that must not, or not simply, be taken with a drug of a regimen (B14, B14A)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from service.core.blocker import Action, Interaction
from service.core.findings import Source
from service.core.known_fact import DrugFact
from service.fhir.coder import Coder
from service.fhir.entries import Located
from service.fhir.facts.adherence import listed
from service.fhir.facts.collected import unique
from service.fhir.facts.medication_names import STILL_ACTING_DAYS, Substance, active_medications
from service.fhir.facts.record import PatientRecord
from service.fhir.lab_words import concept_texts

FACTS = {Action.AVOID: "ddi_avoid", Action.ADJUST: "ddi_adjust"}
_TYPES = ("MedicationRequest", "MedicationStatement")
_BETWEEN = re.compile(r"\s*(?:/|\+|;|,|\band\b)\s*")
_FORM = re.compile(
    r"(?:\s+(?:oral|pill|tab(?:let)?s?|cap(?:sule)?s?|products?|injectable|injection|infusion"
    r"|solution|suspension|syrup|delayed|extended|modified|prolonged|release|gastro-resistant"
    r"|film-coated|enteric|coated|chewable|effervescent|dispersible))+$"
)


def interaction_facts(
    record: PatientRecord, interactions: Sequence[Interaction], drugs: Mapping[str, Sequence[str]]
) -> list[DrugFact]:
    """ddi_avoid and ddi_adjust of each drug, from what is taken now or ended days ago.

    drugs: drug -> itself and its members. False when a medication list is there and holds no
    member; not known when a medicine on it has no name.
    """
    taken = [(m, _ingredients(m, record.coder)) for m in active_medications(record)]
    if not taken:
        return []
    whole = all(names for _, names in taken) and not any(_nameless(record))
    on_the_list = unique(source for medicine, _ in taken for source in medicine.sources)
    facts = []
    for drug, names in drugs.items():
        for action, fact in FACTS.items():
            found: dict[str, list[Source]] = {}
            for interaction in interactions:
                if interaction.drug in names and interaction.action is action:
                    for said, medicine in _members(interaction, taken):
                        found.setdefault(said, []).extend(medicine.sources)
            if found:
                sources = unique(chain.from_iterable(found.values()))
                facts.append(DrugFact(fact, drug, True, sources, " ".join(found)))
            elif whole:
                text = "no medicine on the medication list is to be " + (
                    "avoided with it" if action is Action.AVOID else "adjusted for it"
                )
                facts.append(DrugFact(fact, drug, False, on_the_list, text))
    return facts


def _members(
    interaction: Interaction, taken: Sequence[tuple[Substance, set[str]]]
) -> Iterator[tuple[str, Substance]]:
    """The medicines that are members, each named as the table does, never as it was written."""
    for member in interaction.members:
        for medicine, names in taken:
            if member.casefold() in names:
                over = "" if medicine.running else f" (ended under {STILL_ACTING_DAYS} days ago)"
                yield f"{member}{over}: {interaction.sentence}", medicine


def _ingredients(medicine: Substance, coder: Coder) -> set[str]:
    """Whole names of ingredients in small letters, those of codes, and their other names."""
    found = {coder.codes.concept("drug", *code) for code in medicine.codes}
    for name in medicine.names:
        for part in (name, *_BETWEEN.split(name)):
            found |= {part, _FORM.sub("", part)}
    found |= {coder.codes.concept("ingredient-name", "name", name).casefold() for name in found}
    return found - {""}


def _nameless(record: PatientRecord) -> Iterator[Located]:
    """Active entries of the list whose medicine nothing names."""
    for located in record.resources:
        if located.type not in _TYPES or not listed(located.resource):
            continue
        resource = located.resource
        both = resource.get("medication")
        both = both if isinstance(both, dict) else {}
        references = (resource.get("medicationReference"), both.get("reference"))
        targets = [t for r in references if (t := record.index.find(r, host=located))]
        concepts = [resource.get("medicationCodeableConcept"), both.get("concept")]
        concepts += [t.resource.get("code") for t in targets]
        named = any(text.strip() for c in concepts for text in concept_texts(c))
        if not named and not any(t.resource.get("ingredient") for t in targets):
            yield located
