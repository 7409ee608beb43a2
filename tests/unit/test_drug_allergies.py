"""To which drugs an allergy is one: by their ingredients, excipients and classes."""

import pytest

from tests.support.evidence import SNOMED, concept
from tests.support.regimen_drugs import TDM1, TDXD, about, drug_facts, drugs_with
from tests.support.safety import RXNORM, allergy

FACT = "allergy_to_component"
ANTIBODIES = {"trastuzumab", "pertuzumab", TDM1, TDXD, "margetuximab", "inetetamab"}
FAMILY = {"trastuzumab", TDM1, TDXD}


def coded(code, text="", system=RXNORM, name="coded"):
    """An allergy by code; without a text when there is none."""
    said = {"coding": [{"system": system, "code": code}]} | ({"text": text} if text else {})
    return allergy(text) | {"id": name, "code": said}


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ("Trastuzumab", FAMILY),
        ("Allergy to trastuzumab (finding)", FAMILY),
        ("Product containing trastuzumab (medicinal product)", FAMILY),
        ("Herceptin", FAMILY),
        ("trastuzumab-dkst", FAMILY),
        ("Phesgo", FAMILY | {"pertuzumab"}),
        ("Kadcyla", {TDM1}),
        ("trastuzumab emtansine", {TDM1}),
        ("ado-trastuzumab emtansine", {TDM1}),
        ("Enhertu", {TDXD}),
        ("Pertuzumab", {"pertuzumab"}),
        ("Polysorbate 80", {"docetaxel", TDXD, "margetuximab"}),
        ("Polysorbate 20", {"trastuzumab", "pertuzumab", TDM1}),
        ("Tween 80", {"docetaxel", TDXD, "margetuximab"}),
        ("Polysorbates", {"docetaxel", *ANTIBODIES} - {"inetetamab"}),
        ("Polysorbate 60", set()),
        ("Chinese hamster ovary cell protein", ANTIBODIES),
        ("murine proteins", ANTIBODIES),
        ("Cremophor EL", {"paclitaxel"}),
        ("Polyoxyl castor oil", {"paclitaxel"}),
        ("Cisplatin", {"carboplatin"}),
        ("Platinum compounds", {"carboplatin"}),
        ("5-fluorouracil", {"capecitabine"}),
        ("Taxotere", {"docetaxel"}),
        ("Letrozole", {"aromatase inhibitor"}),
        ("Aromatase inhibitors", {"aromatase inhibitor"}),
        ("Penicillin", set()),
        ("Hyaluronidase", set()),
        ("castor oil", set()),
        ("polysorbate 800", set()),
        ("trastuzumabum", set()),
        ("paclitaxel or something like it", set()),
    ],
)
def test_an_allergy_is_one_to_every_drug_that_holds_the_substance(text, drugs):
    assert drugs_with(FACT, allergy(text)) == drugs


@pytest.mark.parametrize(
    ("resource", "drugs"),
    [
        (coded("224905"), FAMILY),
        (coded("224905", "Kadcyla"), {TDM1}),
        (coded("1658086", "Trastuzumab Injection [KADCYLA]"), {TDM1}),
        (coded("2267579"), {TDXD}),
        (coded("1922508"), FAMILY),
        (coded("2382607"), FAMILY | {"pertuzumab"}),
        (coded("387003001", system=SNOMED), FAMILY),
        (coded("L01CD02", system="http://www.whocc.no/atc"), {"docetaxel"}),
        (coded("72962"), {"docetaxel"}),
        (coded("7980"), set()),
    ],
)
def test_a_code_says_which_drug_it_is_before_its_ingredient_does(resource, drugs):
    assert drugs_with(FACT, resource) == drugs


def test_an_allergy_that_does_not_stand_says_nothing():
    for said in (
        allergy("Docetaxel", "resolved"),
        allergy("Docetaxel", verified="refuted"),
        allergy("Docetaxel", verified="entered-in-error"),
    ):
        assert about(FACT, "docetaxel", said) is None


def test_the_substance_of_a_reaction_counts():
    reacted = allergy("Infusion") | {"reaction": [{"substance": {"text": "Pertuzumab"}}]}
    assert drugs_with(FACT, reacted) == {"pertuzumab"}


def test_the_fact_names_the_component_and_its_sources():
    fact = drug_facts(allergy("Tween 80"))[(FACT, "docetaxel")]
    assert fact.said == "hypersensitivity to polysorbate 80"
    assert [s.reference for s in fact.sources] == ["AllergyIntolerance/a-8"]


@pytest.mark.parametrize(
    "said",
    [
        allergy("No known allergies"),
        allergy("No known allergy (situation)"),
        allergy("NKDA"),
        allergy("No known drug allergies."),
        allergy("") | {"code": concept(SNOMED, "716186003")},
        allergy("") | {"code": concept(SNOMED, "409137002")},
    ],
)
def test_no_known_allergy_is_a_no_for_every_drug(said):
    found = drug_facts(said)
    assert found
    assert {(name, fact.value) for (name, _), fact in found.items()} == {(FACT, False)}


@pytest.mark.parametrize(
    "said",
    [
        allergy("No known food allergies"),
        allergy("No known allergy to latex"),
        allergy("No allergy list received"),
        allergy("No known allergies", verified="refuted"),
        allergy("No known allergies", verified="entered-in-error"),
        allergy("No known allergies", "inactive"),
        allergy("Penicillin"),
    ],
)
def test_nothing_less_is_a_no(said):
    assert drug_facts(said) == {}


def test_an_allergy_contradicts_that_none_is_known():
    none, drug_none = allergy("No known allergies"), allergy("No known drug allergies")
    penicillin = allergy("Penicillin")
    peanut = allergy("Peanut") | {"category": ["food"]}
    assert about(FACT, "docetaxel", none, penicillin) is None
    assert about(FACT, "docetaxel", none, peanut) is None
    assert about(FACT, "docetaxel", drug_none, penicillin) is None
    assert about(FACT, "docetaxel", drug_none, peanut) is False
    assert about(FACT, "docetaxel", drug_none, allergy("Docetaxel")) is True
