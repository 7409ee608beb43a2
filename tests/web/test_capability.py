import re

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from service.usecases.drug_search import PARAMETERS
from service.web.capability import SEARCH_PARAMETERS

INTERACTIONS = {
    "read": ("GET", "/fhir/r4/{type}/<id>"),
    "search-type": ("GET", "/fhir/r4/{type}"),
}
SEARCH_BY_FORM = ("POST", "/fhir/r4/{type}/_search")  # told by search-type, as FHIR has it


def doors_of(kind, operation):
    """The routes of an operation on a type: FHIR's own are on one resource too, but $lookup."""
    ends = ["", "/<id>"] if operation["name"] != "lookup" else [""]
    for end in ends:
        for method in ("GET", "POST"):
            yield method, f"/fhir/r4/{kind}{end}/${operation['name']}"


@pytest.fixture
def statement(client):
    return client.get("/fhir/r4/metadata").json


def test_it_is_fhir(statement):
    CapabilityStatement.model_validate(statement)
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["kind"] == "instance"
    assert statement["date"] == "2026-11-22T12:00:00+00:00"
    assert statement["implementation"]["url"] == "http://localhost/fhir/r4"


def test_it_states_just_the_routes_that_exist(app, statement):
    (rest,) = statement["rest"]
    stated = {("GET", "/fhir/r4/metadata")}
    stated |= {("POST", f"/fhir/r4/${operation['name']}") for operation in rest["operation"]}
    for resource in rest["resource"]:
        codes = {interaction["code"] for interaction in resource["interaction"]}
        doors = [INTERACTIONS[code] for code in codes]
        if "search-type" in codes:
            doors.append(SEARCH_BY_FORM)
        stated |= {(method, path.format(type=resource["type"])) for method, path in doors}
        for operation in resource.get("operation", ()):
            stated |= set(doors_of(resource["type"], operation))
    served = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD"}
        if rule.rule.startswith("/fhir/r4")
    }
    assert stated == served


def test_each_stated_search_parameter_is_known_to_the_search(client, statement):
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            answer = client.get(f"/fhir/r4/{resource['type']}?{parameter['name']}=x")
            assert answer.status_code == 200, parameter


def test_the_search_knows_no_parameter_that_is_not_stated():
    assert set(SEARCH_PARAMETERS) == set(PARAMETERS) - {"_count", "_offset"}


def test_the_operation_is_defined_under_the_canonical_base(statement):
    (operation,) = statement["rest"][0]["operation"]
    assert operation["definition"] == "https://her2.example/fhir/OperationDefinition/assess-her2"


def test_each_stated_format_is_given(client, statement):
    for name in statement["format"]:
        answer = client.get("/fhir/r4/metadata", query_string={"_format": name})
        assert re.match(r"application/fhir\+json", answer.content_type)
