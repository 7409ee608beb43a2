"""How plans are written: by id or by criteria, to the source or to another server, once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service.adapters.store.tables import outbox
from service.settings_sources import read_sources
from service.usecases.record.links import references_in
from tests.support import fhir_stub
from tests.support.hospital import Hospital, hospital
from tests.support.sources import ihc, ish, person, sample

DERIVED = "https://her2.example/fhir/sid/derived"


def arrives(clinic: Hospital, resource) -> None:
    """It is there, under its own id even on a server that gives every id itself."""
    fhir = clinic.server.fhir
    offered, fhir.update_create = fhir.update_create, True
    kept = clinic.put(resource)
    fhir.update_create = offered
    clinic.notify(kept)


@pytest.mark.parametrize("update_create", [True, False], ids=["by id", "by criteria"])
def test_a_plan_is_one_resource_however_it_is_written(database_url, update_create):
    with hospital(database_url, stub_update_create=update_create) as clinic:
        arrives(clinic, person())
        arrives(clinic, sample())
        for results in (
            [ihc(score="2+")],
            [ish()],
            [ihc(status="entered-in-error"), ish(status="entered-in-error")],
        ):
            for result in results:
                arrives(clinic, result)
            clinic.work()
        plans = clinic.at_source("CarePlan")
        by_identifier = [p["identifier"][0]["value"] for p in plans]
        assert len(by_identifier) == len(set(by_identifier)) > 0
        assert {p["status"] for p in plans} == {"revoked"}
        assert all((p["id"] in by_identifier) is update_create for p in plans)
        assert len(clinic.at_source("Provenance")) == 3


def test_a_server_that_can_do_neither_is_told_and_nothing_is_written(database_url):
    with hospital(database_url, stub_update_create=False, stub_conditional_update=False) as clinic:
        clinic.notify(ihc(score="3+", meta={"versionId": "1"}))
        clinic.work()
        (owed,) = clinic.endpoint.store.desk.owed()
        assert "neither ids chosen by a client" in owed.said
        assert clinic.at_source("CarePlan") == []


def test_another_server_finds_the_patient_by_his_identifier(database_url):
    with fhir_stub.running() as other, hospital(database_url, write_back=other.base) as clinic:
        clinic.fill()
        elsewhere = {**person(), "id": "somebody"}
        other.fhir.update("Patient", "somebody", elsewhere)
        clinic.happens(ihc(score="3+"))
        clinic.work()
        assert clinic.at_source("CarePlan") == []
        (plan,) = [v.resource for v in other.fhir.kept.newest.values() if v.type == "CarePlan"]
        assert plan["subject"] == {"reference": "Patient/somebody"}
        assert not {"Patient/p1", "Observation/ihc-p1"} & set(references_in(plan))


def test_a_patient_without_an_identifier_is_not_guessed_on_another_server(database_url):
    with fhir_stub.running() as other, hospital(database_url, write_back=other.base) as clinic:
        clinic.put({k: v for k, v in person().items() if k != "identifier"})
        clinic.put(sample())
        clinic.happens(ihc(score="3+"))
        clinic.work()
        assert other.count("CarePlan")["count"] == 0
        (owed,) = clinic.endpoint.store.desk.owed()
        assert "no identifier" in owed.said


def test_two_servers_may_both_have_a_patient_1(database_url):
    with fhir_stub.running() as other, hospital(database_url) as clinic:
        clinic.fill()
        clinic.happens(ihc(score="3+"))
        clinic.work()
        (second,) = read_sources({"north": {"base_url": other.base, "write_back": True}})
        north = Hospital(clinic_url(clinic), other, second)
        try:
            north.fill()
            north.happens(ihc(score="3+"))
            north.work()
            ours, theirs = clinic.plans("p1"), north.plans("p1")
        finally:
            north.endpoint.close()
        assert [len(ours), len(theirs)] == [1, 1]
        assert ours[0]["identifier"] != theirs[0]["identifier"]
        assert "north." not in str(theirs)
        assert clinic.endpoint.read("Patient/north.p1")["id"] == "north.p1"
        assert clinic.endpoint.read("Observation/north.ihc-p1")["subject"] == {
            "reference": "Patient/north.p1"
        }


def clinic_url(clinic: Hospital) -> str:
    url = clinic.endpoint.store.engine.url
    return str(url.render_as_string(hide_password=False))


def told_of_in_vain(clinic: Hospital, resource) -> None:
    """Of a result, by a server that refuses to talk for longer than anything is tried."""
    kept = clinic.put(resource)
    clinic.server.fault("refuse")
    clinic.notify(kept)
    for _ in range(3):
        clinic.work()
        clinic.later(hours=20)


def test_what_has_waited_too_long_is_parked_and_a_person_sends_it_on(database_url):
    with hospital(database_url) as clinic:
        clinic.fill()
        told_of_in_vain(clinic, ihc(score="3+"))
        desk = clinic.endpoint.store.desk
        (owed,) = desk.owed()
        assert owed.parked
        clinic.server.fault("ok")
        clinic.work()
        assert clinic.plans() == []
        assert desk.unpark(clinic.endpoint.now, "hapi") == 1
        clinic.work()
        assert len(clinic.plans()) == 1
        assert desk.owed() == []


def test_a_new_result_sends_on_what_was_parked(database_url):
    with hospital(database_url) as clinic:
        clinic.fill()
        told_of_in_vain(clinic, ihc(score="2+"))
        clinic.server.fault("ok")
        clinic.later(hours=1)
        clinic.happens(ish())
        clinic.work()
        assert len(clinic.plans()) == 1


def test_changes_by_the_other_doors_reach_the_source_too(database_url):
    with hospital(database_url) as clinic:
        clinic.fill()
        clinic.happens(ihc(score="2+"))
        clinic.work()
        assert clinic.endpoint.put(ish()).status_code == 201
        clinic.work()
        (plan,) = clinic.plans("p1")
        assert plan["category"][0]["coding"][0]["code"] == "clarify"
        with clinic.endpoint.store.engine.connect() as connection:
            (row,) = connection.execute(select(outbox)).all()
        assert (row.wanted, row.sent) == (2, 2)


def test_another_server_that_is_configured_later_gets_the_plans_that_stand(database_url):
    with fhir_stub.running() as other, hospital(database_url) as clinic:
        clinic.fill()
        desk = clinic.endpoint.store.desk
        desk.aim("hapi", clinic.server.base, clinic.endpoint.now)
        clinic.happens(ihc(score="3+"))
        clinic.work()
        elsewhere = {**person(), "id": "somebody"}
        other.fhir.update("Patient", "somebody", elsewhere)
        (moved,) = read_sources(
            {"hapi": {"base_url": clinic.server.base, "write_back": other.base}}
        )
        again = Hospital(clinic_url(clinic), clinic.server, moved)
        try:
            desk.aim("hapi", other.base, clinic.endpoint.now)
            desk.aim("hapi", other.base, clinic.endpoint.now)
            again.work()
        finally:
            again.endpoint.close()
        assert other.count("CarePlan") == {"count": 1, "versions": 1}
