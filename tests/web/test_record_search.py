"""The doors of a search over a record that is held in memory."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.bundle import Bundle
from flask import Blueprint, Flask, g, request

from service.fhir.json import encode
from service.fhir.version import FhirVersion
from service.usecases.record.kept import KEPT
from service.usecases.record.port import Found, Method, Version
from service.web import errors
from service.web.answer import negotiate
from service.web.parts import Parts
from service.web.record_search import search_capability, search_doors

FORM = "application/x-www-form-urlencoded"
PLAIN = Parts(
    library=None,
    house=None,
    clock=None,
    max_body_bytes=2048,
    store=None,
    recording=None,
    tradings={},
)


class Record:
    """Holds one Observation, and notes what it is asked."""

    def __init__(self):
        self.asked = []

    @contextmanager
    def reading(self):
        yield self

    def find(self, query):
        self.asked.append(query)
        body = encode({"resourceType": "Observation", "status": "final", "code": {"text": "x"}})
        then = datetime(2026, 11, 22, tzinfo=UTC)
        held = Version("Observation", "o", 1, query.release, then, Method.PUT, "", body)
        return Found([held], 1, False)


@pytest.fixture
def record():
    return Record()


@pytest.fixture
def client(record):
    app = Flask(__name__)
    app.before_request(lambda: setattr(g, "log_fields", {}))
    errors.register(app, PLAIN.max_body_bytes)
    for version in FhirVersion:
        doors = Blueprint(f"search-{version}", __name__, url_prefix=version.base)
        doors.before_request(lambda version=version: negotiate(request, version))
        search_doors(doors, "Observation", replace(PLAIN, store=record), version)
        app.register_blueprint(doors)
    return app.test_client()


def test_a_search_by_address_answers_a_bundle(client):
    answer = client.get("/fhir/r4/Observation?status=final&_format=json&_pretty=true")
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    Bundle.model_validate(answer.json)
    [link] = answer.json["link"]
    assert link["url"] == "http://localhost/fhir/r4/Observation?status=final&_count=50"
    [entry] = answer.json["entry"]
    assert entry["fullUrl"] == "http://localhost/fhir/r4/Observation/o"


def test_a_search_by_form_is_the_same_search(client, record):
    form = client.post("/fhir/r4/Observation/_search", data="status=final", content_type=FORM)
    assert form.json == client.get("/fhir/r4/Observation?status=final").json
    both = "/fhir/r4/Observation/_search?code=x"
    client.post(both, data="status=final", content_type=FORM)
    assert [c.names for c in record.asked[-1].clauses] == [("code",), ("status",)]


def test_each_base_searches_its_own_version(client, record):
    client.get("/fhir/r5/Observation")
    assert record.asked[-1].release is FhirVersion.R5


def test_our_own_address_in_a_reference_is_known(client, record):
    client.get("/fhir/r4/Observation?subject=http://localhost/fhir/r4/Patient/1")
    [clause] = record.asked[-1].clauses
    assert clause.any_of[0].value == "Patient/1"


def test_an_answer_that_the_caller_has_is_not_sent_again(client):
    tag = client.get("/fhir/r4/Observation").headers["ETag"]
    assert client.get("/fhir/r4/Observation", headers={"If-None-Match": tag}).status_code == 304


def test_an_unknown_parameter_is_refused(client, record):
    answer = client.get("/fhir/r4/Observation?colour=red")
    assert answer.status_code == 400
    assert answer.json["resourceType"] == "OperationOutcome"
    assert record.asked == []


def test_an_unknown_parameter_is_ignored_and_told_to_a_lenient_caller(client):
    lenient = {"Prefer": "handling=lenient"}
    answer = client.get("/fhir/r4/Observation?colour=red", headers=lenient).json
    assert "colour" not in answer["link"][0]["url"]
    assert [e["search"]["mode"] for e in answer["entry"]] == ["match", "outcome"]


@pytest.mark.parametrize("version", FhirVersion)
@pytest.mark.parametrize("kind", KEPT)
def test_what_can_be_searched_is_told(kind, version):
    said = search_capability(kind, version)
    types = {p["name"]: p["type"] for p in said["searchParam"]}
    assert types["_profile"] == ("uri" if version is FhirVersion.R4 else "reference")
    assert set(types.values()) <= {"token", "date", "reference", "string", "uri"}
    assert "Provenance:target" in said["searchRevInclude"]
    assert all(name == "*" or name.startswith(f"{kind}:") for name in said["searchInclude"])
    assert all(p["documentation"] for p in said["searchParam"])
