"""What a source tells us of ends as plans there, once, in the order of what stands there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from sqlalchemy import select

from service.adapters.store.tables import notice
from service.fhir.json import decode, encode
from tests.support.hospital import Hospital, hospital
from tests.support.notifications import notification, notifications
from tests.support.sources import ihc, ish, person, sample


def kind_of(plan):
    return plan["category"][0]["coding"][0]["code"]


def test_a_result_leads_to_a_plan_at_the_source(clinic: Hospital):
    clinic.happens(ihc(score="2+"))
    clinic.work()
    (plan,) = clinic.plans("p1")
    assert kind_of(plan) == "testing-only"
    assert plan["subject"] == {"reference": "Patient/p1"}


def test_the_next_result_gives_the_same_plan_another_content(clinic: Hospital):
    clinic.happens(ihc(score="2+"))
    clinic.work()
    (before,) = clinic.plans("p1")
    clinic.happens(ish())
    clinic.work()
    (after,) = clinic.plans("p1")
    assert (after["id"], kind_of(before), kind_of(after)) == (
        before["id"],
        "testing-only",
        "clarify",
    )


def test_a_result_that_was_deleted_takes_the_plan_with_it(clinic: Hospital):
    clinic.happens(ihc(score="3+"))
    clinic.work()
    clinic.delete("Observation/ihc-p1")
    assert clinic.deliver("DELETE", "Observation/ihc-p1").status_code == 204
    clinic.work()
    assert clinic.plans("p1") == []
    assert {plan["status"] for plan in clinic.at_source("CarePlan")} == {"revoked"}


def test_each_answer_has_its_provenance_at_the_source_once(clinic: Hospital):
    clinic.happens(ihc(score="2+"))
    clinic.work()
    clinic.happens(ish())
    clinic.work()
    clinic.happens(ihc(status="entered-in-error"))
    clinic.happens(ish(status="entered-in-error"))
    clinic.work()
    told = clinic.at_source("Provenance")
    assert [p["activity"]["coding"][0]["code"] for p in told] == ["CREATE", "CREATE", "NULLIFY"]
    assert {e["what"]["reference"] for e in told[1]["entity"]} == {
        "Observation/ihc-p1/_history/1",
        "Observation/ish-p1/_history/1",
        "Patient/p1/_history/1",
        "Specimen/s-p1/_history/1",
    }


def test_what_was_withdrawn_before_it_ever_left_is_not_sent(clinic: Hospital):
    versions = [clinic.put(ihc(score="3+", status=s)) for s in ("final", "entered-in-error")]
    clinic.server.fault("500")
    for version in versions:
        clinic.notify(version)
        clinic.work()
    clinic.server.fault("ok")
    clinic.later(minutes=5)
    clinic.work()
    assert clinic.at_source("CarePlan") == []


def test_the_same_delivery_50_times_in_parallel_gives_one_result(clinic: Hospital):
    kept = clinic.put(ihc(score="3+"))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: clinic.notify(kept).status_code, range(50)))
    assert set(answers) == {204}
    assert clinic.states() == {"waiting": 1}
    clinic.work()
    assert len(clinic.plans()) == 1
    assert clinic.server.count("CarePlan")["versions"] == 1
    entries = clinic.endpoint.history("Observation/ihc-p1")
    assert [entry["resource"]["meta"]["versionId"] for entry in entries] == ["1"]


def test_an_older_version_that_comes_after_a_newer_one_changes_nothing(clinic: Hospital):
    first = clinic.put(ihc(score="1+"))
    second = clinic.put(ihc(score="2+"))
    third = clinic.put(ihc(score="3+"))
    assert clinic.notify(third).status_code == 204
    clinic.work()
    assert clinic.notify(second).status_code == 204
    assert clinic.notify(first).status_code == 204
    clinic.work()
    standing = clinic.endpoint.read("Observation/ihc-p1")
    assert standing["valueCodeableConcept"]["text"] == "Positive (3+)"
    assert clinic.states() == {"done": 1, "stale": 2}


def test_versions_that_come_at_once_in_any_order_end_at_the_newest(clinic: Hospital):
    versions = [clinic.put(ihc(score=score)) for score in ("1+", "2+", "3+")]
    for each in (versions[1], versions[2], versions[0]):
        clinic.notify(each)
    clinic.work()
    standing = clinic.endpoint.read("Observation/ihc-p1")
    assert standing["valueCodeableConcept"]["text"] == "Positive (3+)"


def test_numbers_that_fall_to_1_are_new_events_and_what_came_between_is_looked_for(
    clinic: Hospital,
):
    """HAPI counts in memory: after its restart number 1 is no repetition (wire-facts (b))."""
    by_topic(clinic, clinic.put(ihc(score="2+")), 5)
    clinic.work()
    clinic.put(person("p2"))
    clinic.put(sample("p2"))
    clinic.put(ihc("p2", "3+"))  # of this one nobody tells
    by_topic(clinic, clinic.put(ish()), 1)
    clinic.work()
    assert [kind_of(plan) for plan in clinic.plans("p1")] == ["clarify"]
    assert len(clinic.plans("p2")) == 1
    (channel,) = clinic.endpoint.store.desk.channels("hapi")
    assert (channel.number, channel.missing) == (1, ())


def by_topic(clinic: Hospital, resource, number: int) -> None:
    """HAPI tells of it as an event of that number."""
    sent = decode(notification("hapi-notifies-by-topic-in-r4").sent.body)
    status, focus = sent["entry"]
    named = f"{resource['resourceType']}/{resource['id']}"
    parts = status["resource"]["parameter"]
    parts[4]["valueString"] = parts[5]["part"][0]["valueString"] = str(number)
    parts[5]["part"][2]["valueReference"]["reference"] = named
    focus |= {"fullUrl": named, "resource": resource}
    assert clinic.deliver("POST", "", encode(sent)).status_code == 204


def test_an_empty_notice_makes_us_look(clinic: Hospital):
    clinic.put(ihc(score="3+"))
    answer = clinic.deliver(
        "POST",
        Content_Type="application/x-www-form-urlencoded; charset=UTF-8",
        If_None_Exist="http://127.0.0.1:8080/notify/hapi",
    )
    assert (answer.status_code, answer.data) == (204, b"")
    clinic.work()
    assert len(clinic.plans("p1")) == 1


def test_an_id_alone_is_fetched_from_the_configured_base(clinic: Hospital):
    clinic.put(ihc(score="3+"))
    assert clinic.deliver("PUT", "Observation/ihc-p1").status_code == 204
    clinic.work()
    assert len(clinic.plans("p1")) == 1


def test_what_is_of_the_patient_at_the_source_counts_in_the_plan(clinic: Hospital):
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "Metastatic breast cancer"},
    }
    clinic.put(condition)
    clinic.happens(ihc(score="3+"))
    clinic.work()
    assert clinic.endpoint.read("Condition/c1")["code"] == condition["code"]


def test_our_own_output_that_comes_back_changes_nothing(clinic: Hospital):
    clinic.happens(ihc(score="3+"))
    clinic.work()
    (plan,) = clinic.plans("p1")
    (summary,) = [
        o
        for o in clinic.at_source("Observation")
        if plan["supportingInfo"][0]["reference"].endswith(o["id"])
    ]
    clinic.notify(summary)
    clinic.notify(plan)
    clinic.work()
    assert clinic.server.count("CarePlan")["versions"] == 1
    assert clinic.states() == {"done": 1, "own": 1, "ignored": 1}


def test_what_cannot_be_read_is_kept_for_a_person_and_the_others_go_on(clinic: Hospital):
    assert clinic.deliver("PUT", "Observation/x", b"<xml/>").status_code == 204
    broken = ihc(score="3+") | {"status": 7, "id": "y"}
    assert clinic.deliver("PUT", "Observation/y", encode(broken)).status_code == 204
    clinic.happens(ihc(score="3+"))
    clinic.work()
    assert len(clinic.plans("p1")) == 1
    assert clinic.states() == {"quarantined": 2, "done": 1}
    assert all(clinic.quarantined())


def test_a_result_that_cannot_be_read_is_flagged_and_waits_for_a_person(clinic: Hospital):
    clinic.happens(ihc() | {"valueCodeableConcept": {"text": "see report"}})
    clinic.work()
    assert clinic.states() == {"quarantined": 1}
    (plan,) = clinic.plans("p1")
    assert kind_of(plan) == "testing-only"


def test_a_source_that_is_away_does_not_keep_the_result_from_being_assessed(database_url):
    with hospital(database_url, write_back=False) as clinic:
        clinic.server.fault("refuse")
        clinic.notify(ihc(score="3+", meta={"versionId": "1"}))
        clinic.work()
        (plan,) = clinic.endpoint.read("CarePlan?subject=Patient/p1")["entry"]
        assert kind_of(plan["resource"]) == "clarify"
        summaries = clinic.endpoint.read("Observation?subject=Patient/p1&_count=10")["entry"]
        notes = [n["text"] for e in summaries for n in e["resource"].get("note", [])]
        assert any("Not read from hapi" in text for text in notes)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def any_form(request, tmp_path_factory):
    """One hospital for all forms, which each begins anew."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("cluster").database())
        else:
            url = f"sqlite:///{tmp_path_factory.mktemp('forms') / 'her2.db'}"
        yield stack.enter_context(hospital(url))


