"""What the exchange keeps goes with the patient it is about, and notices go by their age."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from service.adapters.store import removing
from service.adapters.store.tables import (
    audit,
    channel,
    delivered,
    feed,
    metadata,
    notice,
    outbox,
    seen,
    source_state,
)
from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import Arrival, State
from service.usecases.record.prune import prune
from service.usecases.record.removal import Removed
from tests.support.hospital import Hospital, hospital
from tests.support.sources import ihc, person, sample

DAY = timedelta(days=1)
#: Of which nothing is about a patient.
ABOUT_SOURCES = (source_state, channel, audit)


@pytest.fixture
def clinic(database_url):
    with hospital(database_url) as found:
        yield found


def admitted(clinic: Hospital, name: str) -> None:
    """A patient of whom a result came, and whose plan is at the source."""
    clinic.put(person(name))
    clinic.put(sample(name))
    clinic.happens(ihc(name, "3+"))
    clinic.work()


def rows(clinic: Hospital) -> dict[str, int]:
    with clinic.endpoint.store.engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in metadata.tables.items()
            if table not in ABOUT_SOURCES
        }


def purge(clinic: Hospital, name: str = "p1") -> None:
    answer = clinic.endpoint.call("POST", f"Patient/{name}/$purge")
    assert answer.status_code == 200, answer.text


def pruned(clinic: Hospital, days: int) -> Removed:
    return sum(prune(clinic.endpoint.store, days * DAY, clinic.endpoint.now), Removed())


def test_all_that_the_exchange_kept_of_a_patient_goes_with_him(clinic):
    admitted(clinic, "p1")
    before = rows(clinic)
    assert all(before[t.name] for t in (notice, seen, feed, outbox, delivered))
    purge(clinic)
    assert set(rows(clinic).values()) == {0}


def test_what_it_kept_of_another_patient_stays(clinic):
    admitted(clinic, "p2")
    before = rows(clinic)
    admitted(clinic, "p1")
    assert rows(clinic) != before
    purge(clinic)
    assert rows(clinic) == before


def test_what_is_still_owed_of_him_is_not_sent_any_more(clinic):
    clinic.put(person())
    clinic.put(sample())
    clinic.server.fault(mode="503", times=1000)
    clinic.notify(ihc(score="3+"))  # the source can speak, it cannot listen
    clinic.work()
    assert rows(clinic)["outbox"] == 1
    purge(clinic)
    clinic.server.fault(mode="ok")
    clinic.later(days=1)
    clinic.work()
    assert clinic.plans() == []


def test_a_notice_of_a_resource_of_his_that_waits_still_goes_with_him(clinic):
    admitted(clinic, "p1")
    clinic.happens(ihc(score="1+"))
    assert clinic.states()["waiting"] == 1
    purge(clinic)
    assert set(rows(clinic).values()) == {0}


def test_what_is_in_quarantine_about_him_goes_with_him(clinic):
    clinic.put(person())
    clinic.put(sample())
    clinic.happens(ihc(valueCodeableConcept={"text": "who knows"}))
    clinic.work()
    assert clinic.states() == {"quarantined": 1}
    purge(clinic)
    assert set(rows(clinic).values()) == {0}


def test_after_a_removal_the_source_can_tell_of_him_anew(clinic):
    admitted(clinic, "p1")
    purge(clinic)
    (result,) = [o for o in clinic.at_source("Observation") if o["id"] == "ihc-p1"]
    clinic.notify(result)
    clinic.work()
    assert clinic.endpoint.derived("Patient/p1")


@pytest.mark.parametrize(
    "state", [State.DONE, State.STALE, State.OWN, State.IGNORED, State.DISMISSED]
)
def test_a_notice_that_is_done_with_goes_when_it_is_old_enough(clinic, state):
    clinic.endpoint.store.desk.arrive("hapi", [_arrival("o1", state)], clinic.endpoint.now)
    clinic.later(days=10)
    clinic.endpoint.store.desk.arrive("hapi", [_arrival("o2", state)], clinic.endpoint.now)
    pruned(clinic, 11)
    assert rows(clinic)["notice"] == 2
    pruned(clinic, 9)
    assert clinic.endpoint.store.desk.notices(state=state)[0].arrival.id == "o2"
    assert rows(clinic)["notice"] == 1


@pytest.mark.parametrize("state", [State.WAITING, State.QUARANTINED])
def test_a_notice_that_somebody_is_still_to_look_at_stays_however_old(clinic, state):
    clinic.endpoint.store.desk.arrive("hapi", [_arrival("o1", state)], clinic.endpoint.now)
    clinic.later(days=3650)
    pruned(clinic, 1)
    assert clinic.states() == {state.value: 1}


def test_notices_go_in_batches_and_no_past_answer_is_said_to_be_incomplete(clinic, monkeypatch):
    monkeypatch.setattr(removing, "AT_ONCE", 2)
    arrivals = [_arrival(f"o{n}", State.DONE) for n in range(5)]
    clinic.endpoint.store.desk.arrive("hapi", arrivals, clinic.endpoint.now)
    clinic.later(days=2)
    batches = list(prune(clinic.endpoint.store, DAY, clinic.endpoint.now))
    assert len(batches) >= 3
    assert set(batches) == {Removed()}
    assert rows(clinic)["notice"] == 0
    with clinic.endpoint.store.reading() as reader:
        assert reader.pruned_until() == ""


def test_what_the_source_sends_again_after_its_notice_went_changes_nothing(clinic):
    admitted(clinic, "p1")
    clinic.later(days=2)
    pruned(clinic, 1)
    assert rows(clinic)["notice"] == 0
    versions = clinic.endpoint.history()
    clinic.notify(next(o for o in clinic.at_source("Observation") if o["id"] == "ihc-p1"))
    clinic.work()
    assert clinic.endpoint.history() == versions
    assert len(clinic.plans("p1")) == 1


def _arrival(id: str, state: State) -> Arrival:
    return Arrival(Happening.CHANGED, "Observation", id, key=f"v|{id}", state=state)
