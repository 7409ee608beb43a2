"""What `$validate-code` and its like take: codes, codings, concepts, displays and versions."""

import pytest

from .conftest import BASE, CATEGORY, LOINC, outcome, said

VERSION = "2026.05"
LOW = "HER2 negative; HER2-low"
OF_SYSTEM = "CodeSystem/her2-category/$validate-code"
OF_SET = "ValueSet/her2-category/$validate-code"
IHC = "ValueSet/her2-ihc-tests/$validate-code"


def coding(**parts):
    return {"name": "coding", "valueCoding": {"system": CATEGORY, "code": "low", **parts}}


def concept(*codings):
    return {"name": "codeableConcept", "valueCodeableConcept": {"coding": list(codings)}}


@pytest.mark.parametrize("path", [OF_SYSTEM, OF_SET])
def test_a_wrong_display_is_an_error_and_the_right_one_is_told(post, path):
    answer = said(post(path, coding(display="HER2 positive")))
    assert answer["result"] is False
    assert "another display" in answer["message"]
    assert answer["display"] == LOW
    assert said(post(path, coding(display=LOW.upper())))["result"] is True


def test_a_display_of_a_code_system_that_is_not_ours_is_not_called_wrong(get):
    answer = said(get(IHC, system=LOINC, code="85319-2", display="Her2 IHC"))
    assert answer["result"] is True
    assert "could not be checked" in answer["message"]
    known = "HER2 [Presence] in Breast cancer specimen by Immune stain"
    assert answer["display"] == known
    assert "message" not in said(get(IHC, system=LOINC, code="85319-2", display=known))


@pytest.mark.parametrize("path", [OF_SYSTEM, OF_SET, "CodeSystem/$lookup"])
def test_a_version_that_is_not_here_is_refused_never_called_false(post, path):
    assert post(path, coding(version=VERSION)).status_code == 200
    for code in ("low", "blue"):
        answer = post(path, coding(version="1999", code=code))
        assert answer.status_code == 404
        assert outcome(answer)["code"] == "not-found"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (OF_SYSTEM, "version"),
        ("CodeSystem/her2-category/$lookup", "version"),
        (OF_SET, "valueSetVersion"),
        (OF_SET, "systemVersion"),
        ("ConceptMap/her2-category-answers/$translate", "version"),
    ],
)
def test_a_version_beside_a_code_is_minded(client, release, path, name):
    query = {"code": "low", "system": CATEGORY}
    if "translate" in path and release == "r5":
        query["sourceCode"] = query.pop("code")
    if path == OF_SYSTEM:
        del query["system"]
    for version, status in ((VERSION, 200), ("1999", 404)):
        answer = client.get(f"/fhir/{release}/{path}", query_string={**query, name: version})
        assert answer.status_code == status, answer.json


def test_one_right_coding_is_enough_beside_one_of_another_version(post):
    right, other = {"system": CATEGORY, "code": "low"}, {"system": CATEGORY, "code": "low"}
    other["version"] = "1999"
    assert said(post(OF_SET, concept(other, right)))["result"] is True
    assert post(OF_SET, concept(other)).status_code == 404


def test_r5_says_which_code_was_validated_and_r4_does_not(get, post, release):
    told = said(get(OF_SYSTEM, code="low"))
    more = {"code": "low", "system": CATEGORY, "version": VERSION}
    assert told == {"result": True, "display": LOW, **(more if release == "r5" else {})}
    of_concept = said(post(OF_SET, concept({"system": CATEGORY, "code": "low"})))
    assert ("codeableConcept" in of_concept) is (release == "r5")


def test_a_code_without_its_system_is_inferred_in_r5_only(client, release):
    path = f"/fhir/{release}/ValueSet/her2-ihc-answers/$validate-code"
    for code, result in (("LA6577-6", True), ("260385009", True), ("blue", False)):
        answer = client.get(path, query_string={"code": code, "inferSystem": "true"})
        assert answer.status_code == (200 if release == "r5" else 400)
        if release == "r5":
            assert said(answer)["result"] is result
    assert client.get(path, query_string={"code": "LA6577-6"}).status_code == 400


@pytest.mark.parametrize("by", ["GET", "POST"])
def test_a_code_is_looked_up_in_one_code_system(get, post, by):
    path = "CodeSystem/her2-category/$lookup"
    code = {"name": "code", "valueCode": "low"}
    answer = get(path, code="low") if by == "GET" else post(path, code)
    assert said(answer)["display"] == LOW


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (OF_SYSTEM, [coding(), {"name": "code", "valueCode": "low"}]),
        (OF_SYSTEM, [coding(), {"name": "display", "valueString": LOW}]),
        (OF_SYSTEM, [{"name": "url", "valueUri": f"{BASE}/CodeSystem/her2-flag"}, coding()]),
        (OF_SYSTEM, [coding(code=7)]),
        (OF_SYSTEM, [coding(), {"name": "abstract", "valueBoolean": True}]),
        (OF_SET, [coding(), {"name": "colour", "valueString": "red"}]),
        ("CodeSystem/her2-flag/$lookup", [coding()]),
        ("ValueSet/$validate-code", [coding()]),
        ("ValueSet/her2-category/$expand", [{"name": "count", "valueInteger": -1}]),
    ],
)
def test_what_cannot_be_meant_is_refused(post, path, sent):
    answer = post(path, *sent)
    assert answer.status_code == 400
    outcome(answer)


def test_a_coding_of_another_code_system_is_not_in_it(post):
    other = {"name": "coding", "valueCoding": {"system": LOINC, "code": "low"}}
    assert said(post(OF_SYSTEM, other))["result"] is False
    assert said(post(OF_SET, other))["result"] is False
