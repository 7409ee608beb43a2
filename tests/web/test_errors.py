import json
import logging

import pytest

from service.core.errors import Fault, RequestRefused
from service.web import operations
from service.web.errors import STATUS
from service.web.log import OneLineEach

from .conftest import ASSESS, outcome

NAME = "Wilhelmina-Testperson"


def every_kind(kind=RequestRefused):
    return [kind] + [leaf for each in kind.__subclasses__() for leaf in every_kind(each)]


def refusing(monkeypatch, error):
    def assess(*_):
        raise error

    monkeypatch.setattr(operations, "assess", assess)


def test_each_refusal_of_the_tree_has_its_status():
    assert set(every_kind()) - {RequestRefused} == set(STATUS)


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_a_refusal_leaves_as_one_outcome_with_every_fault(client, monkeypatch, kind, status):
    faults = Fault("value", "One.", "Bundle.entry[3].resource.value"), Fault("required", "Two.")
    refusing(monkeypatch, kind(*faults))
    answer = client.post(ASSESS, json={})
    assert answer.status_code == status
    assert outcome(answer)["expression"] == ["Bundle.entry[3].resource.value"]
    assert [issue["code"] for issue in answer.json["issue"]] == ["value", "required"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/nope", "/fhir", "/fhir/r4/Nothing", "/fhir/r4/Nothing/1", "/%00"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO"])
def test_an_unknown_address_is_an_outcome_whatever_the_method(client, path, method):
    answer = client.open(path, method=method)
    assert answer.status_code == 404
    assert outcome(answer)["code"] == "not-found"


@pytest.mark.parametrize("base", ["/fhir/r4", "/fhir/r5"])
def test_an_unknown_address_names_the_metadata_of_its_base(client, base):
    assert f"{base}/metadata" in outcome(client.get(f"{base}/Nothing"))["details"]["text"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"])
def test_the_operation_is_asked_for_by_post(client, method):
    answer = client.open(ASSESS, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert outcome(answer)["code"] == "not-supported"


def test_head_of_an_unknown_address_has_the_headers_alone(client):
    answer = client.head("/nope")
    assert (answer.status_code, answer.get_data()) == (404, b"")
    assert answer.content_type == "application/fhir+json; charset=utf-8"


def test_the_operation_is_found_with_its_dollar_escaped(client, calls):
    assert client.post("/fhir/r4/%24assess-her2", json={}).status_code == 200


def test_no_address_redirects(client):
    for path in ("/fhir/r4/metadata/", "/fhir/r4/MedicationKnowledge/", "/health/live/"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "body", [b"{", b"", b"nul", b"\xff\xfe", b"[" * 2000, b'{"a":NaN}', b"\0", b'"\xed\xa0\x80"']
)
def test_what_is_not_json_is_400(client, body):
    answer = client.post(ASSESS, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert outcome(answer)["code"] in ("structure", "required")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "a b\tc"},
        {"Host": "-" * 300},
        {"Content-Length": "many"},
        {"Content-Length": "-1"},
        {"Accept": '"'},
        {"Accept": "application/json;q=nan"},
        {"Prefer": '="\\'},
        {"Authorization": "Basic %%%"},
        {"If-None-Match": '"'},
        {"If-Modified-Since": "yesterday"},
        {"Range": "bytes=5-"},
        {"Cookie": "=;=\x80"},
        {"X-Forwarded-Host": "x y"},
    ],
)
@pytest.mark.parametrize("path", ["/fhir/r4/metadata", "/fhir/r4/MedicationKnowledge", "/nope"])
def test_no_header_makes_the_service_fail(client, headers, path):
    for method in ("GET", "POST"):
        answer = client.open(path, method=method, headers=headers)
        assert answer.status_code < 500
        assert "html" not in answer.content_type


def test_a_mistake_of_ours_is_an_outcome_that_quotes_nothing(client, monkeypatch, caplog):
    refusing(monkeypatch, KeyError(NAME))
    with caplog.at_level(logging.INFO, "her2"):
        answer = client.post(ASSESS, json={"name": NAME}, headers={"X-Request-Id": "abc-1"})
    assert answer.status_code == 500
    assert outcome(answer)["code"] == "exception"
    assert "abc-1" in outcome(answer)["details"]["text"]
    assert NAME not in answer.text
    assert NAME not in caplog.text
    line = json.loads(caplog.records[-1].message)
    assert line["failed"] == "KeyError"
    assert any(frame.startswith("service/web/operations.py:") for frame in line["at"])


def test_even_a_failure_of_the_framework_is_an_outcome():
    def broken(environ, start):
        raise RuntimeError(NAME)

    started = []
    app = OneLineEach(broken)
    (body,) = app({"REQUEST_METHOD": "GET"}, lambda *said: started.append(said))
    assert started[0][0].startswith("500")
    assert json.loads(body)["issue"][0]["severity"] == "fatal"
