"""Our own terminology is looked up, expanded and translated, in R4 and R5."""

import pytest

from .conftest import BASE, CATEGORY, FHIR, LOINC, outcome, said


def test_a_code_is_looked_up(get, post):
    by_get = said(get("CodeSystem/$lookup", system=CATEGORY, code="low"))
    assert by_get["display"] == "HER2 negative; HER2-low"
    coding = {"name": "coding", "valueCoding": {"system": CATEGORY, "code": "low"}}
    assert said(post("CodeSystem/$lookup", coding)) == by_get


@pytest.mark.parametrize(
    "query",
    [
        {"system": LOINC, "code": "85319-2"},
        {"system": CATEGORY, "code": "blue"},
        {"system": CATEGORY, "version": "1999", "code": "low"},
        {"system": f"{BASE}/CodeSystem/her2-assessment", "code": "x"},
    ],
)
def test_what_is_not_ours_is_not_looked_up(get, query):
    answer = get("CodeSystem/$lookup", **query)
    assert answer.status_code == 404
    outcome(answer)


@pytest.mark.parametrize(
    "query", [{}, {"code": "low"}, {"system": CATEGORY}, {"code": "low", "colour": "red"}]
)
def test_a_look_up_without_a_whole_code_is_refused(get, query):
    answer = get("CodeSystem/$lookup", **query)
    assert answer.status_code == 400
    outcome(answer)


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ({"code": "low"}, True),
        ({"code": "LOW"}, False),
        ({"code": "blue"}, False),
        ({"code": "low", "display": "her2 negative; her2-low"}, True),
        ({"code": "low", "display": "HER2 positive"}, False),
    ],
)
def test_a_code_is_validated(get, query, result):
    for answer in (
        get("CodeSystem/$validate-code", url=CATEGORY, **query),
        get("CodeSystem/her2-category/$validate-code", **query),
        get("ValueSet/her2-category/$validate-code", system=CATEGORY, **query),
        get(
            "ValueSet/$validate-code",
            url=f"{BASE}/ValueSet/her2-category",
            system=CATEGORY,
            **query,
        ),
    ):
        assert said(answer)["result"] is result
        assert ("message" in said(answer)) is not result


def test_one_right_coding_of_a_concept_is_enough(post):
    codings = [{"system": LOINC, "code": "LA6577-6"}, {"system": CATEGORY, "code": "low"}]
    concept = {"name": "codeableConcept", "valueCodeableConcept": {"coding": codings}}
    assert said(post("CodeSystem/$validate-code", concept))["result"] is True
    assert said(post("ValueSet/her2-category/$validate-code", concept))["result"] is True
    assert said(post("ValueSet/her2-flag/$validate-code", concept))["result"] is False


def test_a_code_of_others_is_validated_where_we_list_it(get):
    path = "ValueSet/her2-ihc-tests/$validate-code"
    assert said(get(path, system=LOINC, code="85319-2"))["result"] is True
    assert said(get(path, system=LOINC, code="2160-0"))["result"] is False


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("CodeSystem/$validate-code", {"url": LOINC, "code": "85319-2"}),
        ("ValueSet/$validate-code", {"url": "http://x.example", "system": LOINC, "code": "x"}),
        ("ValueSet/$expand", {"url": "http://hl7.org/fhir/ValueSet/jurisdiction"}),
        ("ConceptMap/$translate", {"url": "http://x.example/map", "system": LOINC}),
    ],
)
def test_terminology_of_others_is_refused_never_called_false(get, release, path, query):
    if path.endswith("$translate"):
        query = {**query, "sourceCode" if release == "r5" else "code": "x"}
    answer = get(path, **query)
    assert answer.status_code == 404
    outcome(answer)


def test_a_value_set_is_expanded(get):
    whole = get("ValueSet/$expand", url=f"{BASE}/ValueSet/her2-plan-kind").json
    assert whole["expansion"]["total"] == len(whole["expansion"]["contains"]) == 5
    assert "compose" not in whole
    part = get("ValueSet/her2-plan-kind/$expand", filter="REVIEW").json["expansion"]
    assert [c["code"] for c in part["contains"]] == ["review-first"]
    page = get("ValueSet/her2-plan-kind/$expand", offset=3, count=1).json["expansion"]
    assert (page["total"], page["offset"], len(page["contains"])) == (5, 3, 1)


def test_a_value_set_of_listed_codes_is_expanded(get):
    found = get("ValueSet/her2-ihc-answers/$expand").json["expansion"]["contains"]
    assert ("http://loinc.org", "LA11842-4") in {(c["system"], c["code"]) for c in found}


def test_a_category_is_translated(get, release):
    name = "sourceCode" if release == "r5" else "code"
    relation = "relationship" if release == "r5" else "equivalence"
    found = said(get("ConceptMap/$translate", system=CATEGORY, **{name: "low"}))
    assert found["result"] is True
    same = [m["concept"]["code"] for m in found["match"] if m[relation] == "equivalent"]
    assert same == ["1381317004"]
    target = "targetSystem" if release == "r5" else "targetsystem"
    query = {name: "low", target: LOINC, "system": CATEGORY}
    path = "ConceptMap/her2-category-answers/$translate"
    assert [m["concept"]["code"] for m in said(get(path, **query))["match"]] == ["LA6577-6"]


def test_a_category_without_an_answer_has_no_match(get, release):
    name = "sourceCode" if release == "r5" else "code"
    query = {name: "not-applicable-in-situ", "system": CATEGORY}
    found = said(get("ConceptMap/$translate", **query))
    assert found["result"] is False
    assert found["message"]


def test_a_local_code_is_translated(get, release):
    name = "sourceCode" if release == "r5" else "code"
    query = {name: "IHC3", "system": "https://lab.example/codes"}
    (match,) = said(get("ConceptMap/$translate", **query))["match"]
    assert match["concept"] == {"system": LOINC, "code": "LA11843-2", "display": "3+"}


def test_a_code_of_a_system_without_a_map_is_refused(get, release):
    name = "sourceCode" if release == "r5" else "code"
    answer = get("ConceptMap/$translate", system="http://x.example", **{name: "1"})
    assert answer.status_code == 404
    outcome(answer)


def test_a_body_that_is_no_parameters_resource_is_refused(client, release):
    for body in ({"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": [7]}):
        answer = client.post(f"/fhir/{release}/ValueSet/$expand", json=body, headers=FHIR)
        assert answer.status_code == 400
        outcome(answer)