@pytest.mark.parametrize("one", notifications(), ids=lambda one: one.name)
def test_every_form_is_answered_as_its_sender_needs_it(any_form, one):
    clinic = anew(any_form, hmac_secret=one.secret)
    refused, answered = "refused" in one.expect, one.expect.get("answer")
    for _ in range(2):  # every sender may send it again
        answer = clinic.endpoint.client().open(**one.posted("hapi"))
        if answered and not refused:
            assert answer.status_code == 200
            assert answer.json == answered or answer.json["resourceType"] == "Bundle"
        else:
            assert (answer.status_code, answer.data) == (204, b"")
    assert (set(clinic.states()) == {"quarantined"}) is refused
    with clinic.endpoint.store.engine.connect() as connection:
        keys = [k for k in connection.scalars(select(notice.c.key)) if k]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "one", [n for n in notifications() if "refused" in n.expect], ids=lambda one: one.name
)
def test_a_strict_source_is_told_what_cannot_be_read(any_form, one):
    clinic = anew(any_form, strict=True)
    answer = clinic.endpoint.client().open(**one.posted("hapi"))
    assert answer.status_code in (400, 415, 422)
    assert answer.json["resourceType"] == "OperationOutcome"
    assert clinic.states() == {}


def anew(clinic: Hospital, **settings) -> Hospital:
    """Nothing is known, and the source has these settings."""
    clinic.endpoint.clear()
    clinic.endpoint.store.desk.settle_in([("hapi", clinic.source.at.base, None)])
    source = replace(clinic.source, **settings)
    clinic.endpoint.tradings["hapi"] = replace(clinic.trading, source=source)
    return clinic
