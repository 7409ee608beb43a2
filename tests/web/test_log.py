import json
import logging

import pytest

from .conftest import ASSESS

NAME = "Wilhelmina-Testperson"


@pytest.fixture
def lines(client, caplog):
    """A function that gives the parsed lines written so far."""
    caplog.set_level(logging.INFO, "her2")
    return lambda: [json.loads(record.message) for record in caplog.records]


def test_a_request_is_one_line_with_its_route(client, lines):
    client.get("/fhir/r4/MedicationKnowledge/nobody-knows", headers={"X-Request-Id": "r.1_a-B"})
    (line,) = lines()
    assert line["route"] == "/fhir/r4/MedicationKnowledge/<id>"
    assert (line["method"], line["status"], line["request_id"]) == ("GET", 404, "r.1_a-B")
    assert line["milliseconds"] >= 0
    assert line["faults"] == ["not-found"]


def test_nothing_that_was_sent_is_in_a_line(client, calls, lines, caplog):
    client.get(f"/fhir/r4/MedicationKnowledge/{NAME}?code={NAME}", headers={"User-Agent": NAME})
    client.get(f"/{NAME}", headers={"X-Request-Id": f"{NAME} {NAME}"})
    client.post(f"{ASSESS}?as-of={NAME}", json={"name": NAME})
    client.open("/", method=f"{NAME}")
    assert len(lines()) == 4
    assert NAME not in caplog.text


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "a\x1b[1m", "é", "a,b"])
def test_an_odd_request_id_is_replaced(client, sent):
    given = client.get("/health/live", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert given != sent
    assert len(given) == 36


def test_the_rules_met_and_the_outcome_are_in_the_line(client, lines, monkeypatch):
    answer = {
        "resourceType": "Bundle",
        "entry": [
            {
                "coding": [
                    {"system": "https://her2.example/fhir/CodeSystem/her2-rule", "code": "ih-3"}
                ]
            },
            {"coding": [{"system": "https://x/CodeSystem/her2-category", "code": "positive"}]},
            {"coding": [{"system": "https://x/CodeSystem/her2-edition", "code": "asco-cap-2018"}]},
        ],
    }
    monkeypatch.setattr("service.web.operations.assess", lambda *_: answer)
    client.post(ASSESS, json={})
    (line,) = lines()
    assert line["editions"] == ["asco-cap-2018"]
    assert (line["rules"], line["categories"], line["plans"]) == (["ih-3"], ["positive"], [])
