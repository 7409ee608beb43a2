"""Whatever breaks between a FHIR server and us: when it is mended every patient's plan is there,
once, as a fresh assessment says. Servers, service and worker are real processes, and really die."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.adapters.store.schema import upgrade
from tests.support.after_faults import found_after
from tests.support.hospital import hospital
from tests.support.running_exchange import Exchange, running_exchange
from tests.support.small_disk import small_disk
from tests.support.sources import ihc, person, sample
from tests.support.stories import all_steps, first_step, in_rounds

KILLS = 12


@pytest.fixture
def exchange(database_url, tmp_path):
    with running_exchange(database_url, tmp_path) as found:
        yield found


@pytest.fixture
def over(tell):
    """Checks that all is well once nothing is left to do, and prints what it was about."""

    def check(exchange: Exchange, what: str, faults: int) -> None:
        exchange.until_over()
        found = found_after(exchange)
        tell(
            f"{what}, {exchange.url.partition(':')[0].partition('+')[0]}: "
            f"{len(exchange.taken)} events (sent {exchange.tries} times), {faults} faults; "
            f"{found.plans} plans of {found.patients} patients, "
            f"{len(found.lost)} lost, {len(found.doubled)} doubled"
        )
        assert found.lost == []
        assert found.doubled == []
        assert found.plans == found.patients > 0
        assert exchange.troubles() == []

    return check


def names(first: str, count: int) -> list[str]:
    return [f"{first}{n}" for n in range(count)]


def test_a_server_that_was_dead_for_a_whole_run_gets_all_plans_when_it_is_back(tmp_path, over):
    with running_exchange(f"sqlite:///{tmp_path / 'her2.db'}", tmp_path) as exchange:
        events = all_steps(exchange.server, names("p", 12))
        exchange.server.kill()
        exchange.start()
        exchange.send_all(events)
        exchange.until(lambda: not exchange.waiting("hapi", untried=True), "all was tried")
        exchange.server.start()
        exchange.a_while_goes_by()
        over(exchange, "FHIR server dead for the whole run", 1)


def test_a_service_that_is_killed_between_two_steps_goes_on_there(exchange, over):
    server = exchange.server
    events = all_steps(server, names("stored", 6))
    exchange.start(deliver=False)
    exchange.send_all(events)
    assert exchange.waiting("hapi") == len(events)
    exchange.kill()  # between store and work

    exchange.start()
    exchange.until_over()
    before = server.count("CarePlan")["count"]
    derived = names("derived", 6)
    events = [event for name in derived for event in first_step(name)(server)]
    server.fault("refuse")
    exchange.send_all(events)
    exchange.until(lambda: exchange.owed("hapi") == len(derived), "all are derived")
    assert server.count("CarePlan")["count"] == before
    exchange.kill()  # between derive and send

    server.fault("ok")
    exchange.a_while_goes_by()
    exchange.start()
    exchange.until_over()
    before = server.count("CarePlan")["count"]
    events = [event for name in names("sent", 6) for event in first_step(name)(server)]
    server.fault("cut", method="POST")  # what is known of the patients stays as it is
    exchange.send_all(events)
    exchange.until(lambda: server.count("CarePlan")["count"] > before, "the server has a plan")
    assert exchange.owed("hapi") > 0
    exchange.kill()  # after send, before mark

    server.fault("ok")
    exchange.a_while_goes_by()
    exchange.start()
    over(exchange, "kill -9 between two steps", 3)


def until_at_work(exchange: Exchange, known: set[str]) -> None:
    exchange.until(lambda: exchange.claims() - known, "a worker took something up")


def test_a_service_that_is_killed_at_any_moment_loses_and_doubles_nothing(exchange, over):
    moments = [0.04 * n for n in range(KILLS)]  # seconds after it took something up
    random.Random(7).shuffle(moments)
    upgrade(exchange.url)
    at_work = 0
    with ThreadPoolExecutor(8) as senders:
        sent = []
        for kill, events in enumerate(in_rounds(exchange.server, KILLS, each=3)):
            of_the_dead = exchange.claims()
            exchange.start_apart()
            sent += [senders.submit(exchange.send, event) for event in events]
            until_at_work(exchange, of_the_dead)
            time.sleep(moments[kill])
            exchange.kill(all_but=kill % 2)  # all of it, or the worker alone
            at_work += bool(exchange.claims() - of_the_dead)
            if kill % 3 == 2:
                exchange.a_while_goes_by()
        exchange.start_apart()
        for each in sent:
            each.result()
    exchange.a_while_goes_by()
    over(exchange, f"kill -9 at any moment, {at_work} times in the middle of work", KILLS)
    assert at_work > 0


def test_whatever_a_server_does_to_requests_nothing_is_lost_or_doubled(tmp_path, over):
    faults = [
        {"mode": "refuse"},
        {"mode": "slow", "seconds": 0.3},
        {"mode": "cut"},
        {"mode": "500"},
        {"mode": "503", "retry_after": 1},
    ]
    with running_exchange(f"sqlite:///{tmp_path / 'her2.db'}", tmp_path) as exchange:
        server, chance = exchange.server, random.Random(11)
        events = all_steps(server, names("p", 30))
        exchange.start()
        for event in events:
            server.fault(**chance.choice(faults), times=chance.randint(1, 4))
            exchange.send(event)
            time.sleep(0.1)
            if chance.random() < 0.2:
                exchange.a_while_goes_by()
        server.fault("ok")
        exchange.kill()  # what it waits for by itself, it waits for no longer
        exchange.start()
        exchange.a_while_goes_by()
        over(exchange, "requests refused, slow, cut, 500, 503", server.harmed())


def test_a_server_that_says_nothing_holds_up_no_other(tmp_path, over):
    with running_exchange(f"sqlite:///{tmp_path / 'her2.db'}", tmp_path, "hapi", "other") as both:
        other = both.servers["other"]
        events = [
            event for server in both.servers.values() for event in all_steps(server, names("p", 10))
        ]
        random.Random(5).shuffle(events)
        other.hold()
        both.start()
        both.send_all(events)
        both.until_over("hapi")
        assert both.waiting("other") > 0
        assert not other.has_kept("CarePlan")
        other.go_on()
        both.a_while_goes_by()
        over(both, "one of two servers says nothing", 1)


def test_a_disk_that_is_full_is_told_and_nothing_acknowledged_is_lost(tmp_path, over):
    with (
        small_disk(tmp_path / "disk") as disk,
        running_exchange(f"sqlite:///{disk.folder / 'her2.db'}", tmp_path) as exchange,
    ):
        events = all_steps(exchange.server, names("p", 12))
        exchange.start()
        exchange.send_all(events[:5])
        disk.fill(exchange.group)
        with ThreadPoolExecutor(4) as senders:
            sending = [senders.submit(exchange.send, event) for event in events[5:]]
            exchange.until(lambda: exchange.refused.get(503, 0) > 20, "it is told")
            full = exchange.refused[503]
            disk.make_room(exchange.group)
            for each in sending:
                each.result()
        exchange.until_over()
        exchange.kill()
        exchange.start()
        what = "No space left on device" if disk.mounted else "File too large"
        over(exchange, f"disk full ({what})", full)
        assert set(exchange.refused) <= {503, 0}


def test_postgresql_that_is_restarted_costs_nothing(cluster, postgresql_url, tmp_path, over):
    with running_exchange(postgresql_url, tmp_path) as exchange:
        events = all_steps(exchange.server, names("p", 24))
        exchange.start()
        with ThreadPoolExecutor(1) as sender:
            sending = sender.submit(exchange.send_all, events)
            for how in (signal.SIGINT, signal.SIGQUIT):  # stopped, and crashed
                until_at_work(exchange, exchange.claims())
                cluster.stop(how)
                time.sleep(1)
                cluster.start()
            sending.result()
        exchange.a_while_goes_by()
        over(exchange, "PostgreSQL restarted", 2)


def test_a_provenance_whose_receipt_was_lost_is_not_there_twice_when_more_has_happened(
    database_url,
):
    with hospital(database_url) as clinic:
        clinic.put(person())
        clinic.put(sample())
        clinic.happens(ihc(score="2+"))
        clinic.work()
        clinic.server.fault("cut", method="POST")
        clinic.happens(ihc(score="3+"))
        clinic.work()
        clinic.server.fault("ok")
        clinic.delete("Observation/ihc-p1")
        clinic.deliver("DELETE", "Observation/ihc-p1")
        clinic.later(minutes=5)
        clinic.work()
        told = [tell["entity"] for tell in clinic.at_source("Provenance")]
        assert clinic.plans() == []
        assert len(told) == 3  # of 2+, of 3+, and of the withdrawal
        assert all(told.count(one) == 1 for one in told)
