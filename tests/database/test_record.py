"""Evidence that is kept: what follows from it stands for as long as it does, and no longer."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.endpoint import content, fresh
from tests.support.evidence import bundle, condition, copies, ihc, patient, ratio, specimen


def plan_of(endpoint, reference="Patient/anna"):
    """The patient's plans that stand, options left out: kind of plan by id."""
    plans = [r for r in endpoint.derived(reference).values() if r["resourceType"] == "CarePlan"]
    return [
        c["code"]
        for plan in plans
        if "partOf" not in plan
        for category in plan["category"]
        for c in category["coding"]
        if c["system"].endswith("her2-plan-kind")
    ]


def evidence(*resources):
    """What stands, as the endpoint reads it back."""
    return [patient(), specimen(), condition(), *resources]


def test_what_is_derived_is_what_a_fresh_assessment_says(endpoint):
    for resource in evidence(ihc("2+"), ratio(Decimal("2.50"))):
        assert endpoint.put(resource).status_code == 201
    assert content(endpoint.derived("Patient/anna")) == fresh(
        evidence(ihc("2+"), ratio(Decimal("2.50")))
    )


def test_numbers_are_read_back_digit_by_digit(endpoint):
    sent = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},'
        b'"subject":{"reference":"Patient/anna"},"valueQuantity":{"value":2.50}}'
    )
    endpoint.call("PUT", "Observation/o", sent)
    assert b'"value":2.50}' in endpoint.call("GET", "Observation/o").get_data()


