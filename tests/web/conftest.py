"""The web doors over the shipped knowledge; the use case is real unless a test replaces it."""

import json
from datetime import UTC, datetime

import pytest
from fhir.resources import get_fhir_model_class as r5_model
from fhir.resources.R4B import get_fhir_model_class as r4_model

from service.adapters.store.schema import upgrade
from service.settings import Settings
from service.web import operations
from service.wiring import create_app

ASSESS = "/fhir/r4/$assess-her2"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "a-token-of-thirty-two-characters"
BASE = "https://her2.example/fhir"
CATEGORY = f"{BASE}/CodeSystem/her2-category"
LOINC = "http://loinc.org"
FHIR = {"Content-Type": "application/fhir+json"}
MODELS = {"r4": r4_model, "r5": r5_model}


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory):
    """The URL of a database that nothing is kept in."""
    url = f"sqlite:///{tmp_path_factory.mktemp('record') / 'her2.db'}"
    upgrade(url)
    return url


@pytest.fixture
def app(empty_record):
    settings = Settings(max_body_bytes=2048, database_url=empty_record)
    return create_app(settings, clock=lambda: NOON)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def calls(monkeypatch):
    """What reached the use case, as (posted, caller); it answers with an empty Bundle."""
    reached = []

    def assess(posted, caller, library, house, version):
        reached.append((posted, caller))
        return {"resourceType": "Bundle", "type": "collection"}

    monkeypatch.setattr(operations, "assess", assess)
    return reached


def outcome(response):
    """The OperationOutcome's one issue; fails where the answer is anything else."""
    assert response.content_type == "application/fhir+json; charset=utf-8"
    said = json.loads(response.get_data())
    assert said["resourceType"] == "OperationOutcome"
    assert said["issue"]
    assert all(issue["details"]["text"] for issue in said["issue"])
    return said["issue"][0]


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
    """The answer to a POST of these parameters, checked against the release's models."""

    def ask(path, *listed):
        body = {"resourceType": "Parameters", "parameter": list(listed)}
        answer = client.post(f"/fhir/{release}/{path}", json=body, headers=FHIR)
        MODELS[release](answer.json["resourceType"]).model_validate(answer.json)
        return answer

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
