"""Which medicines of a list stand in the way of a drug, or ask for care with it."""

import pytest

from service.core.blocker import Action
from tests.support.cases import library
from tests.support.regimen_drugs import TDM1, about, drug_facts, drugs_with
from tests.support.safety import RXNORM, ago, medicine


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("Omeprazole", "neratinib"),
        ("omeprazole 20 MG Delayed Release Oral Capsule [Prilosec]", "neratinib"),
        ("Omeprazole delayed release capsule", "neratinib"),
        ("Esomeprazole magnesium 40 MG", "neratinib"),
        ("Clarithromycin 500 MG Oral Tablet", "docetaxel"),
        ("lopinavir/ritonavir", "docetaxel"),
        ("nirmatrelvir and ritonavir", "docetaxel"),
        ("amoxicillin 500 MG / clarithromycin 500 MG", "docetaxel"),
        ("Rifampicin", "tucatinib"),
        ("rifampin 300 MG Oral Capsule", "tucatinib"),
        ("St. John's wort extract 300 MG", "tucatinib"),
        ("Gemfibrozil", "tucatinib"),
    ],
)
def test_a_medicine_to_avoid_is_known_by_the_whole_name_of_an_ingredient(text, drug):
    assert about("ddi_avoid", drug, medicine(text)) is True


@pytest.mark.parametrize(
    "text", ["omeprazolum", "no omeprazole", "omeprazole-like drug", "Paracetamol", "Prilosec"]
)
def test_a_part_of_a_name_is_no_ingredient(text):
    assert about("ddi_avoid", "neratinib", medicine(text)) is False


def test_a_medicine_to_adjust_is_not_one_to_avoid():
    warfarin = medicine("Warfarin sodium 5 MG Oral Tablet")
    assert about("ddi_adjust", TDM1, warfarin) is True
    assert about("ddi_avoid", TDM1, warfarin) is False
    assert drugs_with("ddi_adjust", warfarin) == {TDM1, "capecitabine"}


def test_clarithromycin_is_a_matter_of_each_drug():
    found = medicine("Clarithromycin")
    avoid = {"neratinib", "lapatinib", "pyrotinib", TDM1, "palbociclib", "abemaciclib", "docetaxel"}
    assert drugs_with("ddi_avoid", found) == avoid
    assert drugs_with("ddi_adjust", found) == {"paclitaxel", "vinorelbine"}


def test_the_fact_names_the_medicine_as_the_table_does_and_says_what_to_do():
    fact = drug_facts(medicine("Omeprazol Anna Meier"), medicine("Omeprazole"))[
        ("ddi_avoid", "neratinib")
    ]
    assert fact.said == "omeprazole: neratinib: avoid proton-pump inhibitors."
    assert [s.reference for s in fact.sources] == ["MedicationRequest/m-10-active"]


def test_two_medicines_are_both_said():
    both = drug_facts(medicine("Omeprazole"), medicine("Verapamil"))
    said = both[("ddi_avoid", "neratinib")].said
    assert said.startswith("omeprazole: ")
    assert "verapamil: " in said


@pytest.mark.parametrize(("days", "value"), [(0, True), (13, True), (14, None)])
def test_a_medicine_interacts_for_a_fortnight_after_it_was_completed(days, value):
    ended = medicine("Omeprazole", status="completed", authoredOn=ago(days))
    assert about("ddi_avoid", "neratinib", ended) is value
    assert value is None or "ended under 14 days ago" in (
        drug_facts(ended)[("ddi_avoid", "neratinib")].said
    )


def test_without_a_medication_list_nothing_is_known():
    assert drug_facts() == {}
    assert drug_facts(medicine("Omeprazole", status="stopped")) == {}
    assert drug_facts(medicine("Omeprazole", "MedicationAdministration", "completed")) == {}


def test_a_list_without_a_member_says_no_for_every_drug():
    found = drug_facts(medicine("Paracetamol"))
    drugs = {c.drug for rule in library().regimens.rules.values() for c in rule.components}
    assert {key for key, fact in found.items() if fact.value is False} == {
        (name, drug) for name in ("ddi_avoid", "ddi_adjust") for drug in drugs
    }


def test_a_medicine_that_nothing_names_leaves_the_rest_of_the_list_open():
    coded = medicine("Paracetamol")
    by_code = {"coding": [{"system": RXNORM, "code": "7646"}]}
    unnamed = medicine("", "MedicationStatement") | {"medicationCodeableConcept": by_code}
    lost = {k: v for k, v in medicine("x").items() if k != "medicationCodeableConcept"}
    lost = lost | {"medicationReference": {"reference": "Medication/elsewhere"}}
    for unknown in (unnamed, lost):
        assert about("ddi_avoid", "neratinib", coded, unknown) is None
        omeprazole = medicine("Omeprazole", status="active", id="o")
        assert about("ddi_avoid", "neratinib", omeprazole, unknown) is True


def test_other_names_of_ingredients_lead_to_members():
    therapy = library().regimens
    members = {m for i in therapy.interactions for m in i.members}
    other = library().codes.read["ingredient-name"]
    assert {coding.concept for coding in other.values()} <= members
    assert not {name for _, name in other} & {m.casefold() for m in members}
    assert {i.action for i in therapy.interactions} == set(Action)
