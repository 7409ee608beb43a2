import pytest

from service.core.errors import NotFhir
from service.fhir.parameters import parameters, parts, read_parameters, value

TAKES = {"code": "code", "active": "boolean", "count": "integer", "coding": "Coding"}


def posted(*listed):
    return {"resourceType": "Parameters", "parameter": list(listed)}


def faults(query, body=None):
    with pytest.raises(NotFhir) as caught:
        read_parameters(TAKES, query, body)
    return [(fault.code, fault.where) for fault in caught.value.faults]


def test_a_query_is_read_by_the_types_of_its_parameters():
    query = {"code": ["low"], "active": ["true"], "count": ["10"]}
    assert read_parameters(TAKES, query) == {"code": "low", "active": True, "count": 10}


def test_a_posted_resource_says_the_same():
    body = posted(
        {"name": "code", "valueCode": "low"},
        {"name": "active", "valueBoolean": False},
        {"name": "count", "valueInteger": 0},
        {"name": "coding", "valueCoding": {"code": "low"}},
    )
    said = {"code": "low", "active": False, "count": 0, "coding": {"code": "low"}}
    assert read_parameters(TAKES, {}, body) == said


def test_a_code_may_be_sent_as_another_kind_of_string():
    body = posted({"name": "code", "valueString": "low"})
    assert read_parameters(TAKES, {}, body) == {"code": "low"}


@pytest.mark.parametrize(
    "query",
    [
        {"code": [""]},
        {"code": ["a", "b"]},
        {"active": ["yes"]},
        {"count": ["-1"]},
        {"count": ["1.5"]},
        {"coding": ["x"]},
    ],
)
def test_a_value_of_another_kind_is_refused_in_a_query(query):
    assert faults(query) == [("value", "")]


@pytest.mark.parametrize(
    "one",
    [
        {"name": "code", "valueBoolean": True},
        {"name": "code", "valueCode": ""},
        {"name": "code", "valueCode": "a", "valueString": "a"},
        {"name": "code"},
        {"name": "count", "valueInteger": True},
        {"name": "count", "valueDecimal": 1},
        {"name": "coding", "valueCode": "x"},
        {"name": "coding", "resource": {"resourceType": "Patient"}},
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(one):
    assert faults({}, posted(one)) == [("value", "Parameters.parameter[0]")]


def test_all_faults_are_told_together():
    body = posted({"name": "colour", "valueCode": "red"}, {"valueCode": "x"}, None)
    assert faults({"shade": ["1"]}, body) == [
        ("not-supported", ""),
        ("not-supported", "Parameters.parameter[0]"),
        ("required", "Parameters.parameter[1]"),
        ("required", "Parameters.parameter[2]"),
    ]


@pytest.mark.parametrize(
    "body",
    [[], "x", {}, {"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": 1}],
)
def test_what_is_no_parameters_resource_is_refused(body):
    assert len(faults({}, body)) == 1


def test_nothing_is_written_for_what_there_is_not_to_say():
    said = parameters(value("result", "Boolean", False), value("message", "String", ""))
    assert said["parameter"] == [{"name": "result", "valueBoolean": False}]
    assert parts("match", None)["part"] == []
