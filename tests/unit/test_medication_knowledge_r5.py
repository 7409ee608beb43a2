"""The drug records in R5 say what they say in R4."""

from importlib.resources import files

import pytest
from fhir.resources.bundle import Bundle
from fhir.resources.medicationknowledge import MedicationKnowledge

from service.core.drug_facts import Jurisdiction
from service.fhir import drug_text
from service.fhir.r4 import medication_knowledge as r4
from service.fhir.r5 import medication_knowledge as r5
from service.fhir.searchset import searchset
from service.knowledge.drugs import read_drugs
from service.usecases.drug_search import PARAMETERS, find_drugs

BASE = "https://her2.example/fhir"
DRUGS = read_drugs(files("service.knowledge") / "drugs")
BY_ID = {drug.id: drug for drug in DRUGS}
RECORDS = {drug.id: r5.medication_knowledge(drug, DRUGS, BASE) for drug in DRUGS}
IN_R4 = {drug.id: r4.medication_knowledge(drug, DRUGS, BASE) for drug in DRUGS}

every_record = pytest.mark.parametrize("name", RECORDS)


def uses(name, kind):
    return [u for u in RECORDS[name].get("contained", []) if u["type"] == kind]


@every_record
def test_a_record_is_fhir_and_holds_nothing_empty(name):
    MedicationKnowledge.model_validate(RECORDS[name])

    def check(value):
        assert value not in (None, "", [], {})
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                check(inner)

    check(RECORDS[name])


@every_record
def test_a_record_is_the_same_drug_in_both_versions(name):
    for element in ("id", "code", "status", "text", "monograph", "regulatory", "productType"):
        assert RECORDS[name].get(element) == IN_R4[name].get(element)


@every_record
def test_each_clinical_use_is_contained_and_named_once(name):
    contained = RECORDS[name].get("contained", [])
    issues = [issue["reference"] for issue in RECORDS[name].get("clinicalUseIssue", [])]
    assert issues == [f"#{use['id']}" for use in contained]
    assert len(issues) == len(set(issues))
    for use in contained:
        kinds = {"contraindication", "warning", "interaction"} & set(use)
        assert kinds == {use["type"]}


@every_record
def test_the_boxed_warning_comes_first_and_is_that_of_the_label(name):
    boxed = drug_text.boxed_warning(BY_ID[name])
    found = [u["warning"] for u in uses(name, "warning") if "boxed" in u["warning"]["code"]["text"]]
    assert [w["description"] for w in found] == ([boxed] if boxed else [])
    if boxed:
        assert RECORDS[name]["contained"][0]["id"] == "boxed-warning"


@every_record
def test_contraindications_and_interactions_are_those_of_r4(name):
    said = [
        u["contraindication"]["diseaseSymptomProcedure"]["concept"]["text"]
        for u in uses(name, "contraindication")
    ]
    assert said == [issue["detail"] for issue in IN_R4[name].get("contained", [])]
    told = [u["interaction"]["effect"]["concept"]["text"] for u in uses(name, "interaction")]
    assert told == [fact.told for fact in BY_ID[name].interactions]


@every_record
def test_what_has_an_element_is_no_extension(name):
    names = {e["url"].rpartition("/")[2] for e in RECORDS[name]["extension"]}
    in_r4 = {e["url"].rpartition("/")[2] for e in IN_R4[name]["extension"]}
    assert names == in_r4 - {"boxed-warning", "warning", "interaction"}


@every_record
def test_each_use_of_a_label_has_its_guideline_with_the_doses_of_r4(name):
    said = [
        (g["indication"][0]["concept"], *(d.get("dosage") for d in g.get("dosingGuideline", [])))
        for g in RECORDS[name].get("indicationGuideline", [])
    ]
    expected = [
        (g["indicationCodeableConcept"], *([g.get("dosage")] if _dosed(g) else []))
        for g in IN_R4[name].get("administrationGuidelines", [])
    ]
    assert said == expected


def _dosed(guideline):
    return "dosage" in guideline or "patientCharacteristics" in guideline


@every_record
def test_it_is_intended_where_it_is_authorised(name):
    codings = [j.get("coding") for j in RECORDS[name].get("intendedJurisdiction", [])]
    codes = [c[0]["code"].lower() if c else "eu" for c in codings]
    assert codes == [str(j) for j in BY_ID[name].authorised_in]
    assert set(codes) <= set(Jurisdiction)


def search(**query):
    asked = {k.replace("_", "-") if k != "_id" else k: [v] for k, v in query.items()}
    return find_drugs(RECORDS.values(), asked, False)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"code": "L01FD04"},
        {"ingredient": "trastuzumab"},
        {"ingredient_code": "2267582"},
        {"classification": "L01FD01"},
        {"status": "active"},
    ],
)
def test_a_search_finds_the_same_drugs_as_in_r4(query):
    asked = {k.replace("_", "-"): [v] for k, v in query.items()}
    assert set(asked) <= set(PARAMETERS)
    expected = [r["id"] for r in find_drugs(IN_R4.values(), asked, False).resources]
    page = search(**query)
    assert [r["id"] for r in page.resources] == expected
    assert expected
    Bundle.model_validate(searchset(page, "http://localhost/fhir/r5/MedicationKnowledge"))


def test_the_status_has_the_code_system_of_r5():
    assert search(status="http://hl7.org/fhir/CodeSystem/medicationknowledge-status|active").total
    old = "http://terminology.hl7.org/CodeSystem/medicationknowledge-status|active"
    assert search(status=old).total == 0