def test_a_plan_goes_from_testing_to_more_when_the_missing_result_arrives(endpoint):
    endpoint.put(patient())
    endpoint.put(ihc("2+"))
    assert plan_of(endpoint) == ["testing-only"]
    endpoint.put(ratio(Decimal("2.50")))
    endpoint.put(copies(Decimal("6.5")))
    assert plan_of(endpoint) == ["clarify"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_evidence_that_is_withdrawn_takes_its_plan_with_it(endpoint, status):
    endpoint.put(ihc("3+"))
    [plan] = [r for r in endpoint.derived("Patient/anna") if r.startswith("CarePlan/")]
    endpoint.put(ihc("3+", status=status))
    assert not [r for r in endpoint.derived("Patient/anna") if not r.startswith("Provenance/")]
    said = endpoint.read(plan)
    assert said["status"] == "revoked"
    assert f"Observation/anna-85319-2 is now version 2, {status}" in said["note"][0]["text"]
    assert said["title"].startswith("Suggestion - requires clinician review: withdrawn: HER2 pos")


def test_deleted_evidence_takes_its_plan_with_it_and_its_return_brings_it_back(endpoint):
    endpoint.put(ihc("3+"))
    before = content(endpoint.derived("Patient/anna"))
    assert endpoint.call("DELETE", "Observation/anna-85319-2").status_code == 204
    assert content(endpoint.derived("Patient/anna")) == {}
    assert endpoint.call("GET", "Observation/anna-85319-2").status_code == 410
    assert endpoint.put(ihc("3+")).status_code == 201
    assert content(endpoint.derived("Patient/anna")) == before


def test_a_correction_gives_new_versions_and_the_old_ones_stay_in_the_history(endpoint):
    endpoint.put(ihc("3+"))
    endpoint.now += timedelta(days=1)
    endpoint.put(ihc("1+", status="corrected"))
    [plan] = [r for r in endpoint.derived("Patient/anna") if r.startswith("CarePlan/")]
    statuses = [e["resource"]["text"]["div"] for e in endpoint.history(plan)]
    assert len(statuses) == 2
    assert statuses[0] != statuses[1]


def test_the_same_again_is_no_new_version(endpoint):
    first = endpoint.put(ihc("3+"))
    again = endpoint.put(
        {**ihc("3+"), "meta": {"versionId": "9", "lastUpdated": "2026-01-01T00:00:00Z"}}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["ETag"] == 'W/"1"'
    assert len(endpoint.history()) == 5


def test_the_same_result_created_twice_is_one(endpoint):
    one = {k: v for k, v in ihc("3+").items() if k != "id"}
    first, second = endpoint.create(one), endpoint.create(one)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["Location"] == second.headers["Location"]


def test_what_came_in_on_another_day_is_what_was_said_then(endpoint):
    endpoint.put(ihc("3+"))
    endpoint.now += timedelta(days=10)
    endpoint.put(ihc("1+", status="corrected"))
    for day, category in (("2026-11-25", "positive"), ("2026-12-02", "low")):
        said = endpoint.read(f"Patient/anna/$assess-her2?as-of={day}")
        summary = [
            e["resource"]
            for e in said["entry"]
            if "her2-patient-summary" in str(e["resource"].get("meta"))
        ]
        assert summary[0]["valueCodeableConcept"]["coding"][0]["code"] == category


def test_a_record_loaded_late_answers_for_its_own_time_and_says_so(endpoint):
    endpoint.put(ihc("3+", when="2025-03-01"))
    said = endpoint.read("Patient/anna/$assess-her2?as-of=2025-06-01")
    told = [i["details"]["text"] for e in said["entry"] for i in e["resource"].get("issue", [])]
    assert any("came in after the assessment day" in text for text in told)
    assert "positive" in str(said)


def test_results_of_a_patient_known_by_an_identifier_join_him_when_he_comes(endpoint):
    identifier = patient()["identifier"][0]
    by_identifier = {**ihc("3+"), "subject": {"identifier": identifier}}
    endpoint.put(by_identifier)
    alone = f"identifier|{identifier['system']}|{identifier['value']}"
    assert content(endpoint.derived(alone))
    endpoint.put(patient())
    assert not content(endpoint.derived(alone))
    assert content(endpoint.derived("Patient/anna"))


def test_a_specimen_in_nobodys_record_is_assessed_where_it_is_referred_to(endpoint):
    endpoint.put(ihc("3+"))
    before = content(endpoint.derived("Patient/anna"))
    in_situ = {"text": "Ductal carcinoma in situ of breast", "coding": []}
    sample = {k: v for k, v in specimen().items() if k != "subject"}
    del in_situ["coding"]
    endpoint.put({**sample, "type": in_situ})
    after = content(endpoint.derived("Patient/anna"))
    assert before != after
    assert after == fresh([{**sample, "type": in_situ}, ihc("3+")])


def test_a_result_that_cannot_be_read_is_refused_with_its_place(endpoint):
    answer = endpoint.put(ihc("7+"))
    assert answer.status_code == 422
    assert "Observation.value" in answer.get_data(as_text=True)
    assert endpoint.call("GET", "Observation/anna-85319-2").status_code == 404


def test_leniently_it_is_kept_and_no_drug_is_suggested(endpoint):
    answer = endpoint.put(ihc("7+"), Prefer="handling=lenient")
    assert answer.status_code == 201
    assert "unreadable-evidence" in str(endpoint.derived("Patient/anna"))


def test_a_bundle_is_kept_whole_or_not_at_all(endpoint):
    broken = {**ihc("3+"), "status": "bogus"}
    assert endpoint.post(bundle(patient(), broken)).status_code == 400
    assert endpoint.call("GET", "Patient/anna").status_code == 404


def test_our_own_outputs_are_never_evidence(endpoint):
    endpoint.put(ihc("3+"))
    stood = endpoint.derived("Patient/anna")
    told = endpoint.post(bundle(*stood.values()))
    assert told.status_code == 200
    assert endpoint.derived("Patient/anna") == stood
    [summary] = [r for r in stood.values() if "her2-patient-summary" in str(r["meta"])]
    assert endpoint.put(summary).status_code == 422
    assert endpoint.call("DELETE", f"Observation/{summary['id']}").status_code == 405


def test_evidence_of_both_fhir_versions_makes_one_answer(endpoint):
    endpoint.put(ihc("2+"))
    answer = endpoint.call("PUT", "Observation/r5", ihc("x") | {"id": "r5"}, base="/fhir/r5")
    assert answer.status_code == 422
    five = {**ratio(Decimal("2.50")), "id": "r5"}
    assert endpoint.call("PUT", "Observation/r5", five, base="/fhir/r5").status_code == 201
    assert plan_of(endpoint) == ["testing-only"]
    endpoint.put(copies(Decimal("6.5")))
    assert plan_of(endpoint) == ["clarify"]
    assert "Read it at" not in str(endpoint.read("Observation/r5", base="/fhir/r5"))
    told = endpoint.read("Observation/r5", status=404)
    assert "/fhir/r5" in told["issue"][0]["details"]["text"]
    as_r5 = endpoint.derived("Patient/anna", base="/fhir/r5")
    assert any("custodian" in r for r in as_r5.values())


def test_entries_of_a_transaction_refer_to_each_other_however_it_is_written(endpoint):
    identifier = "https://hospital.example/mrn|INVENTED-anna"
    asked = {"method": "POST", "url": "Observation"}
    urn = "urn:uuid:8b0d0b8e-1b1e-4b7a-9a6c-2f1f3c4d5e6f"
    ways = {
        urn: urn,
        "https://lab.example/fhir/Patient/anna": "Patient/anna",
        "https://other.example/fhir/Patient/anna": "https://other.example/fhir/Patient/anna",
        "": f"Patient?identifier={identifier}",
    }
    for n, (full_url, reference) in enumerate(ways.items()):
        who = patient() if full_url else {k: v for k, v in patient().items() if k != "id"}
        result = {**ihc("3+", when=f"2026-05-0{n + 1}"), "subject": {"reference": reference}}
        entries = [
            {"resource": result, "request": asked},
            {"resource": who, "request": {"method": "POST", "url": "Patient"}},
        ]
        entries[1] |= {"fullUrl": full_url} if full_url else {}
        sent = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = endpoint.post(sent)
        assert answer.status_code == 200, (full_url, answer.get_data(as_text=True))
        first, second = [e["response"]["location"] for e in answer.json["entry"]]
        kept = endpoint.read(first.partition("/_history")[0])
        assert kept["subject"]["reference"] == second.partition("/_history")[0]
    assert len(endpoint.history("Patient")) == 1


def test_what_is_withdrawn_names_nothing_of_another_patient_of_the_same_message(endpoint):
    endpoint.put(ihc("3+"))
    endpoint.put(ihc("3+", of="berta"))
    withdrawn = [ihc("3+", of=name, status="entered-in-error") for name in ("anna", "berta")]
    assert endpoint.post(bundle(*withdrawn)).status_code == 200
    for name, other in (("anna", "berta"), ("berta", "anna")):
        plans = endpoint.read(f"CarePlan?patient={name}")["entry"]
        assert [e["resource"]["status"] for e in plans] == ["revoked"]
        assert name in str(plans)
        assert other not in str(plans)
        told = endpoint.read(f"Provenance?patient={name}", base="/fhir/r5")["entry"]
        assert other not in str(told)


def test_what_is_asked_of_a_patient_follows_references_as_far_as_what_is_derived(endpoint):
    """A report of hers leads to a result in nobody's record, and that to such a specimen."""
    result = {k: v for k, v in ihc("3+").items() if k != "subject"}
    sample = {k: v for k, v in specimen().items() if k != "subject"}
    in_situ = {**sample, "type": {"text": "Ductal carcinoma in situ of breast"}}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "status": "final",
        "code": {"text": "Pathology report"},
        "subject": {"reference": "Patient/anna"},
        "result": [{"reference": f"Observation/{result['id']}"}],
    }
    assert endpoint.post(bundle(in_situ, result, report)).status_code == 200
    derived = content(endpoint.derived("Patient/anna"))
    assert derived
    answer = endpoint.read("Patient/anna/$assess-her2")["entry"]
    asked = {e["resource"]["id"]: category_of(e["resource"]) for e in answer if is_ours(e)}
    assert asked == {r["id"]: category_of(r) for r in derived.values() if is_ours({"resource": r})}


def is_ours(entry):
    return entry["resource"]["resourceType"] == "Observation"


def category_of(observation):
    return observation["valueCodeableConcept"]["coding"][0]["code"]
