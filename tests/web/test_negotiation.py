import json

import pytest

from .conftest import ASSESS, outcome

BUNDLE = json.dumps({"resourceType": "Bundle", "type": "collection"})
DRUGS = "/fhir/r4/MedicationKnowledge"
OURS = "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize(
    "name",
    [
        "application/fhir+json",
        "application/json",
        "application/json+fhir",
        "text/json",
        "Application/FHIR+JSON",
        "application/fhir+json; charset=UTF-8",
        'application/fhir+json; charset="utf-8"',
        "application/fhir+json;fhirVersion=4.0",
        "application/fhir+json; fhirVersion=4.0.1; charset=utf-8",
        "application/fhir+json; fhirVersion=4.3",
        "application/fhir+json; fhirVersion=4.3.0",
    ],
)
def test_json_is_read_under_each_name_that_clients_send(client, calls, name):
    answer = client.post(ASSESS, data=BUNDLE, headers={"Content-Type": name})
    assert answer.status_code == 200
    assert answer.content_type == OURS
    assert calls[0][0]["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("application/fhir+xml", "XML"),
        ("text/xml", "XML"),
        ("application/x-www-form-urlencoded", "media type"),
        ("text/plain", "media type"),
        ("not a type at all", "media type"),
        ("application/fhir+json; charset=iso-8859-1", "UTF-8"),
        ("application/fhir+json; charset=utf-16", "UTF-8"),
        ("application/fhir+json; fhirVersion=5.0", "/fhir/r5"),
        ("application/fhir+json; fhirVersion=3.0", "/fhir/r4"),
        ("application/fhir+json; fhirVersion=latest", "/fhir/r4"),
    ],
)
def test_another_body_is_refused_with_the_way_to_send_it(client, calls, name, word):
    answer = client.post(ASSESS, data=BUNDLE, headers={"Content-Type": name})
    assert answer.status_code == 415
    assert word in outcome(answer)["details"]["text"]
    assert not calls


def test_a_body_without_a_content_type_is_refused(client, calls):
    answer = client.post(ASSESS, data=BUNDLE)
    assert answer.status_code == 415
    assert "Content-Type" in outcome(answer)["details"]["text"]


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/fhir+json",
        "application/json",
        "application/json+fhir",
        "text/json",
        "application/fhir+json;q=1.0, application/json+fhir;q=0.9",
        "application/fhir+xml, application/fhir+json;q=0.5",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/json;q=0, */*",
        "application/fhir+json;q=0, application/json",
        "application/fhir+json; fhirVersion=5.0, application/fhir+json; q=0.2",
    ],
)
def test_json_is_given_to_whoever_takes_it_under_any_name(client, accept):
    answer = client.get(DRUGS, headers={} if accept is None else {"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, OURS)


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json;q=0",
        "*/*;q=0",
        "application/fhir+json;q=0, */*",
        "application/fhir+json;q=0, application/*;q=0.3",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; fhirVersion=3.0",
    ],
)
def test_whoever_excludes_json_is_told_what_there_is(client, calls, accept):
    answer = client.get(DRUGS, headers={"Accept": accept})
    assert answer.status_code == 406
    assert outcome(answer)["code"] == "not-supported"
    posted = client.post(ASSESS, json={}, headers={"Accept": accept})
    assert posted.status_code == 406
    assert not calls


@pytest.mark.parametrize(("asked", "echoed"), [("4.0", "4.0"), ("4.0.1", "4.0"), ("4.3", "4.3")])
def test_a_fhir_version_asked_for_is_echoed(client, asked, echoed):
    answer = client.get(DRUGS, headers={"Accept": f"application/fhir+json; fhirVersion={asked}"})
    assert answer.content_type == f"{OURS}; fhirVersion={echoed}"


@pytest.mark.parametrize(
    "asked",
    ["json", "application/fhir%2Bjson", "application/fhir+json", "application/json", "text/json"],
)
def test_format_overrides_accept(client, asked):
    answer = client.get(f"{DRUGS}?_format={asked}", headers={"Accept": "application/fhir+xml"})
    assert (answer.status_code, answer.content_type) == (200, OURS)


@pytest.mark.parametrize("asked", ["xml", "application/fhir%2Bxml", "ttl", "html", "%00"])
def test_a_format_that_is_not_written_is_refused_even_where_accept_allows_json(client, asked):
    answer = client.get(f"{DRUGS}?_format={asked}", headers={"Accept": "application/fhir+json"})
    assert answer.status_code == 406
    outcome(answer)


def test_format_is_no_parameter_of_the_assessment(client, calls):
    answer = client.post(f"{ASSESS}?_format=json&as-of=2026-01-02", json={})
    assert answer.status_code == 200
    assert calls[0][1].query == {"as-of": ["2026-01-02"]}


def test_accept_charset_is_not_heard(client):
    assert client.get(DRUGS, headers={"Accept-Charset": "iso-8859-1"}).status_code == 200


@pytest.mark.parametrize(
    ("prefer", "lenient"),
    [
        ("handling=lenient", True),
        ('HANDLING="Lenient"', True),
        ("return=minimal, handling=lenient", True),
        ("return=minimal; handling=lenient", True),
        ("handling=lenient; wait=5", True),
        ("handling=strict, handling=lenient", False),
        ("handling=strict", False),
        ("handling", False),
        ("lenient", False),
        ('handling="lenient', False),
        ("", False),
    ],
)
def test_handling_is_read_from_prefer(client, calls, prefer, lenient):
    client.post(ASSESS, json={}, headers={"Prefer": prefer})
    assert calls[0][1].lenient is lenient
