"""What real clients send to the record, byte for byte where it is odd (tests/contract/clients)."""

from __future__ import annotations

import pytest

from service.adapters.store.schema import upgrade

from .conftest import FHIR

INVENTED = {
    "resourceType": "Patient",
    "identifier": [{"system": "https://hospital.example/mrn", "value": "INVENTED-odd"}],
}


@pytest.fixture(scope="module")
def empty_record(tmp_path_factory):
    """A database of this module's own: its tests keep what they send."""
    url = f"sqlite:///{tmp_path_factory.mktemp('clients') / 'her2.db'}"
    upgrade(url)
    return url


@pytest.fixture
def patient(client):
    """An invented Patient that is kept, with its id."""
    return client.post("/fhir/r4/Patient", json=INVENTED, headers=FHIR).json


def test_an_operation_by_post_may_have_a_media_type_and_no_body(client, patient):
    # fhir-kit-client: `operation` without `input`.
    answer = client.post(f"/fhir/r4/Patient/{patient['id']}/$assess-her2", headers=FHIR)
    assert (answer.status_code, answer.json["type"]) == (200, "collection")


@pytest.mark.parametrize(("method", "status"), [("PUT", "200 OK"), ("POST", "201 Created")])
def test_an_entry_without_an_address_is_about_its_resource(client, patient, method, status):
    # HAPI: `transaction().withResources(...)`, PUT for what has an id and POST for what has none.
    sent = {**patient, "active": True} if method == "PUT" else {"resourceType": "Patient"}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "total": 1,
        "entry": [{"resource": sent, "request": {"method": method}}],
    }
    answer = client.post("/fhir/r4", json=bundle, headers=FHIR)
    [entry] = answer.json["entry"]
    assert entry["response"]["status"] == status
    assert (patient["id"] in entry["response"]["location"]) is (method == "PUT")


@pytest.mark.parametrize(
    "asked", [{"method": "PUT"}, {"method": "GET"}, {"method": "GET", "url": ""}]
)
def test_an_entry_without_an_address_and_a_resource_is_refused(client, asked):
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": asked}],
    }
    answer = client.post("/fhir/r4", json=bundle, headers=FHIR)
    assert answer.status_code == 400
    assert answer.json["issue"][0]["expression"] == ["Bundle.entry[0].request"]


def test_a_count_in_the_words_of_another_server_is_told(client, patient):
    # fhirpy: `count` says how the total is to be found, which Aidbox alone asks for.
    answer = client.get(f"/fhir/r4/Patient?_id={patient['id']}&_count=0&_totalMethod=count")
    assert (answer.status_code, answer.json["total"]) == (200, 1)


@pytest.mark.parametrize("tag", ['W/"1"', "1"])
def test_a_read_of_what_is_known_is_not_modified(client, patient, tag):
    # fhirpy: `refresh` sends the bare version id.
    answer = client.get(f"/fhir/r4/Patient/{patient['id']}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.get_data()) == (304, b"")
