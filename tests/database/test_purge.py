"""A patient's complete removal: nothing of him is left, and nothing of anybody else is lost."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from service.adapters.store.tables import audit, metadata, resource, search_value, version
from tests.support.endpoint import content
from tests.support.evidence import ihc, patient, specimen

MRN = "https://hospital.example/mrn"


def rows(endpoint):
    """How many rows each table has, the audit log apart."""
    with endpoint.store.engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in metadata.tables.items()
            if table is not audit
        }


def purge(endpoint, name="anna"):
    return endpoint.call("POST", f"Patient/{name}/$purge")


def of_nobody(name, **more):
    return {"resourceType": "Specimen", "id": name, **more}


def record(endpoint, name="anna"):
    for one in (patient(name), specimen(of=name), ihc("2+", of=name), ihc("3+", of=name)):
        endpoint.put(one)
    endpoint.now += timedelta(minutes=1)


def test_all_of_the_patient_is_gone_and_told_by_number(endpoint):
    record(endpoint)
    before = rows(endpoint)
    answer = purge(endpoint)
    assert answer.status_code == 200
    [issue] = answer.json["issue"]
    assert (
        f"{before['resource']} resources with {before['version']} versions"
        in (issue["details"]["text"])
    )
    assert set(rows(endpoint).values()) == {0}
    for path in ("Patient/anna", "Observation/anna-85319-2", "Patient/anna/$assess-her2"):
        endpoint.read(path, status=404)
    assert endpoint.history() == []


def test_another_patient_is_left_as_he_was(endpoint):
    record(endpoint, "bert")
    before, said = rows(endpoint), content(endpoint.derived("Patient/bert"))
    record(endpoint)
    assert purge(endpoint).status_code == 200
    assert rows(endpoint) == before
    assert content(endpoint.derived("Patient/bert")) == said


def test_the_log_stays_and_tells_of_the_purge(endpoint):
    record(endpoint)
    before = endpoint.read("AuditEvent?patient=anna")["total"]
    purge(endpoint)
    told = endpoint.read("AuditEvent?patient=anna")
    assert told["total"] == before + 1
    newest = told["entry"][0]["resource"]
    assert (newest["action"], newest["subtype"][0]["code"]) == ("D", "operation")


@pytest.mark.parametrize("name", ["nobody", "anna"])
def test_of_whom_nothing_is_kept_there_is_nothing_to_remove(endpoint, name):
    record(endpoint)
    purge(endpoint)
    assert purge(endpoint, name).status_code == 404
    assert endpoint.read("AuditEvent?subtype=operation")["total"] == 1


def test_a_patient_without_a_patient_resource_is_removed_too(endpoint):
    endpoint.put(ihc("3+"))
    assert purge(endpoint).status_code == 200
    assert set(rows(endpoint).values()) == {0}


def test_what_was_deleted_is_removed_too(endpoint):
    record(endpoint)
    endpoint.call("DELETE", "Observation/anna-85319-2")
    endpoint.call("DELETE", "Patient/anna")
    assert purge(endpoint).status_code == 200
    assert set(rows(endpoint).values()) == {0}


def test_a_specimen_of_nobody_that_only_he_referred_to_goes_with_all_it_came_from(endpoint):
    endpoint.put(of_nobody("block"))
    endpoint.put(of_nobody("core", parent=[{"reference": "Specimen/block"}]))
    endpoint.put(ihc("3+", specimen={"reference": "Specimen/core"}))
    assert purge(endpoint).status_code == 200
    assert set(rows(endpoint).values()) == {0}


def test_a_specimen_of_nobody_that_another_refers_to_stays_with_all_it_came_from(endpoint):
    endpoint.put(of_nobody("block"))
    endpoint.put(of_nobody("core", parent=[{"reference": "Specimen/block"}]))
    for name in ("anna", "bert"):
        endpoint.put(ihc("3+", of=name, specimen={"reference": "Specimen/core"}))
    said = content(endpoint.derived("Patient/bert"))
    assert purge(endpoint).status_code == 200
    assert endpoint.read("Specimen/core")["id"] == "core"
    assert endpoint.read("Specimen/block")["id"] == "block"
    assert content(endpoint.derived("Patient/bert")) == said


def test_a_specimen_of_nobody_that_nobody_refers_to_stays(endpoint):
    record(endpoint)
    endpoint.put(of_nobody("stray"))
    purge(endpoint)
    assert endpoint.read("Specimen/stray")["id"] == "stray"


def test_what_became_anothers_stays_without_the_versions_that_named_him(endpoint):
    record(endpoint)
    wrong = ihc("3+", name="moved")
    endpoint.put(wrong)
    endpoint.now += timedelta(minutes=1)
    endpoint.put({**wrong, "subject": {"reference": "Patient/bert"}})
    assert purge(endpoint).status_code == 200
    [entry] = endpoint.history("Observation/anna-moved")
    assert entry["resource"]["subject"] == {"reference": "Patient/bert"}
    with endpoint.store.engine.connect() as connection:
        kept = connection.scalars(select(version.c.patient).distinct()).all()
    assert kept == ["Patient/bert"]


def identified(value, name):
    subject = {"identifier": {"system": MRN, "value": value}}
    return {**ihc("3+", name=name, sample=""), "subject": subject}


def test_evidence_by_an_identifier_that_is_his_alone_goes(endpoint):
    endpoint.put(identified("INVENTED-anna", "early"))
    endpoint.put(patient())
    endpoint.put(identified("INVENTED-anna", "late"))
    assert purge(endpoint).status_code == 200
    assert set(rows(endpoint).values()) == {0}


def test_evidence_by_an_identifier_that_another_has_too_stays_and_is_told(endpoint):
    endpoint.put(patient())
    endpoint.put({**patient("bert"), "identifier": patient()["identifier"]})
    endpoint.put(identified("INVENTED-anna", "whose"))
    answer = purge(endpoint)
    assert [issue["severity"] for issue in answer.json["issue"]] == ["information", "warning"]
    assert "stay" in answer.json["issue"][1]["details"]["text"]
    assert endpoint.read("Observation/anna-whose")["resourceType"] == "Observation"


def test_a_change_beside_a_purge_comes_before_it_or_after_it_and_leaves_no_half(endpoint):
    record(endpoint)
    barrier = threading.Barrier(3)
    statuses = []

    def put(name):
        barrier.wait()
        statuses.append(endpoint.put(ihc("1+", name=name)).status_code)

    threads = [threading.Thread(target=put, args=(f"extra-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    barrier.wait()
    assert purge(endpoint).status_code == 200
    for thread in threads:
        thread.join()
    assert statuses == [201, 201]
    with endpoint.store.engine.connect() as connection:
        left = set(
            connection.scalars(select(resource.c.id).where(resource.c.derived.is_(False))).all()
        )
        assert left <= {"anna-extra-0", "anna-extra-1"}
        orphans = select(func.count()).select_from(search_value)
        orphans = orphans.where(search_value.c.resource.not_in(select(resource.c.pk)))
        assert connection.scalar(orphans) == 0
    if left:
        assert content(endpoint.derived("Patient/anna"))
    else:
        assert set(rows(endpoint).values()) == {0}
