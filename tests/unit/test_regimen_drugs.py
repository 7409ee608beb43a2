"""Facts about every drug of the regimens, gathered once."""

from service.core.known_fact import DrugFact
from service.fhir.facts.regimen_drugs import drug_facts_of
from tests.support.cases import library
from tests.support.records import status, taken
from tests.support.safety import allergy, medicine, record

NAMES = {
    "key_agent_progressed",
    "key_agent_stopped_toxicity",
    "allergy_to_component",
    "ddi_avoid",
    "ddi_adjust",
}
RECORD = (
    taken("Enhertu", "2026-01-10", "2026-05-10"),
    status("worsened", "2026-03-01"),
    medicine("Omeprazole"),
    medicine("Clopidogrel", "MedicationStatement"),
    allergy("Polysorbate 80"),
    allergy("Letrozole"),
)


def test_every_fact_is_about_a_drug_of_a_rule_and_said_once():
    therapy = library().regimens
    found = drug_facts_of(record(*RECORD), therapy)
    drugs = {c.drug for rule in therapy.rules.values() for c in rule.components}
    keys = [(fact.drug, fact.name) for fact in found]
    assert keys == sorted(set(keys))
    assert {drug for drug, _ in keys} <= drugs
    assert {name for _, name in keys} <= NAMES <= set(library().words.facts)


def test_every_fact_has_sources_and_words():
    for fact in drug_facts_of(record(*RECORD), library().regimens):
        assert isinstance(fact, DrugFact)
        assert fact.sources
        assert fact.said


def test_a_class_has_what_a_member_has():
    found = drug_facts_of(record(*RECORD), library().regimens)
    assert [f.value for f in found if f.drug == "aromatase inhibitor" and "allergy" in f.name] == [
        True
    ]


def test_the_order_of_the_record_changes_nothing():
    therapy = library().regimens
    said = [(f.name, f.drug, f.value) for f in drug_facts_of(record(*RECORD), therapy)]
    back = [(f.name, f.drug, f.value) for f in drug_facts_of(record(*RECORD[::-1]), therapy)]
    assert said == back


def test_an_empty_record_says_nothing():
    assert drug_facts_of(record(), library().regimens) == []
