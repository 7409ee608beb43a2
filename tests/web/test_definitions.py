"""Definitions are read and searched, and our own terminology is answered, in R4 and R5."""

import pytest
from fhir.resources import get_fhir_model_class as r5_model
from fhir.resources.R4B import get_fhir_model_class as r4_model

from .conftest import outcome

BASE = "https://her2.example/fhir"
CATEGORY = f"{BASE}/CodeSystem/her2-category"
LOINC = "http://loinc.org"
MODELS = {"r4": r4_model, "r5": r5_model}
FHIR = {"Content-Type": "application/fhir+json"}


@pytest.fixture(params=["r4", "r5"])
def release(request):
    return request.param


@pytest.fixture
def get(client, release):
    """The answer to a GET below the release's base, checked against the release's models."""

    def ask(path, **query):
        answer = client.get(f"/fhir/{release}/{path}", query_string=query)
        kind = answer.json["resourceType"]
        MODELS[release](kind).model_validate(answer.json)
        return answer

    return ask


@pytest.fixture
def post(client, release):
    def ask(path, *listed):
        body = {"resourceType": "Parameters", "parameter": list(listed)}
        return client.post(f"/fhir/{release}/{path}", json=body, headers=FHIR)

    return ask


def said(answer):
    """Name -> value of a Parameters answer; the parts of a repeated one as a list."""
    assert answer.status_code == 200, answer.json
    found = {}
    for one in answer.json["parameter"]:
        if "part" in one:
            parts = {p["name"]: next(v for k, v in p.items() if k != "name") for p in one["part"]}
            found.setdefault(one["name"], []).append(parts)
        else:
            found[one["name"]] = next(v for k, v in one.items() if k != "name")
    return found


def ids(answer):
    return [entry["resource"]["id"] for entry in answer.json.get("entry", ())]


@pytest.mark.parametrize(
    "path",
    [
        "CodeSystem/her2-category",
        "ValueSet/her2-ihc-tests",
        "ConceptMap/local-lab",
        "PlanDefinition/thp",
        "ActivityDefinition/work-up-w3",
        "Library/therapy",
        "Library/guideline-asco-cap-2018",
        "OperationDefinition/assess-her2",
    ],
)
def test_a_definition_is_read_by_its_id(get, path):
    answer = get(path)
    assert answer.status_code == 200
    assert f"{answer.json['resourceType']}/{answer.json['id']}" == path
    assert answer.headers["ETag"].startswith('W/"')


def test_an_unknown_definition_is_not_found(get):
    answer = get("CodeSystem/colours")
    assert answer.status_code == 404
    assert outcome(answer)["code"] == "not-found"


@pytest.mark.parametrize(
    ("kind", "query", "found"),
    [
        ("CodeSystem", {"url": CATEGORY}, ["her2-category"]),
        ("CodeSystem", {"url": CATEGORY, "version": "1999"}, []),
        ("CodeSystem", {"_id": "her2-flag,her2-rule"}, ["her2-flag", "her2-rule"]),
        ("PlanDefinition", {"name": "her2THP"}, ["thp-neo", "thp"]),
        ("PlanDefinition", {"name:exact": "Her2Thp"}, ["thp"]),
        ("PlanDefinition", {"title:contains": "tucatinib + trastuzumab + cape"}, ["her2climb"]),
        ("Library", {"status": "active", "version": "2018.1"}, ["guideline-asco-cap-2018"]),
        ("Library", {"status": "retired"}, []),
    ],
)
def test_definitions_are_found(get, kind, query, found):
    answer = get(kind, **query)
    assert answer.json["type"] == "searchset"
    assert answer.json["total"] == len(found)
    assert sorted(ids(answer)) == sorted(found)


def test_a_search_goes_page_by_page(get, client):
    first = get("PlanDefinition", _count=20)
    links = {link["relation"]: link["url"] for link in first.json["link"]}
    second = client.get(links["next"])
    assert len(ids(first)) == 20
    assert not set(ids(first)) & set(ids(second))


def test_a_search_by_form_is_the_search_by_address(client, release):
    path = f"/fhir/{release}/Library"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    posted = client.post(f"{path}/_search", data="status=active", headers=form).json
    assert posted["entry"] == client.get(f"{path}?status=active").json["entry"]


def test_an_unknown_parameter_is_refused_when_strict_and_left_out_when_lenient(client, release):
    path = f"/fhir/{release}/CodeSystem?colour=red"
    assert client.get(path).status_code == 400
    lenient = client.get(path, headers={"Prefer": "handling=lenient"})
    assert lenient.status_code == 200
    assert "colour" not in lenient.json["link"][0]["url"]
    modes = [entry["search"]["mode"] for entry in lenient.json["entry"]]
    assert modes.count("outcome") == 1


@pytest.mark.parametrize("query", [{"name:above": "x"}, {"url": ""}, {"_count": "many"}])
def test_a_search_that_cannot_be_read_is_refused(get, query):
    answer = get("CodeSystem", **query)
    assert answer.status_code == 400
    outcome(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_definitions_are_read_only(client, release, method):
    answer = client.open(f"/fhir/{release}/CodeSystem/her2-flag", method=method)
    assert answer.status_code == 405
    outcome(answer)


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
