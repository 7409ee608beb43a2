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
}
#: An operation of a type is asked of the type or of one resource, in both ways.
OPERATION = [
    (method, f"/{{type}}{one}/${{name}}") for one in ("", "/<id>") for method in ("GET", "POST")
]
PAGING = {"_count", "_offset"}  # ours, and not what FHIR calls search parameters
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
    for resource in rest["resource"]:
        kind = resource["type"]
        for interaction in resource["interaction"]:
            doors |= {(m, p.format(type=kind)) for m, p in INTERACTIONS[interaction["code"]]}
        for named in resource.get("operation", ()):
            doors |= {(m, p.format(type=kind, name=named["name"])) for m, p in OPERATION}
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
        if rule.rule.startswith(f"{version.base}/")
    }
    assert stated == served


def test_whatever_it_states_answers(client, version, stated):
    """Well, or with what is missing in the question: never that there is no such address."""
    ids = {}
    for kind in {path.split("/")[1] for _, path in stated if "<id>" in path}:
        first = client.get(f"{version.base}/{kind}?_count=1").json
        ids[kind] = first["entry"][0]["resource"]["id"]
    for method, path in stated:
        address = version.base + path.replace("<id>", ids.get(path.split("/")[1], ""))
        sent = {"headers": FORM if path.endswith("/_search") else FHIR} if method == "POST" else {}
        answer = client.open(address, method=method, **sent)
        assert answer.status_code in ((200, 400) if "$" in path else (200,)), (method, path)
        assert answer.json["resourceType"], (method, path)


def test_each_operation_has_a_definition_and_our_own_is_served(client, version, rest):
    named = [
        (f"{resource['type']}-{operation['name']}", operation["definition"])
        for resource in rest["resource"]
        for operation in resource.get("operation", ())
    ]
    assert len(named) == 5
    for name, definition in named:
        assert definition == f"http://hl7.org/fhir/OperationDefinition/{name}"
    (ours,) = rest["operation"]
    assert ours["definition"] == "https://her2.example/fhir/OperationDefinition/assess-her2"
    (entry,) = client.get(
        f"{version.base}/OperationDefinition", query_string={"url": ours["definition"]}
    ).json["entry"]
    assert entry["resource"]["code"] == ours["name"]


def test_each_search_takes_just_the_parameters_that_are_stated(client, version, rest):
    for resource in rest["resource"]:
        address = f"{version.base}/{resource['type']}"
        names = {parameter["name"] for parameter in resource["searchParam"]}
        for name in names:
            assert client.get(f"{address}?{name}=x").status_code == 200, (address, name)
        strict = {"Prefer": "handling=strict"}
        assert supported(client.get(f"{address}?colour=x", headers=strict)) == names | PAGING


def test_each_operation_refuses_a_parameter_that_it_does_not_take(client, version, rest):
    for resource in rest["resource"]:
        for operation in resource.get("operation", ()):
            address = f"{version.base}/{resource['type']}/${operation['name']}"
            assert "colour" not in supported(client.get(f"{address}?colour=x"))


def test_each_stated_format_is_given(client, version):
    for name in client.get(f"{version.base}/metadata").json["format"]:
        answer = client.get(f"{version.base}/metadata", query_string={"_format": name})
        assert re.match(r"application/fhir\+json", answer.content_type)
