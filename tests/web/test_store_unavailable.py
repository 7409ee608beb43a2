"""A database that is not there, or not of this version: told, never as an absence of advice."""

import json
from io import StringIO

import pytest

from service.settings import Settings
from service.web.log import log_to
from service.wiring import create_app

from .conftest import ASSESS, FHIR, outcome

URLS = {
    "not upgraded": "sqlite://",
    "not there": "postgresql://someone:a-secret@127.0.0.1:1/none",
    "no such folder": "sqlite:////nowhere/at/all/her2.db",
}


@pytest.fixture(params=URLS.values(), ids=URLS)
def client(request):
    return create_app(Settings(database_url=request.param)).test_client()


def test_the_service_is_not_ready_and_says_why_without_an_address(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["status"] == "not ready"
    assert answer.json["reason"]
    assert not any(word in answer.text for word in ("a-secret", "127.0.0.1", "nowhere", "Trace"))


def test_a_database_that_was_not_upgraded_names_the_command():
    client = create_app(Settings(database_url=URLS["not upgraded"])).test_client()
    assert "her2 db upgrade" in client.get("/health/ready").json["reason"]


def test_the_process_lives(client):
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "Observation/1"),
        ("DELETE", "Observation/1"),
        ("GET", "Patient/1/$assess-her2"),
        ("POST", "Patient/1/$purge"),
        ("GET", "AuditEvent"),
        ("GET", "_history"),
    ],
)
def test_doors_that_need_it_say_that_it_will_pass(client, method, path):
    log = StringIO()
    log_to(log, "info")
    answer = client.open(f"/fhir/r4/{path}", method=method)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    issue = outcome(answer)
    assert (issue["code"], issue["severity"]) == ("transient", "error")
    line = log.getvalue()
    assert not any(word in answer.text + line for word in ("a-secret", "127.0.0.1", "nowhere"))
    assert json.loads(line)["store"]


def test_what_needs_no_record_is_answered(client):
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection"})
    assert client.post(ASSESS, data=bundle, headers=FHIR).status_code == 200
    assert client.get("/fhir/r4/MedicationKnowledge").status_code == 200
