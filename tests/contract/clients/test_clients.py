"""Five clients that others wrote keep, change, search and assess a record at the real service."""

from __future__ import annotations

import time

import pytest

from tests.contract.clients import programs, python_fhirclient, python_fhirpy
from tests.contract.clients.story import DAY, STEPS, Client, given
from tests.support.server import running

CLIENTS: dict[str, Client] = {
    "fhirclient": python_fhirclient.play,
    "fhirpy": python_fhirpy.play,
    "fhir-kit-client": programs.fhir_kit_client,
    "medplum": programs.medplum,
    "hapi": programs.hapi,
}


#: Client and FHIR version; those that have no types of their own speak both.
PLAYED = [(name, "r4") for name in CLIENTS] + [("fhirpy", "r5"), ("fhir-kit-client", "r5")]
VERSIONS = {"r4": "4.0.1", "r5": "5.0.0"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The address of the service with its two bases below, over an empty database."""
    folder = tmp_path_factory.mktemp("clients")
    with running(folder / "log", HER2_DATABASE_URL=f"sqlite:///{folder / 'her2.db'}") as port:
        yield f"http://127.0.0.1:{port}/fhir"


@pytest.fixture(scope="module", params=PLAYED, ids="-".join)
def played(request):
    """Which client plays, and at which base."""
    return request.param


@pytest.fixture(scope="module")
def told(played, service, tell):
    """Step -> what the client says of it."""
    name, release = played
    begun = time.monotonic()
    told = dict(CLIENTS[name](f"{service}/{release}", given("-".join(played))))
    tell(f"{name} at {release}: {len(told)} steps in {time.monotonic() - begun:.1f} s")
    return told


def version(resource):
    return resource["meta"]["versionId"]


def resources(bundle):
    return [entry["resource"] for entry in bundle["entry"]]


def codes(concepts, system):
    """The codes of ours in these concepts."""
    known = f"https://her2.example/fhir/CodeSystem/{system}"
    return {c["code"] for one in concepts for c in one.get("coding", []) if c["system"] == known}


def categories(found):
    """The HER2 categories that Observations say."""
    concepts = [r["valueCodeableConcept"] for r in found if "valueCodeableConcept" in r]
    return codes(concepts, "her2-category")


def plan(found):
    """The one plan among CarePlans, which may have options besides; its kinds."""
    [plan] = [r for r in found if codes(r["category"], "her2-plan-kind")]
    return plan, codes(plan["category"], "her2-plan-kind")


def responses(bundle):
    return [entry["response"] for entry in bundle["entry"]]


def test_every_step_is_told(told):
    assert list(told) == list(STEPS)


def test_the_client_knows_the_fhir_version_of_the_service(told, played):
    assert told["metadata"]["resourceType"] == "CapabilityStatement"
    assert told["metadata"]["fhirVersion"] == VERSIONS[played[1]]


def test_what_was_created_is_read(told):
    assert told["created"]["id"]
    assert version(told["created"]) == "1"
    assert told["read"] == told["created"]


def test_an_update_gives_version_2(told):
    assert told["updated"]["id"] == told["created"]["id"]
    assert version(told["updated"]) == "2"
    assert told["updated"]["gender"] == "female"


def test_a_conditional_update_finds_the_patient_by_its_identifier(told):
    assert told["upserted"]["id"] == told["created"]["id"]
    assert version(told["upserted"]) == "3"
    assert told["upserted"]["gender"] == "other"


def test_the_first_version_is_read_as_it_was(told):
    assert told["first"] == told["created"]


def test_the_history_has_every_version(told):
    assert [version(one) for one in told["history"]] == ["3", "2", "1"]
    assert told["history"][-1] == told["created"]


def test_the_same_conditional_create_twice_gives_one_resource(told):
    assert told["twice"] == told["once"]
    assert version(told["once"]) == "1"
    assert told["found"] == [told["once"]]


def test_a_transaction_creates_patient_tissue_and_result(told):
    said = responses(told["waiting"])
    assert [one["status"][:3] for one in said] == ["201", "201", "201"]
    kinds = [one["location"].split("/")[0] for one in said]
    assert kinds == ["Patient", "Specimen", "Observation"]


def test_a_later_transaction_finds_patient_and_tissue_again(told):
    said = responses(told["amplified"])
    assert [one["status"][:3] for one in said] == ["200", "200", "201", "201"]
    before = responses(told["waiting"])
    assert [o["location"] for o in said[:2]] == [o["location"] for o in before[:2]]


def test_ihc_2_plus_waits_for_ish(told):
    assert categories(resources(told["pending"])) == {"equivocal-pending"}
    _, kinds = plan(told["plan"])
    assert kinds == {"testing-only"}


def test_an_amplified_ish_makes_it_positive(told):
    assert categories(resources(told["positive"])) == {"positive"}


def test_the_category_found_by_search_is_the_new_one(told):
    assert categories(told["categories"]) == {"positive"}
    assert {version(one) for one in told["categories"]} == {"2"}
    assert {one["effectiveDateTime"] for one in told["categories"]} == {DAY}


def test_the_plan_found_by_search_is_the_new_one(told):
    before, _ = plan(told["plan"])
    after, kinds = plan(told["plans"])
    assert after["id"] == before["id"]
    assert (version(before), version(after)) == ("1", "2")
    assert "testing-only" not in kinds


def test_paging_meets_every_observation_once(told):
    met = [one["id"] for one in told["paged"]]
    sent = [*responses(told["waiting"]), *responses(told["amplified"])]
    results = {o["location"].split("/")[1] for o in sent if o["location"].startswith("Obs")}
    assert len(met) == len(set(met))
    assert set(met) >= results | {one["id"] for one in told["categories"]}


def test_counting_tells_how_many_there_are(told):
    assert told["counted"] == len(told["paged"])


def test_a_batch_reads_and_searches_at_once(told):
    patient, found = told["batched"]
    assert f"Patient/{patient['id']}/_history/1" == responses(told["waiting"])[0]["location"]
    assert found["total"] == told["counted"]
    assert {one["id"] for one in resources(found)} == {one["id"] for one in told["paged"]}


def test_a_deleted_patient_is_gone(told):
    assert [issue["code"] for issue in told["gone"]["issue"]] == ["deleted"]


def test_a_refusal_says_what_is_wrong_and_where(told):
    [issue] = told["refused"]["issue"]
    assert issue["severity"] == "error"
    assert issue["expression"] == ["Observation.value"]
