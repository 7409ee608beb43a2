"""What a record says about each drug of the regimens: stopped before, allergies, interactions."""

from __future__ import annotations

from service.core.known_fact import DrugFact
from service.core.therapy_edition import Therapy
from service.fhir.facts.drug_allergies import allergy_facts
from service.fhir.facts.drug_interactions import interaction_facts
from service.fhir.facts.key_agents import key_agent_facts
from service.fhir.facts.record import PatientRecord


def drug_facts_of(record: PatientRecord, therapy: Therapy) -> list[DrugFact]:
    """Each fact of each drug at most once, by drug and name; what is not known is left out.

    A drug is one of the components of a rule, fixed or of a choice. A class partner
    (`aromatase inhibitor`) has a fact when a member has it.
    """
    facts = [
        *key_agent_facts(record, {drug: therapy.records[drug] for drug in therapy.key_agents}),
        *allergy_facts(record, therapy.allergens, therapy.drugs),
        *interaction_facts(record, therapy.interactions, therapy.drugs),
    ]
    return sorted(facts, key=lambda fact: (fact.drug, fact.name))
