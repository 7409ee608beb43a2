"""Definitions are read and searched, in R4 and R5."""

import pytest

from .conftest import CATEGORY, outcome


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
