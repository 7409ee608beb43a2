"""`/quarantine`: what a person sees of what could not be taken in, and what he may decide."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from service.settings import Settings
from service.usecases.exchange.desk import Arrival, State
from service.wiring import create_app
from tests.support.endpoint import Endpoint
from tests.support.sources import source_at

from .conftest import TOKEN, outcome

BROKEN = b'{"resourceType": "Observation", "note": "Ms. Invented"'


@pytest.fixture
def base(tmp_path):
    source = source_at("http://127.0.0.1:9/fhir")
    endpoint = Endpoint(f"sqlite:///{tmp_path / 'her2.db'}", sources=(source,))
    endpoint.store.desk.settle_in([("hapi", source.at.base, None)])
    yield endpoint
    endpoint.close()


@pytest.fixture
def client(base):
    return base.client()


@pytest.fixture
def number(client):
    """Of a delivery that could not be read."""
    sent = client.put("/notify/hapi/Observation/o1", data=BROKEN, content_type="application/json")
    assert sent.status_code == 204
    (only,) = client.get("/quarantine").json["quarantine"]
    return only["number"]


def dismiss(client, number, reason="sent by mistake"):
    return client.post(f"/quarantine/{number}/dismiss", json={"reason": reason})


def test_a_service_without_sources_has_nothing_in_quarantine(empty_record):
    client = create_app(Settings(database_url=empty_record)).test_client()
    assert client.get("/quarantine").json == {"quarantine": []}
    assert outcome(client.get("/quarantine/1"))["code"] == "not-found"


def test_the_list_says_what_came_and_why_it_was_not_read_and_nothing_of_its_content(client, number):
    answer = client.get("/quarantine")
    (only,) = answer.json["quarantine"]
    assert (only["source"], only["what"]) == ("hapi", "PUT Observation/o1")
    assert (only["state"], bool(only["reason"])) == ("quarantined", True)
    assert "Invented" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_is_shown_with_what_was_delivered(client, number):
    shown = client.get(f"/quarantine/{number}").json
    assert b64decode(shown["body"]) == BROKEN
    assert shown["text"] == BROKEN.decode()
    assert shown["contentType"] == "application/json"


def test_pages_follow_each_other_until_all_was_seen(base, client):
    many = [Arrival(None, state=State.QUARANTINED, method="POST") for _ in range(7)]
    base.store.desk.arrive("hapi", many, base.now)
    found, address = [], "/quarantine?source=hapi&_count=3"
    while address:
        page = client.get(address).json
        found.append([each["number"] for each in page["quarantine"]])
        address = page.get("next")
    assert list(map(len, found)) == [3, 3, 1]
    assert len({number for page in found for number in page}) == 7


def test_those_of_another_source_are_not_listed(client, number):
    assert client.get("/quarantine?source=another").json == {"quarantine": []}


@pytest.mark.parametrize("query", ["after=x", "_count=-1", "colour=red", "source=%00", "after=1.5"])
def test_a_query_that_cannot_be_answered_is_refused(client, query):
    answer = client.get(f"/quarantine?{query}")
    assert answer.status_code == 400
    assert outcome(answer)["details"]["text"]


def test_a_replay_of_what_still_cannot_be_read_says_so(client, number):
    answer = client.post(f"/quarantine/{number}/replay")
    assert (answer.status_code, answer.json["state"]) == (200, "quarantined")
    assert answer.json["reason"]


def test_what_was_dismissed_is_not_listed_any_more_and_can_still_be_shown(client, number):
    answer = dismiss(client, number)
    assert (answer.status_code, answer.json["state"]) == (200, "dismissed")
    assert client.get("/quarantine").json == {"quarantine": []}
    assert client.get(f"/quarantine/{number}").json["reason"].startswith("sent by mistake")


def test_what_was_decided_is_not_decided_again(client, number):
    dismiss(client, number)
    for answer in (dismiss(client, number), client.post(f"/quarantine/{number}/replay")):
        assert answer.status_code == 409
        assert "dismissed" in outcome(answer)["details"]["text"]


@pytest.mark.parametrize(
    "posted", [{}, {"reason": ""}, {"reason": 5}, [], "x", {"reason": "a\u0000b"}]
)
def test_a_dismissal_needs_a_reason(client, number, posted):
    answer = client.post(f"/quarantine/{number}/dismiss", json=posted)
    assert answer.status_code == 400
    assert outcome(answer)["expression"] == ["reason"]


def test_a_form_of_a_web_page_dismisses_nothing(client, number):
    sent = {"data": json.dumps({"reason": "x"}), "content_type": "text/plain"}
    assert client.post(f"/quarantine/{number}/dismiss", **sent).status_code == 415


@pytest.mark.parametrize("number", ["0", "999", "9" * 30, "x", "-1", "1.0", "%C2%B2"])
def test_any_other_number_is_not_found(client, number):
    assert client.get(f"/quarantine/{number}").status_code == 404
    assert client.post(f"/quarantine/{number}/replay").status_code == 404
    assert dismiss(client, number).status_code == 404


@pytest.mark.parametrize("number", ["1"])
def test_without_the_token_nothing_is_shown_or_decided(empty_record, number):
    client = create_app(Settings(api_token=TOKEN, database_url=empty_record)).test_client()
    assert client.get("/quarantine").status_code == 401
    assert client.get(f"/quarantine/{number}").status_code == 401
    assert client.post(f"/quarantine/{number}/replay").status_code == 401
    assert dismiss(client, number).status_code == 401


def test_other_methods_are_refused_with_what_is_allowed(client):
    answer = client.delete("/quarantine/1")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_without_the_database_it_says_503_and_never_an_empty_list():
    settings = Settings(
        database_url="postgresql://her2@127.0.0.1:1/none",
        sources=(source_at("http://127.0.0.1:9/fhir"),),
    )
    assert create_app(settings).test_client().get("/quarantine").status_code == 503
