"""What is lost on the way is noticed and fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.core.errors import ServerAway
from service.usecases.exchange.desk import Channel
from service.usecases.exchange.watch import Watch
from tests.exchange.exchange_support import (
    SUBSCRIPTION,
    SWEEP,
    answers,
    asked,
    becomes,
    channel,
    notified,
    ours,
    told,
    trouble,
    watched,
    watching,
    without,
)
from tests.support import fhir_stub
from tests.support.hospital import Hospital
from tests.support.sources import ihc, ish, person, sample

EVENTS, STATUS = "$events", "$status"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Hospital]:
    with watched(f"sqlite:///{tmp_path / 'her2.db'}") as found:
        yield found


def missed(clinic: Hospital) -> dict[int, dict]:
    """Events 1 and 3 came, each with another result; 2 did not: what each was about."""
    clinic.put(ours())
    clinic.put(person("p2"))
    clinic.put(sample("p2"))
    events = {1: clinic.put(ihc()), 2: clinic.put(ihc("p2")), 3: clinic.put(ish())}
    notified(clinic, told("event-notification", {1: events[1]}))
    notified(clinic, told("event-notification", {3: events[3]}))
    clinic.work()
    assert channel(clinic).missing == ((2, 2),)
    assert not clinic.plans("p2")
    return events


def test_what_changed_while_we_were_down_is_found_at_the_start(clinic):
    clinic.put(ihc())
    watch = watching(clinic, caught_up=False)
    assert watch.step() == 1
    clinic.work()
    assert len(clinic.plans("p1")) == 1


def test_nothing_is_asked_of_the_source_while_nothing_is_due(clinic):
    watch = watching(clinic)
    before = len(clinic.server.log)
    for _ in range(5):
        clinic.later(seconds=1)
        assert watch.step() == 0
    assert clinic.server.log[before:] == []


def test_it_is_looked_again_after_a_while_whatever_was_or_was_not_notified(clinic):
    watch = watching(clinic)
    clinic.put(ihc())
    clinic.later(seconds=SWEEP.total_seconds() - 1)
    assert watch.step() == 0
    clinic.later(seconds=2)
    assert watch.step() == 1
    clinic.work()
    assert len(clinic.plans("p1")) == 1


def test_an_event_that_did_not_come_is_asked_for_by_its_number(clinic):
    watch = watching(clinic)
    events = missed(clinic)
    answers(clinic, events=lambda query: told("query-event", {2: events[2]}))
    clinic.later(seconds=6)
    before = len(clinic.server.log)
    assert watch.step() == 1
    assert len(clinic.server.log) - before == 1
    assert asked(clinic, EVENTS) == [
        {"eventsSinceNumber": "2", "eventsUntilNumber": "2", "content": "full-resource"}
    ]
    clinic.work()
    assert len(clinic.plans("p2")) == 1
    assert channel(clinic) == replace(channel(clinic), missing=(), gap_since=None, number=3)


def test_an_event_may_be_on_its_way_for_some_seconds(clinic):
    watch = watching(clinic)
    events = missed(clinic)
    clinic.later(seconds=4)
    watch.step()
    assert asked(clinic, EVENTS) == []
    notified(clinic, told("event-notification", {2: events[2]}))
    clinic.later(seconds=4)
    watch.step()
    assert asked(clinic, EVENTS) == []
    assert channel(clinic).missing == ()


def test_a_server_without_that_operation_is_searched(clinic):
    watch = watching(clinic)
    missed(clinic)
    clinic.later(seconds=6)
    assert watch.step() >= 1
    assert len(asked(clinic, EVENTS)) == 1
    clinic.work()
    assert len(clinic.plans("p2")) == 1
    assert channel(clinic).missing == ()
    clinic.later(seconds=6)
    watch.step()
    assert len(asked(clinic, EVENTS)) == 1


def test_a_server_that_gives_other_events_than_it_was_asked_for_is_searched(clinic):
    watch = watching(clinic)
    events = missed(clinic)
    answers(clinic, events=lambda query: told("query-event", {3: events[3]}))
    clinic.later(seconds=6)
    assert watch.step() >= 1
    clinic.work()
    assert len(clinic.plans("p2")) == 1
    assert channel(clinic).missing == ()


def test_an_answer_that_is_no_notification_is_as_none(clinic):
    watch = watching(clinic)
    missed(clinic)
    answers(clinic, events=lambda query: {"resourceType": "Bundle", "type": "document"})
    clinic.later(seconds=6)
    assert watch.step() >= 1
    clinic.work()
    assert len(clinic.plans("p2")) == 1


def test_a_gap_stays_until_the_server_is_back(clinic):
    watch = watching(clinic)
    missed(clinic)
    clinic.server.fault("503")
    clinic.later(seconds=6)
    with pytest.raises(ServerAway):
        watch.step()
    assert channel(clinic).missing == ((2, 2),)
    clinic.server.fault("ok")
    clinic.later(minutes=6)
    watch.step()
    clinic.work()
    assert channel(clinic).missing == ()
    assert len(clinic.plans("p2")) == 1


def test_a_server_that_is_away_is_asked_ever_less_often(clinic):
    watch = watching(clinic)
    missed(clinic)
    clinic.server.fault("503")
    before = len(clinic.server.log)
    for _ in range(300):
        clinic.later(seconds=1)
        trouble(watch)
    assert 3 <= len(clinic.server.log) - before <= 90


def test_a_server_that_refuses_a_search_is_not_asked_every_second(clinic):
    watch = watching(clinic, caught_up=False)
    clinic.server.refusing = True
    before = len(clinic.server.log)
    for _ in range(600):
        clinic.later(seconds=1)
        trouble(watch)
    assert 3 <= len(clinic.server.log) - before <= 60


def test_silence_beyond_its_heartbeat_has_a_subscription_asked_how_it_stands(clinic):
    watch = watching(clinic)
    first, second = clinic.put(ihc()), clinic.put(ish())
    notified(clinic, told("event-notification", {1: first}))
    _promises(clinic, 60)
    answers(
        clinic,
        status=lambda query: told("query-status", so_far=2),
        events=lambda query: told("query-event", {2: second}),
    )
    clinic.later(seconds=119)
    watch.step()
    assert asked(clinic, STATUS) == []
    clinic.later(seconds=2)
    watch.step()
    assert len(asked(clinic, STATUS)) == 1
    assert channel(clinic).missing == ((2, 2),)
    clinic.later(seconds=6)
    watch.step()
    assert channel(clinic).missing == ()
    clinic.work()
    assert clinic.states()["done"] == 2
    assert len(asked(clinic, STATUS)) == 1


def _promises(clinic: Hospital, heartbeat: int) -> None:
    clinic.trading.desk.keep_channel("hapi", replace(channel(clinic), heartbeat=heartbeat))


def test_a_silent_server_that_counts_from_the_beginning_again_is_searched(clinic):
    watch = watching(clinic)
    notified(clinic, told("heartbeat", so_far=7))
    _promises(clinic, 60)
    clinic.put(ihc())
    answers(clinic, status=lambda query: told("query-status", so_far=1))
    clinic.later(seconds=121)
    watch.step()
    clinic.work()
    assert len(clinic.plans("p1")) == 1
    assert channel(clinic).number == 1


def test_a_silent_server_that_does_not_say_is_asked_for_its_subscription(clinic):
    clinic.put(ours("active"))
    watch = watching(clinic)
    notified(clinic, told("heartbeat", so_far=0))
    _promises(clinic, 60)
    clinic.put(ours("error"))
    clinic.later(seconds=121)
    assert "her2 was `error`" in trouble(watch)
    assert clinic.at_source("Subscription")[0]["status"] == "active"


def test_one_in_error_is_activated_again_and_what_was_not_sent_is_found(clinic):
    clinic.put(ours("error", error="The endpoint did not answer"))
    clinic.trading.desk.keep_channel("hapi", Channel(SUBSCRIPTION, status="active"))
    watch = watching(clinic, caught_up=False)
    assert "activate it again" in trouble(watch)
    clinic.work()
    (there,) = clinic.at_source("Subscription")
    assert there["status"] == "active"
    assert "error" not in there
    assert "activate it again" in channel(clinic).said
    clinic.put(ours("off"))
    clinic.put(ihc())
    clinic.later(minutes=4)
    assert trouble(watch) == ""
    assert not clinic.plans("p1")
    clinic.later(minutes=2)
    assert "was `off`" in trouble(watch)
    clinic.work()
    assert len(clinic.plans("p1")) == 1
    clinic.later(minutes=6)
    assert trouble(watch) == ""
    assert channel(clinic) == replace(channel(clinic), status="active", said="")


def test_one_that_is_in_error_each_time_is_activated_each_time(clinic):
    clinic.put(ours("active"))
    clinic.trading.desk.keep_channel("hapi", Channel(SUBSCRIPTION, status="active"))
    watch = watching(clinic)
    becomes(clinic, "error")
    clinic.put(ours("error"))
    for _ in range(3):
        clinic.put(ihc(score="1+"))
        clinic.later(minutes=6)
        before = len(clinic.server.log)
        assert "was `error`" in trouble(watch)
        assert asked(clinic, "/Observation?", before)


def test_one_that_does_not_become_active_is_told_once(clinic):
    clinic.trading.desk.keep_channel("hapi", Channel(SUBSCRIPTION, status="active"))
    becomes(clinic, "error")
    clinic.put(ours())
    becomes(clinic, "requested")
    watch = watching(clinic, caught_up=False)
    assert "activate it again" in trouble(watch)
    clinic.later(minutes=6)
    assert "still not active" in trouble(watch)
    clinic.later(minutes=6)
    assert trouble(watch) == ""


def test_a_subscription_that_calls_somebody_else_is_left_as_it_is(clinic):
    clinic.put(ours("off", channel={"type": "rest-hook", "endpoint": "https://other.example"}))
    clinic.trading.desk.keep_channel("hapi", Channel(SUBSCRIPTION))
    watch = watching(clinic, caught_up=False)
    assert "not ours" in trouble(watch)
    assert clinic.at_source("Subscription")[0]["status"] == "off"
    clinic.later(minutes=6)
    assert trouble(watch) == ""


def test_a_subscription_that_was_deleted_is_told_once(clinic):
    clinic.trading.desk.keep_channel("hapi", Channel(SUBSCRIPTION, status="active"))
    watch = watching(clinic, caught_up=False)
    assert "her2 subscribe hapi" in trouble(watch)
    assert channel(clinic).status == "gone"
    clinic.later(minutes=6)
    assert trouble(watch) == ""


def test_a_server_calls_itself_by_many_names_and_its_subscription_is_one(clinic):
    for name in (SUBSCRIPTION, f"http://10.1.1.1:8080/fhir/{SUBSCRIPTION}", f"/{SUBSCRIPTION}"):
        notified(clinic, told("heartbeat", so_far=0, subscription=name))
    assert [c.subscription for c in clinic.trading.desk.channels("hapi")] == [SUBSCRIPTION]


def test_a_source_that_asks_for_them_has_the_drug_records_once(tmp_path):
    with watched(f"sqlite:///{tmp_path / 'her2.db'}", publish=True) as clinic:
        watch = watching(clinic)
        there = clinic.server.count("MedicationKnowledge")
        assert there["count"] == len(clinic.trading.recording.library.drugs)
        before = len(clinic.server.log)
        clinic.later(seconds=5)
        watch.step()
        assert clinic.server.log[before:] == []


def test_a_source_that_does_not_ask_has_none(clinic):
    watching(clinic)
    assert clinic.server.count("MedicationKnowledge")["count"] == 0


def test_a_server_without_the_type_is_told_about_and_not_tried_again(tmp_path):
    url = f"sqlite:///{tmp_path / 'her2.db'}"
    with watched(url, publish=True) as clinic:
        without(clinic, "MedicationKnowledge")
        watch = watching(clinic, caught_up=False)
        assert "has no MedicationKnowledge" in trouble(watch)
        assert "has no MedicationKnowledge" in clinic.trading.desk.state("hapi").publish_said
        for again in (watch, Watch(clinic.trading, SWEEP)):
            clinic.later(minutes=14)
            assert trouble(again) == ""


def test_a_source_that_is_away_does_not_hold_up_what_goes_elsewhere(tmp_path):
    with fhir_stub.running() as other:
        more = {"publish": True, "write_back": other.base}
        with watched(f"sqlite:///{tmp_path / 'her2.db'}", **more) as clinic:
            clinic.server.fault("refuse")
            with pytest.raises(ServerAway):
                watching(clinic, caught_up=False).step()
            assert other.count("MedicationKnowledge")["count"] > 0


def test_a_server_that_was_away_gets_the_records_when_it_is_back(tmp_path):
    with fhir_stub.running() as other:
        more = {"publish": True, "write_back": other.base}
        with watched(f"sqlite:///{tmp_path / 'her2.db'}", **more) as clinic:
            watch = watching(clinic, caught_up=False)
            other.fault("503")
            for _ in range(10):
                trouble(watch)
                clinic.later(seconds=30)
            assert clinic.trading.desk.state("hapi").publish_due is not None
            other.fault("ok")
            clinic.later(minutes=16)
            assert trouble(watch) == ""
            state = clinic.trading.desk.state("hapi")
            assert (state.publish_due, state.publish_said) == (None, "")
            assert other.count("MedicationKnowledge")["count"] > 0


def test_what_could_not_be_read_of_a_record_is_read_by_the_worker(clinic):
    watch = watching(clinic)
    result = clinic.put(ihc())
    clinic.server.fault("503")
    clinic.notify(result)
    clinic.work()
    assert any(lack.transient for lack in clinic.trading.desk.missing("hapi", "Patient/p1"))
    clinic.server.fault("ok")
    clinic.later(minutes=6)
    watch.step()
    assert not any(lack.transient for lack in clinic.trading.desk.missing("hapi", "Patient/p1"))
