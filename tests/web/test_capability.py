"""The CapabilityStatement of each FHIR version, compared with the routes both ways."""

import re

import pytest
from fhir.resources.capabilitystatement import CapabilityStatement as InR5
from fhir.resources.R4B.capabilitystatement import CapabilityStatement as InR4

from service.fhir.version import FhirVersion

from .conftest import FHIR, outcome

MODELS = {FhirVersion.R4: InR4, FhirVersion.R5: InR5}
INTERACTIONS = {
    "read": [("GET", "/{type}/<id>")],
    "search-type": [("GET", "/{type}"), ("POST", "/{type}/_search")],  # FHIR has the form with it
    "vread": [("GET", "/{type}/<id>/_history/<number>")],
    "history-instance": [("GET", "/{type}/<id>/_history")],
    "history-type": [("GET", "/{type}/_history")],
    "history-system": [("GET", "/_history")],
    "create": [("POST", "/{type}")],
    "update": [("PUT", "/{type}/<id>"), ("PUT", "/{type}")],  # the second one is conditional
    "delete": [("DELETE", "/{type}/<id>"), ("DELETE", "/{type}")],
    "transaction": [("POST", ""), ("POST", "/")],  # clients write the base either way
    "batch": [("POST", ""), ("POST", "/")],
}
#: An operation of a type is asked of the type or of one resource, in both ways.
OPERATION = [
    (method, f"/{{type}}{one}/${{name}}") for one in ("", "/<id>") for method in ("GET", "POST")
]
#: Operations of ours on one Patient alone.
ON_A_PATIENT = {
    "assess-her2": [(method, "/Patient/<id>/$assess-her2") for method in ("GET", "POST")],
    "purge": [("POST", "/Patient/<id>/$purge")],
}
#: About the answer, and not what FHIR calls search parameters; `_offset` is our own.
RESULTS = {"_count", "_offset", "_total", "_totalMethod", "_sort", "_summary", "_elements"}
RESULTS |= {"_include", "_revinclude"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=list(FhirVersion), ids=str)
def version(request):
    return request.param


@pytest.fixture
def rest(client, version):
    (said,) = client.get(f"{version.base}/metadata").json["rest"]
    return said


@pytest.fixture
def stated(rest):
    """(method, route below the base) of everything that is stated."""
    doors = {("GET", "/metadata")}
    doors |= {("POST", f"/${operation['name']}") for operation in rest["operation"]}
    for interaction in rest["interaction"]:
        doors |= set(INTERACTIONS[interaction["code"]])
    for resource in rest["resource"]:
        kind = resource["type"]
        for interaction in resource["interaction"]:
            doors |= {(m, p.format(type=kind)) for m, p in INTERACTIONS[interaction["code"]]}
        for named in resource.get("operation", ()):
            asked = ON_A_PATIENT[named["name"]] if kind == "Patient" else OPERATION
            doors |= {(m, p.format(type=kind, name=named["name"])) for m, p in asked}
    return doors


def supported(answer):
    """The names that a refusal of an unknown parameter gives."""
    assert answer.status_code == 400, answer.json
    (listed,) = re.findall(r"Supported: (.*)\.$", outcome(answer)["details"]["text"])
    return set(listed.split(", "))


def test_it_is_fhir(client, version):
    statement = client.get(f"{version.base}/metadata").json
    MODELS[version].model_validate(statement)
    assert statement["fhirVersion"] == version.number
    assert statement["kind"] == "instance"
    assert statement["date"] == "2026-11-22T12:00:00+00:00"
    assert statement["implementation"]["url"] == f"http://localhost{version.base}"


def test_it_states_just_the_routes_that_exist(app, version, stated):
    served = {
        (method, rule.rule.removeprefix(version.base))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD"}
        if f"{rule.rule}/".startswith(f"{version.base}/")
    }
    assert stated == served


def test_whatever_it_states_answers(client, version, stated):
    """Well, or with what is missing in the question: never that there is no such address."""
    ids = {}
    for kind in {path.split("/")[1] for _, path in stated if "<id>" in path}:
        first = client.get(f"{version.base}/{kind}?_count=1").json
        ids[kind] = first["entry"][0]["resource"]["id"] if "entry" in first else ""
    for method, path in stated:
        kind = path.split("/")[1] if path else ""
        known = "$" not in path and method == "GET" and ids.get(kind, "") != ""
        at = path.replace("<id>", ids.get(kind) or "nobody").replace("<number>", "1")
        headers = {} if method == "GET" else FORM if path.endswith("/_search") else FHIR
        answer = client.open(version.base + at, method=method, headers=headers)
        expected = (200,) if known or path.endswith("/_search") else (200, 204, 400, 404)
        assert answer.status_code in expected, (method, path)
        if answer.status_code != 204:
            assert "Nothing is at this address" not in answer.get_data(as_text=True), path
            assert answer.json["resourceType"], (method, path)


def test_each_operation_has_a_definition_and_our_own_are_served(client, version, rest):
    of_types = [
        (f"{resource['type']}-{operation['name']}", operation)
        for resource in rest["resource"]
        for operation in resource.get("operation", ())
    ]
    named = [*of_types, *((f"MessageHeader-{o['name']}", o) for o in rest["operation"])]
    theirs = [(n, o) for n, o in named if o["definition"].startswith("http://hl7.org/")]
    assert len(theirs) == 6
    for name, operation in theirs:
        assert operation["definition"] == f"http://hl7.org/fhir/OperationDefinition/{name}"
    ours = {o["definition"]: o for _, o in named if not o["definition"].startswith("http://hl7")}
    assert len(ours) == 2
    for url, operation in ours.items():
        found = client.get(f"{version.base}/OperationDefinition", query_string={"url": url}).json
        (entry,) = found["entry"]
        assert entry["resource"]["code"] == operation["name"]


def test_each_search_takes_just_the_parameters_that_are_stated(client, version, rest):
    for resource in rest["resource"]:
        address = f"{version.base}/{resource['type']}"
        stated = {parameter["name"]: parameter["type"] for parameter in resource["searchParam"]}
        for name, kind in stated.items():
            value = "2026-11-22" if kind == "date" else "x"
            assert client.get(f"{address}?{name}={value}").status_code == 200, (address, name)
        strict = {"Prefer": "handling=strict"}
        found = supported(client.get(f"{address}?colour=x", headers=strict))
        assert found - RESULTS == stated.keys(), address


def test_each_operation_refuses_a_parameter_that_it_does_not_take(client, version, rest):
    for resource in rest["resource"]:
        if resource["type"] == "Patient":  # asked of one whose record is kept
            continue
        for operation in resource.get("operation", ()):
            address = f"{version.base}/{resource['type']}/${operation['name']}"
            assert "colour" not in supported(client.get(f"{address}?colour=x"))


def test_each_stated_format_is_given(client, version):
    for name in client.get(f"{version.base}/metadata").json["format"]:
        answer = client.get(f"{version.base}/metadata", query_string={"_format": name})
        assert re.match(r"application/fhir\+json", answer.content_type)


def test_the_statement_among_the_definitions_says_what_this_instance_says(client, version, rest):
    found = client.get(f"{version.base}/CapabilityStatement?name:exact=Her2Service").json
    theirs = found["entry"][0]["resource"]
    MODELS[version].model_validate(theirs)
    (said,) = theirs["rest"]
    assert {**said, "security": None} == {**rest, "security": None}
    assert (theirs["kind"], theirs["fhirVersion"]) == ("requirements", version.number)
