"""A CodeSystem or ValueSet that is sent along: answered from, or refused with the reason."""

import pytest

from .conftest import BASE, CATEGORY, LOINC, outcome, said

COLOURS = "https://paint.example/colours"
SYSTEM = {
    "resourceType": "CodeSystem",
    "url": COLOURS,
    "version": "2",
    "name": "Colours",
    "title": "Colours",
    "status": "active",
    "content": "complete",
    "concept": [
        {
            "code": "Red",
            "display": "Red",
            "designation": [{"language": "de", "value": "Rot"}],
            "concept": [{"code": "pink", "display": "Pink"}],
        }
    ],
}
SOME = {"system": CATEGORY, "concept": [{"code": "low"}, {"code": "null", "display": "Nothing"}]}
TESTS = {"system": LOINC, "concept": [{"code": "85319-2", "display": "HER2 IHC"}]}
WHERE = "Parameters.parameter.where(name='{}').resource"
VALUE_SET = WHERE.format("valueSet")


def system_sent(**changed):
    return {"name": "codeSystem", "resource": {**SYSTEM, **changed}}


def set_sent(*include, **more):
    compose = {"include": list(include), **more}
    resource = {"resourceType": "ValueSet", "status": "draft", "compose": compose}
    return {"name": "valueSet", "resource": resource}


def coding(system, code, **more):
    return {"name": "coding", "valueCoding": {"system": system, "code": code, **more}}


def code(value):
    return {"name": "code", "valueCode": value}


def expanded(answer):
    assert answer.status_code == 200, answer.json
    return [c["code"] for c in answer.json["expansion"].get("contains", [])]


def faults(answer, status):
    """(code, expression) of each issue of a refusal."""
    assert answer.status_code == status, answer.json
    outcome(answer)
    return [(i["code"], *i.get("expression", ())) for i in answer.json["issue"]]


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (code("Red"), True),
        (code("pink"), True),
        (code("blue"), False),
        (coding(COLOURS, "Red", display="rot"), True),
        (coding(COLOURS, "Red", display="Green"), False),
        (coding(LOINC, "Red"), False),
    ],
)
def test_a_code_is_validated_in_a_code_system_that_is_sent(post, asked, result):
    assert said(post("CodeSystem/$validate-code", system_sent(), asked))["result"] is result


def test_case_matters_where_the_code_system_says_so(post):
    for exact, result in ((None, True), (False, True), (True, False)):
        changed = {} if exact is None else {"caseSensitive": exact}
        answer = post("CodeSystem/$validate-code", system_sent(**changed), code("red"))
        assert said(answer)["result"] is result


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"content": "fragment"}, ("not-supported", "content")),
        ({"content": "supplement", "supplements": LOINC}, ("not-supported", "content")),
        ({"concept": None}, ("required", "concept")),
        ({"url": None}, ("required", "url")),
    ],
)
def test_a_code_system_that_does_not_say_all_is_refused(post, changed, fault):
    sent = system_sent(**changed)
    sent["resource"] = {k: v for k, v in sent["resource"].items() if v is not None}
    kind, element = fault
    told = faults(post("CodeSystem/$validate-code", sent, code("blue")), 422)
    assert told == [(kind, f"{WHERE.format('codeSystem')}.{element}")]


def test_a_value_set_that_is_sent_is_expanded(get, post):
    answer = post("ValueSet/$expand", set_sent(SOME, TESTS))
    assert "compose" not in answer.json
    assert answer.json["expansion"]["contains"] == [
        {"system": CATEGORY, "code": "low", "display": "HER2 negative; HER2-low"},
        {"system": CATEGORY, "code": "null", "display": "Nothing"},
        {"system": LOINC, "code": "85319-2", "display": "HER2 IHC"},
    ]
    whole = expanded(get("ValueSet/her2-category/$expand"))
    assert expanded(post("ValueSet/$expand", set_sent({"system": CATEGORY}))) == whole
    without = post("ValueSet/$expand", set_sent({"system": CATEGORY}, exclude=[SOME]))
    assert expanded(without) == [c for c in whole if c not in ("low", "null")]


def test_what_a_value_set_of_ours_has_in_common_with_a_list_is_included(post):
    both = {**SOME, "valueSet": [f"{BASE}/ValueSet/her2-category"]}
    assert expanded(post("ValueSet/$expand", set_sent(both))) == ["low", "null"]
    none = {**TESTS, "valueSet": [f"{BASE}/ValueSet/her2-category"]}
    assert expanded(post("ValueSet/$expand", set_sent(none))) == []


