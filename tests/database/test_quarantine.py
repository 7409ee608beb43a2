"""What cannot be taken in waits for a person: it is replayed with its effect, or dismissed."""

from __future__ import annotations

import json

import pytest

from service.core.errors import Conflict, Fault, NotFhir, NotFound
from service.fhir.notices.notice import Happening
from service.usecases.exchange import receive as receiving
from service.usecases.exchange.desk import Arrival, State
from service.usecases.exchange.quarantine import dismiss, held, listed, one, replay, shown
from tests.support.endpoint import Endpoint
from tests.support.hospital import Hospital
from tests.support.sources import ihc, person

LAB = "https://laboratory.example/codes"
#: A score that only this laboratory knows.
LOCAL = {"valueCodeableConcept": {"coding": [{"system": LAB, "code": "TRIPLE"}]}}


def with_concept_map(clinic: Hospital, url: str, tmp_path) -> None:
    """The service is started again, knowing the laboratory's score as LOINC's 3+."""
    file = tmp_path / "map.json"
    target = {"code": "LA11843-2", "equivalence": "equivalent"}
    file.write_text(
        json.dumps(
            {
                "resourceType": "ConceptMap",
                "status": "active",
                "group": [
                    {
                        "source": LAB,
                        "target": "http://loinc.org",
                        "element": [{"code": "TRIPLE", "target": [target]}],
                    }
                ],
            }
        )
    )
    now = clinic.endpoint.now
    clinic.endpoint.close()
    clinic.endpoint = Endpoint(url, sources=(clinic.source,), concept_map=str(file))
    clinic.endpoint.now = now


def desk_of(clinic: Hospital):
    return clinic.endpoint.store.desk


def numbers(clinic: Hospital) -> list[int]:
    return [kept.seq for kept in held(desk_of(clinic))]


def replayed(clinic: Hospital, number: int):
    return replay(number, desk_of(clinic), clinic.endpoint.tradings).arrival


def dismissed(clinic: Hospital, number: int, reason: str = "the laboratory sent it in error"):
    return dismiss(number, reason, desk_of(clinic), clinic.endpoint.now).arrival


def categories(clinic: Hospital) -> set[str]:
    derived = clinic.endpoint.derived("Patient/p1").values()
    return {
        coding["code"]
        for resource in derived
        for coding in resource.get("valueCodeableConcept", {}).get("coding", [])
        if coding["system"].endswith("her2-category")
    }


def unread(clinic: Hospital) -> int:
    """A result is sent whose score nobody here knows: the number of its notice."""
    clinic.happens(ihc(**LOCAL))
    clinic.work()
    (number,) = numbers(clinic)
    return number


def test_a_result_that_cannot_be_read_is_listed_with_its_reason_and_without_its_content(clinic):
    unread(clinic)
    (kept,) = held(desk_of(clinic))
    told = listed(kept)
    assert told["what"] == "changed Observation/ihc-p1"
    assert told["source"] == "hapi"
    assert told["reason"]
    assert "TRIPLE" not in json.dumps(told | {"reason": ""})
    assert json.loads(shown(kept)["text"])["valueCodeableConcept"] == LOCAL["valueCodeableConcept"]


def test_a_replay_after_the_map_was_mended_gives_another_category(clinic, database_url, tmp_path):
    number = unread(clinic)
    assert categories(clinic) == {"indeterminate"}
    with_concept_map(clinic, database_url, tmp_path)
    assert replayed(clinic, number).state is State.WAITING
    clinic.work()
    assert categories(clinic) == {"positive"}
    assert numbers(clinic) == []
    assert one(number, desk_of(clinic)).arrival.state is State.DONE
    (plan,) = clinic.plans("p1")
    assert plan["category"][0]["coding"][0]["code"] != "testing-only"


def test_a_replay_without_anything_mended_stays_in_quarantine_with_its_reason(clinic):
    number = unread(clinic)
    (before,) = clinic.quarantined()
    versions = clinic.endpoint.history("Observation/ihc-p1")
    replayed(clinic, number)
    clinic.work()
    (after,) = clinic.quarantined()
    assert after.endswith(before)
    assert clinic.endpoint.history("Observation/ihc-p1") == versions
    assert one(number, desk_of(clinic)).arrival.body is not None


