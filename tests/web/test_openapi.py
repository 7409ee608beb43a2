"""The OpenAPI description, compared with the routes and with the CapabilityStatement."""

import re

import pytest

from service.fhir.version import FhirVersion
from service.settings import Settings
from service.wiring import create_app

from .conftest import TOKEN


@pytest.fixture
def described(client):
    return client.get("/openapi.json").json


def test_it_describes_just_the_routes_that_exist(app, described):
    said = {(path, method) for path, item in described["paths"].items() for method in item}
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD"}
    }
    assert said == served


def test_each_search_has_the_parameters_of_the_capability_statement(client, described):
    for version in FhirVersion:
        (rest,) = client.get(f"{version.base}/metadata").json["rest"]
        for resource in rest["resource"]:
            search = described["paths"][f"{version.base}/{resource['type']}"]["get"]
            names = {p["name"] for p in search["parameters"] if "name" in p}
            assert names >= {p["name"] for p in resource["searchParam"]}


def test_each_reference_in_it_leads_to_a_component(client, described):
    for where, name in set(
        re.findall(r'"#/components/(\w+)/(\w+)"', client.get("/openapi.json").text)
    ):
        assert name in described["components"][where]


def test_each_variable_of_a_path_is_a_parameter(described):
    shared = described["components"]["parameters"]
    for path, item in described["paths"].items():
        for operation in item.values():
            names = [
                p["$ref"].rpartition("/")[2] for p in operation.get("parameters", ()) if "$ref" in p
            ]
            in_path = {shared[name]["name"] for name in names if shared[name]["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))


def test_the_root_names_it(client):
    assert client.get("/").json["openapi"] == "/openapi.json"


def test_without_a_token_configured_it_asks_for_none(described):
    assert described["security"] == []
    assert "securitySchemes" not in described["components"]


def test_with_a_token_configured_it_says_so_and_is_read_without(empty_record):
    client = create_app(Settings(api_token=TOKEN, database_url=empty_record)).test_client()
    said = client.get("/openapi.json").json
    assert said["security"] == [{"token": []}]
    assert said["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    assert said["paths"]["/fhir/r4/metadata"]["get"]["security"] == []
    assert "security" not in said["paths"]["/fhir/r4/Patient"]["get"]
    assert TOKEN not in str(said)