def test_designations_are_there_when_they_are_asked_for(post):
    named = {"code": "x", "display": "X", "designation": [{"language": "de", "value": "Ix"}]}
    sent = set_sent({"system": COLOURS, "concept": [named]})
    asked = {"name": "includeDesignations", "valueBoolean": True}
    (plain,) = post("ValueSet/$expand", sent).json["expansion"]["contains"]
    (whole,) = post("ValueSet/$expand", sent, asked).json["expansion"]["contains"]
    assert whole == {**plain, "designation": named["designation"]}


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (coding(CATEGORY, "low"), True),
        (coding(CATEGORY, "null", display="Nothing"), True),
        (coding(CATEGORY, "null", display="Something"), False),
        (coding(CATEGORY, "positive"), False),
        (coding(LOINC, "85319-2"), True),
        (coding(LOINC, "2160-0"), False),
        (coding(COLOURS, "Red"), False),
    ],
)
def test_a_code_is_validated_in_a_value_set_that_is_sent(post, asked, result):
    answer = post("ValueSet/$validate-code", set_sent(SOME, TESTS), asked)
    assert said(answer)["result"] is result


@pytest.mark.parametrize("operation", ["$expand", "$validate-code"])
@pytest.mark.parametrize(
    ("include", "fault"),
    [
        ({"system": LOINC}, ("not-supported", "system")),
        (
            {"system": CATEGORY, "filter": [{"property": "concept", "op": "is-a", "value": "low"}]},
            ("not-supported", "filter"),
        ),
        ({"valueSet": ["http://x.example/vs"]}, ("not-supported", "valueSet[0]")),
        ({"system": CATEGORY, "version": "1999"}, ("not-supported", "version")),
        ({"system": f"{BASE}/CodeSystem/her2-assessment"}, ("not-supported", "system")),
        ({"system": CATEGORY, "concept": [{"code": "blue"}]}, ("code-invalid", "concept[0].code")),
        ({"concept": [{"code": "blue"}]}, ("required", "system")),
    ],
)
def test_what_we_do_not_hold_is_refused_never_called_false(post, operation, include, fault):
    asked = [coding(CATEGORY, "low")] if operation == "$validate-code" else []
    kind, element = fault
    for sent, place in (
        (set_sent(SOME, include), "include[1]"),
        (set_sent(SOME, exclude=[include]), "exclude[0]"),
    ):
        told = faults(post(f"ValueSet/{operation}", sent, *asked), 422)
        assert told == [(kind, f"{VALUE_SET}.compose.{place}.{element}")]


def test_every_fault_of_a_value_set_is_told(post):
    sent = set_sent({"system": LOINC}, SOME, {"system": COLOURS}, lockedDate="2020-01-01")
    assert len(faults(post("ValueSet/$expand", sent), 422)) == 3


def test_which_codes_of_others_are_active_is_not_known(post):
    active = {"name": "activeOnly", "valueBoolean": True}
    assert expanded(post("ValueSet/$expand", set_sent(SOME), active)) == ["low", "null"]
    place = f"{VALUE_SET}.compose.include[0].concept"
    assert faults(post("ValueSet/$expand", set_sent(TESTS), active), 422) == [
        ("not-supported", place)
    ]
    assert faults(post("ValueSet/$expand", set_sent(TESTS, inactive=False)), 422)


@pytest.mark.parametrize(
    "changed",
    [
        {"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}]},
        {"implicitRules": "http://x.example/rules"},
        {"compose": None},
    ],
)
def test_what_changes_the_meaning_of_a_value_set_is_refused(post, changed):
    sent = set_sent(SOME)
    sent["resource"] |= changed
    sent["resource"] = {k: v for k, v in sent["resource"].items() if v is not None}
    assert faults(post("ValueSet/$expand", sent), 422)[0][0] == "not-supported"


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "valueSet", "resource": {"resourceType": "ValueSet", "status": "draft", "x": 1}},
        {"name": "valueSet", "resource": {"resourceType": "ValueSet", "compose": {}}},
        {"name": "valueSet", "resource": SYSTEM},
        {"name": "valueSet", "valueString": "x"},
        {"name": "valueSet"},
    ],
)
def test_what_is_no_value_set_is_refused(post, sent):
    faults(post("ValueSet/$expand", sent), 400)


def test_what_is_sent_must_be_what_the_address_and_the_url_name(post):
    url = {"name": "url", "valueUri": COLOURS}
    path = "CodeSystem/$validate-code"
    assert said(post(path, system_sent(), url, code("Red")))["result"] is True
    other = {"name": "url", "valueUri": CATEGORY}
    faults(post(path, system_sent(), other, code("low")), 400)
    version = {"name": "version", "valueString": "1"}
    faults(post(path, system_sent(), version, code("Red")), 404)
    faults(post("CodeSystem/her2-category/$validate-code", system_sent(), code("low")), 400)


def test_a_definition_cannot_be_sent_in_a_query(get):
    answer = get("ValueSet/$expand", valueSet="{}")
    assert answer.status_code == 400
    outcome(answer)