def test_a_replay_reads_what_the_source_has_by_now(clinic, database_url, tmp_path):
    """The same content came again as another version, whose notice was settled."""
    number = unread(clinic)
    clinic.happens(ihc(**LOCAL, note=[{"text": "seen again"}]))
    clinic.work()
    with_concept_map(clinic, database_url, tmp_path)
    replayed(clinic, number)
    clinic.work()
    assert categories(clinic) == {"positive"}
    note = clinic.endpoint.read("Observation/ihc-p1")["note"]
    assert note == [{"text": "seen again"}]


def test_a_replay_waits_for_a_source_that_is_away_and_then_has_its_effect(
    clinic, database_url, tmp_path
):
    number = unread(clinic)
    clinic.happens(ihc(**LOCAL, note=[{"text": "seen again"}]))
    clinic.work()
    with_concept_map(clinic, database_url, tmp_path)
    clinic.server.fault(mode="503", times=1000)
    replayed(clinic, number)
    clinic.work()
    assert one(number, desk_of(clinic)).arrival.state is State.WAITING
    clinic.server.fault(mode="ok")
    clinic.later(hours=1)
    clinic.work()
    clinic.later(hours=1)
    clinic.work()
    assert categories(clinic) == {"positive"}
    assert one(number, desk_of(clinic)).arrival.state is State.DONE


def test_a_result_of_a_patient_known_by_an_identifier_alone_is_assessed_again(
    clinic, database_url, tmp_path
):
    subject = {"identifier": person()["identifier"][0]}
    clinic.happens(ihc(subject=subject, specimen={"display": "core"}, **LOCAL))
    clinic.work()
    (number,) = numbers(clinic)
    with_concept_map(clinic, database_url, tmp_path)
    replayed(clinic, number)
    clinic.work()
    assert numbers(clinic) == []
    with clinic.endpoint.store.reading() as reader:
        (version,) = reader.by_ids(["Observation/ihc-p1"])
    derived = clinic.endpoint.derived(version.patient).values()
    said = {
        coding["code"]
        for resource in derived
        for coding in resource.get("valueCodeableConcept", {}).get("coding", [])
    }
    assert "positive" in said


def test_what_is_no_fhir_is_kept_as_it_came(clinic):
    body = b'{"resourceType": "Observation", "id": '
    assert clinic.deliver("PUT", "Observation/o1", body).status_code == 204
    (kept,) = held(desk_of(clinic))
    assert listed(kept)["what"] == "PUT Observation/o1"
    assert shown(kept)["text"].encode() == body


def test_a_body_that_is_no_text_is_shown_in_base64_alone(clinic):
    clinic.deliver("PUT", "Observation/o1", b"\xff\xfe")
    (kept,) = held(desk_of(clinic))
    told = shown(kept)
    assert told["body"] == "//4="
    assert "text" not in told


def test_what_can_still_not_be_read_stays_with_the_reason_of_today(clinic):
    clinic.deliver("PUT", "Observation/o1", b"<Observation/>")
    (number,) = numbers(clinic)
    (before,) = clinic.quarantined()
    assert replayed(clinic, number).state is State.QUARANTINED
    assert clinic.quarantined() == [before]
    clinic.work()
    assert numbers(clinic) == [number]


def test_a_delivery_that_a_newer_release_can_read_is_taken_in(clinic, monkeypatch):
    resource = clinic.put(ihc(score="3+"))
    with monkeypatch.context() as older:
        older.setattr(receiving, "read_delivery", refusing)
        clinic.notify(resource)
    (number,) = numbers(clinic)
    assert replayed(clinic, number).state is State.DONE
    clinic.work()
    assert categories(clinic) == {"positive"}
    assert one(number, desk_of(clinic)).arrival.body is None


def refusing(sent):
    raise NotFhir(Fault("structure", "This release does not know the form."))


def test_what_names_no_resource_can_only_be_dismissed(clinic):
    nameless = {k: v for k, v in ihc().items() if k != "id"}
    clinic.deliver("POST", "", json.dumps(nameless).encode())
    (number,) = numbers(clinic)
    with pytest.raises(Conflict, match="only be dismissed"):
        replayed(clinic, number)
    assert desk_of(clinic).move([number], State.WAITING, "", clinic.endpoint.now) == 0
    assert dismissed(clinic, number).state is State.DISMISSED


