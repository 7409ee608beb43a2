"""The doors of /fhir/r5 are those of /fhir/r4."""

import json
import re

import pytest
from fhir.resources.capabilitystatement import CapabilityStatement
from fhir.resources.operationoutcome import OperationOutcome

from service.fhir.version import FhirVersion
from service.settings import Settings
from service.wiring import create_app

from .conftest import TOKEN, outcome

BASE = "/fhir/r5"
ASSESS = f"{BASE}/$assess-her2"
DRUGS = f"{BASE}/MedicationKnowledge"
BUNDLE = json.dumps({"resourceType": "Bundle", "type": "collection"})
OURS = "application/fhir+json; charset=utf-8"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_each_route_is_there_in_both_versions(app):
    served = {
        base: {
            (method, rule.rule.removeprefix(base))
            for rule in app.url_map.iter_rules()
            for method in rule.methods
            if rule.rule.startswith(base)
        }
        for base in ("/fhir/r4", BASE)
    }
    assert ("POST", "/$assess-her2") in served[BASE]
    assert ("GET", "/MedicationKnowledge/<id>") in served[BASE]
    assert served[BASE] == served["/fhir/r4"]


def test_the_capability_statement_is_r5(client):
    said = client.get(f"{BASE}/metadata").json
    CapabilityStatement.model_validate(said)
    assert said["fhirVersion"] == "5.0.0"
    assert said["implementation"]["url"] == "http://localhost/fhir/r5"


def test_metadata_is_open_where_a_token_is_needed():
    client = create_app(Settings(api_token=TOKEN)).test_client()
    assert client.get(f"{BASE}/metadata").status_code == 200
    assert client.get(DRUGS).status_code == 401


def test_the_use_case_is_told_the_version(client, monkeypatch):
    told = []

    def assess(posted, caller, library, house, version):
        told.append(version)
        return {"resourceType": "Bundle", "type": "collection"}

    monkeypatch.setattr("service.web.operations.assess", assess)
    for version in FhirVersion:
        sent = {"Content-Type": "application/fhir+json"}
        answer = client.post(f"{version.base}/$assess-her2", data=BUNDLE, headers=sent)
        assert answer.status_code == 200
    assert told == list(FhirVersion)


@pytest.mark.parametrize("version", ["5.0", "5.0.0"])
def test_a_body_and_an_answer_of_r5_are_named_so(client, calls, version):
    name = f"application/fhir+json; fhirVersion={version}"
    answer = client.post(ASSESS, data=BUNDLE, headers={"Content-Type": name, "Accept": name})
    assert (answer.status_code, answer.content_type) == (200, f"{OURS}; fhirVersion=5.0")
    assert calls


@pytest.mark.parametrize(
    ("base", "version", "word"),
    [
        (BASE, "4.0", "/fhir/r4"),
        (BASE, "4.0.1", "/fhir/r4"),
        (BASE, "4.3", "/fhir/r4"),
        ("/fhir/r4", "5.0", "/fhir/r5"),
        ("/fhir/r4", "5.0.0", "/fhir/r5"),
        (BASE, "3.0", "no address"),
    ],
)
def test_the_other_version_is_refused_with_its_base(client, calls, base, version, word):
    name = f"application/fhir+json; fhirVersion={version}"
    path = f"{base}/$assess-her2"
    body = client.post(path, data=BUNDLE, headers={"Content-Type": name})
    assert body.status_code == 415
    assert word in outcome(body)["details"]["text"]
    OperationOutcome.model_validate(body.json)
    for asked in ({"headers": {"Accept": name}}, {"query_string": {"_format": name}}):
        answer = client.get(f"{base}/MedicationKnowledge", **asked)
        assert answer.status_code == 406
        assert word in outcome(answer)["details"]["text"]
    assert not calls


def test_drug_records_are_read_and_searched_in_r5(client):
    page = client.get(f"{DRUGS}?code=L01FD04").json
    (entry,) = page["entry"]
    assert entry["fullUrl"].startswith(f"http://localhost{DRUGS}/")
    assert "clinicalUseIssue" in entry["resource"]
    assert page["link"][0]["url"].startswith(f"http://localhost{DRUGS}?")
    read = client.get(f"{DRUGS}/{entry['resource']['id']}")
    assert read.json == entry["resource"]
    form = client.post(f"{DRUGS}/_search", data="code=L01FD04&_format=json", headers=FORM)
    assert form.json["entry"] == page["entry"]


def test_a_refusal_of_r5_is_an_outcome(client):
    answer = client.post(ASSESS, data="{}", headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == 400
    outcome(answer)
    OperationOutcome.model_validate(answer.json)
    assert re.search(r"/fhir/r5/metadata", outcome(client.get(f"{BASE}/no"))["details"]["text"])
