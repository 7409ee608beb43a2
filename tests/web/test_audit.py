"""The doors of the audit log and of a purge: what they take, and what they refuse."""

import pytest

from .conftest import FHIR, outcome

READ_ONLY = "/fhir/{release}/AuditEvent/1"


def test_an_empty_log_is_an_empty_searchset(get):
    said = get("AuditEvent").json
    assert (said["type"], said["total"]) == ("searchset", 0)
    assert "entry" not in said


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["AuditEvent/1", "AuditEvent"])
def test_nobody_changes_the_log(client, release, method, path):
    answer = client.open(f"/fhir/{release}/{path}", method=method, json={}, headers=FHIR)
    assert answer.status_code == 405
    assert outcome(answer)["code"] == "not-supported"
    assert "GET" in answer.headers["Allow"]


def test_nobody_adds_to_the_log(client, release):
    event = {"resourceType": "AuditEvent"}
    assert client.post(f"/fhir/{release}/AuditEvent", json=event).status_code == 405


def test_an_unknown_event_is_not_found(client, release):
    answer = client.get(f"/fhir/{release}/AuditEvent/none")
    assert answer.status_code == 404
    assert outcome(answer)["code"] == "not-found"


@pytest.mark.parametrize(
    "query",
    ["foo=1", "date=noon", "patient=", "_count=x", "_sort=agent", "patient:exact=1", "agent=1"],
)
def test_what_cannot_be_searched_is_refused(client, release, query):
    answer = client.get(f"/fhir/{release}/AuditEvent?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in outcome(answer)["details"]["text"]


def test_a_lenient_caller_is_told_what_was_ignored(client, release):
    answer = client.get(
        f"/fhir/{release}/AuditEvent?foo=1&action=C", headers={"Prefer": "handling=lenient"}
    )
    [entry] = answer.json["entry"]
    assert entry["search"] == {"mode": "outcome"}
    assert answer.json["link"][0]["url"].endswith("/AuditEvent?action=C&_count=50")


def test_the_log_is_searched_by_form_too(client, release):
    answer = client.post(f"/fhir/{release}/AuditEvent/_search", data={"action": "C"})
    assert answer.json["total"] == 0


def test_each_version_has_its_own_name_for_the_interaction(client):
    assert client.get("/fhir/r4/AuditEvent?subtype=create").status_code == 200
    assert client.get("/fhir/r5/AuditEvent?code=create").status_code == 200
    assert client.get("/fhir/r4/AuditEvent?code=create").status_code == 400
    assert client.get("/fhir/r5/AuditEvent?subtype=create").status_code == 400


def purge(client, release, **sent):
    return client.post(f"/fhir/{release}/Patient/1/$purge", **sent)


def test_a_purge_of_nobody_is_not_found_with_or_without_empty_parameters(client, release):
    empty = {"resourceType": "Parameters"}
    for sent in ({}, {"json": empty, "headers": FHIR}):
        answer = purge(client, release, **sent)
        assert answer.status_code == 404
        assert outcome(answer)["code"] == "not-found"


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Parameters", "parameter": [{"name": "dry-run", "valueBoolean": True}]},
        {"resourceType": "Patient"},
        [],
    ],
)
def test_a_purge_that_asks_for_anything_else_is_refused(client, release, body):
    assert purge(client, release, json=body, headers=FHIR).status_code == 400


def test_a_purge_with_a_query_is_refused(client, release):
    assert client.post(f"/fhir/{release}/Patient/1/$purge?dry-run=true").status_code == 400


def test_a_purge_is_never_a_get(client, release):
    assert client.get(f"/fhir/{release}/Patient/1/$purge").status_code == 405