def test_what_could_not_be_read_is_never_given_to_a_worker(clinic):
    clinic.deliver("PUT", "Observation/o1", b"<Observation/>")
    assert desk_of(clinic).move(numbers(clinic), State.WAITING, "", clinic.endpoint.now) == 0


def test_what_was_dismissed_is_kept_with_both_reasons_and_never_worked_on(clinic):
    number = unread(clinic)
    (why,) = clinic.quarantined()
    arrival = dismissed(clinic, number)
    assert arrival.reason.startswith("the laboratory sent it in error")
    assert why in arrival.reason
    clinic.later(days=1)
    clinic.work()
    assert clinic.states()["dismissed"] == 1
    assert one(number, desk_of(clinic)).arrival.body is not None


def test_what_was_dismissed_comes_again_and_stays_dismissed(clinic):
    number = unread(clinic)
    dismissed(clinic, number)
    clinic.notify(clinic.at_source("Observation")[0])
    clinic.work()
    assert numbers(clinic) == []


@pytest.mark.parametrize("decide", [replayed, dismissed])
def test_only_what_is_in_quarantine_can_be_moved(clinic, decide):
    number = unread(clinic)
    dismissed(clinic, number)
    with pytest.raises(Conflict, match="dismissed"):
        decide(clinic, number)


@pytest.mark.parametrize("decide", [replayed, dismissed])
def test_a_notice_that_was_never_in_quarantine_is_none_of_a_persons_business(clinic, decide):
    clinic.happens(ihc())
    clinic.work()
    (done,) = desk_of(clinic).notices(state=State.DONE)
    with pytest.raises(NotFound):
        decide(clinic, done.seq)
    with pytest.raises(NotFound):
        decide(clinic, 999)


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501, "\x00", "\ud800"])
def test_a_reason_says_something_in_one_line(clinic, reason):
    number = unread(clinic)
    with pytest.raises(NotFhir):
        dismissed(clinic, number, reason)
    assert numbers(clinic) == [number]


def test_a_source_that_is_not_configured_any_more_cannot_be_replayed(clinic):
    number = unread(clinic)
    with pytest.raises(Conflict, match="not configured"):
        replay(number, desk_of(clinic), {})


def test_a_look_that_failed_is_looked_again(clinic):
    """An empty notice whose search the source refused, until it was mended."""
    arrival = Arrival(Happening.SOMETHING, state=State.QUARANTINED, reason="It refused.")
    desk_of(clinic).arrive("hapi", [arrival], clinic.endpoint.now)
    clinic.put(ihc(score="3+"))
    (number,) = numbers(clinic)
    replayed(clinic, number)
    clinic.work()
    assert categories(clinic) == {"positive"}


def test_all_that_is_held_is_named_however_much_it_is(clinic):
    many = [Arrival(None, state=State.QUARANTINED, method="POST") for _ in range(250)]
    desk_of(clinic).arrive("hapi", many, clinic.endpoint.now)
    assert len(set(numbers(clinic))) == 250
    assert list(held(desk_of(clinic), "another")) == []


@pytest.mark.parametrize("path", ["Observation/%00", "%ED%A0%80/x", "%F0%9F%98%80", "a%1Bb/c%0Ad"])
@pytest.mark.parametrize("body", [b"", b"{", b"\x00", b'{"resourceType": "\\ud800"}'])
def test_a_delivery_to_an_odd_address_is_answered_and_listed(clinic, path, body):
    assert clinic.deliver("PUT", path, body).status_code in (204, 404)
    for kept in held(desk_of(clinic)):
        assert json.dumps([listed(kept), shown(kept)])
        assert replayed(clinic, kept.seq).state in (State.QUARANTINED, State.DONE)


@pytest.mark.parametrize("said", ["\x00", "\ud800", "v" * 5000])
@pytest.mark.parametrize("name", ["versionId", "lastUpdated"])
def test_an_odd_word_of_the_sender_is_kept_by_any_database(clinic, name, said):
    resource = ihc() | {"meta": {name: said}}
    body = json.dumps(resource).encode()
    assert clinic.deliver("PUT", "Observation/ihc-p1", body).status_code == 204
    assert sum(clinic.states().values()) == 1
