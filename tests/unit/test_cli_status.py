"""`her2 status`, `her2 outbox` and `her2 quarantine`, as people use them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from service.adapters.store.schema import upgrade
from service.adapters.store.store import SqlStore
from service.cli_quarantine import quarantine
from service.cli_status import outbox, status
from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import Arrival, Channel, State
from service.usecases.record.along import Exchanged
from service.usecases.record.port import Changes

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "HAPI-1094: no Patient"}]}
BODY = b'{"note": "Ms. Invented \xc3\xa9 \\u001b"\x1b[2J'


@pytest.fixture
def url(tmp_path, monkeypatch):
    """A database, and settings with one source whose server is nowhere."""
    file = tmp_path / "her2.toml"
    file.write_text(
        '[sources.hapi]\nbase_url = "http://127.0.0.1:9/fhir"\nwrite_back = true\n'
        'bearer_token = "a-secret"\n'
    )
    url = f"sqlite:///{tmp_path / 'her2.db'}"
    monkeypatch.setenv("HER2_CONFIG", str(file))
    monkeypatch.setenv("HER2_DATABASE_URL", url)
    return url


@pytest.fixture
def store(url):
    upgrade(url)
    store = SqlStore(url)
    store.desk.settle_in([("hapi", "http://127.0.0.1:9/fhir", None)])
    yield store
    store.close()


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def run():
    def run(command, *arguments):
        return CliRunner().invoke(command, arguments, env={"COLUMNS": "300"})

    return run


def owe(store, patient, since, outcome="", parked=False):
    with store.changing([patient], alone=True) as unit:
        unit.apply(Changes(exchanged=Exchanged("hapi", since, owed=[("hapi", patient)])))
    (owed,) = [one for one in store.desk.owed() if one.patient == patient]
    if outcome or parked:
        store.desk.put_off_owed(owed, since, "It answered 422.", outcome, parked)


def quarantined(store, now, *arrivals):
    store.desk.arrive("hapi", arrivals, now)
    return [kept.seq for kept in store.desk.notices()]


def unreadable(**more):
    said = {"type": "Observation", "id": "o1", "method": "PUT", "path": "Observation/o1"}
    said |= {"body": BODY, "state": State.QUARANTINED, "reason": "This is not JSON."}
    return Arrival(None, **(said | more))


# --- status


def test_a_source_that_never_spoke_is_shown_as_it_is(run, store):
    said = run(status).stdout
    for words in ("hapi", "http://127.0.0.1:9/fhir", "never", "0 owed, 0 parked", "not published"):
        assert words in said
    assert "a-secret" not in said


def test_the_whole_of_a_source_is_told(run, store, now):
    desk = store.desk
    quarantined(store, now - timedelta(minutes=12), unreadable())
    waiting = Arrival(Happening.CHANGED, "Observation", "o2", key="v|2")
    desk.arrive("hapi", [waiting], now - timedelta(minutes=12))
    desk.keep_channel(
        "hapi", Channel("Subscription/7", 30, ((21, 21), (25, 28)), now, now, "error", 0, "Why not")
    )
    desk.note("hapi", failing_since=now - timedelta(hours=5), said="Nobody answers.")
    owe(store, "Patient/p1", now - timedelta(days=3), parked=True)
    said = run(status).stdout
    for words in (
        "since 5 h: Nobody answers.",
        "12 min ago",
        "Subscription/7",
        "error; last event 30; missing 21, 25 to 28",
        "Why not",
        "1 quarantined, 1 waiting",
        "0 owed, 1 parked, the oldest 3 d ago",
    ):
        assert words in said, words
    assert "Patient/p1" not in said


def test_the_same_as_json(run, store, now):
    store.desk.keep_channel("hapi", Channel("Subscription/7", 30, ((25, 28),), heard=now))
    owe(store, "Patient/p1", now)
    told = json.loads(run(status, "--format", "json").stdout)
    (source,) = told["sources"]
    assert (source["source"], source["address"]) == ("hapi", "http://127.0.0.1:9/fhir")
    assert (source["mode"], source["failing"], source["lastNotice"]) == ("quarantine", None, None)
    assert source["outbox"]["owed"] == 1
    assert source["subscriptions"][0]["missing"] == [[25, 28]]
    assert source["gaps"] == 4
    assert "p1" not in json.dumps(told)


def test_without_sources_it_says_where_they_are_configured(run, store, monkeypatch):
    monkeypatch.delenv("HER2_CONFIG")
    assert "[sources.NAME]" in run(status).stdout


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(status, []), (outbox, ["list"]), (quarantine, ["list"]), (quarantine, ["replay", "1"])],
)
def test_a_database_that_was_not_upgraded_names_the_command(run, url, command, arguments):
    done = run(command, *arguments)
    assert done.exit_code == 1
    assert "her2 db upgrade" in done.stderr


# --- outbox


def test_nothing_owed_is_said_in_words(run, store):
    assert run(outbox, "list").stdout == "Nothing is owed to anybody.\n"


def test_what_is_owed_is_listed_with_the_servers_words(run, store, now):
    owe(store, "Patient/p1", now, outcome=json.dumps(OUTCOME), parked=True)
    owe(store, "Patient/p2", now)
    lines = run(outbox, "list").stdout.splitlines()
    (parked,) = [line for line in lines if "Patient/p1" in line]
    assert "parked" in parked
    assert "It answered 422. HAPI-1094: no Patient" in parked
    (due,) = [line for line in lines if "Patient/p2" in line]
    assert "due " in due
    told = json.loads(run(outbox, "list", "--format", "json").stdout)
    assert {one["patient"]: one["parked"] for one in told} == {
        "Patient/p1": True,
        "Patient/p2": False,
    }
    assert json.loads(told[0]["outcome"]) == OUTCOME


@pytest.mark.parametrize("outcome", ["no JSON", "[]", '{"issue": 5}', '{"issue": [5]}'])
def test_an_answer_that_is_no_outcome_is_shown_as_it_came(run, store, now, outcome):
    owe(store, "Patient/p1", now, outcome=outcome)
    assert outcome in run(outbox, "list").stdout


def test_a_retry_is_of_all_of_one_source_or_of_one_patient(run, store, now):
    for name in ("p1", "p2"):
        owe(store, f"Patient/{name}", now, parked=True)
    assert run(outbox, "retry", "--patient", "Patient/p1").stdout.startswith("1 ")
    assert [one.patient for one in store.desk.owed(parked=True)] == ["Patient/p2"]
    assert run(outbox, "retry", "--source", "hapi").stdout.startswith("1 ")
    assert run(outbox, "retry").stdout.startswith("0 ")


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(outbox, ["list"]), (outbox, ["retry"]), (quarantine, ["list"])],
)
def test_a_source_that_is_misspelt_is_refused(run, store, command, arguments):
    done = run(command, *arguments, "--source", "hapy")
    assert done.exit_code == 1
    assert "hapi" in done.stderr


# --- quarantine


def test_an_empty_quarantine_is_said_in_words(run, store):
    assert run(quarantine, "list").stdout == "Nothing is in quarantine.\n"


def test_the_list_has_number_time_source_and_reason_and_no_content(run, store, now):
    (number,) = quarantined(store, now, unreadable())
    said = run(quarantine, "list").stdout
    assert f"{number} " in said
    assert "PUT Observation/o1" in said
    assert "This is not JSON." in said
    assert "Invented" not in said
    (told,) = json.loads(run(quarantine, "list", "--format", "json").stdout)
    assert told["number"] == number
    assert "body" not in told


def test_one_is_shown_with_its_body_and_moves_no_cursor(run, store, now):
    (number,) = quarantined(store, now, unreadable())
    said = run(quarantine, "show", str(number)).stdout
    assert "Ms. Invented é" in said
    assert "\x1b" not in said
    assert (
        json.loads(run(quarantine, "show", str(number), "--format", "json").stdout)["text"].encode()
        == BODY
    )


def test_the_help_of_show_says_that_it_is_patient_data(run):
    assert "patient data" in run(quarantine, "show", "--help").stdout


@pytest.mark.parametrize(
    ("body", "words"), [(None, "without a body"), (b"\xff\xfe", "//4= (base64)")]
)
def test_what_is_no_text_is_shown_too(run, store, now, body, words):
    (number,) = quarantined(store, now, unreadable(body=body))
    assert words in run(quarantine, "show", str(number)).stdout


def test_a_replay_says_of_each_what_became_of_it(run, store, now):
    names = {"state": State.QUARANTINED, "reason": "Not read."}
    good = Arrival(Happening.CHANGED, "Observation", "o2", key="v|2", body=b"{}", **names)
    numbers = quarantined(store, now, unreadable(), good)
    done = run(quarantine, "replay", *map(str, numbers), "999")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{numbers[0]}: still in quarantine: ")
    assert lines[1] == f"{numbers[1]}: waiting."
    assert "in quarantine" in lines[2]
    assert done.exit_code == 1


def test_all_of_a_source_is_replayed_at_once(run, store, now):
    kept = [
        Arrival(Happening.CHANGED, "Observation", f"o{n}", key=f"v|{n}", state=State.QUARANTINED)
        for n in range(3)
    ]
    quarantined(store, now, *kept)
    done = run(quarantine, "replay", "--all", "hapi")
    assert done.exit_code == 0
    assert dict(store.desk.counts("hapi").notices) == {"waiting": 3}


@pytest.mark.parametrize("arguments", [[], ["1", "--all", "hapi"]])
def test_a_replay_needs_numbers_or_a_source(run, store, arguments):
    assert run(quarantine, "replay", *arguments).exit_code == 2


def test_a_dismissal_needs_a_reason_and_keeps_it(run, store, now):
    numbers = list(map(str, quarantined(store, now, unreadable(), unreadable())))
    assert run(quarantine, "dismiss", *numbers).exit_code == 2
    assert run(quarantine, "dismiss", "--reason", "x").exit_code == 2
    assert run(quarantine, "dismiss", *numbers, "--reason", " ").exit_code == 1
    done = run(quarantine, "dismiss", *numbers, "--reason", "sent by mistake")
    assert done.exit_code == 0
    assert [line.endswith(": dismissed.") for line in done.stdout.splitlines()] == [True, True]
    assert "sent by mistake" in run(quarantine, "show", numbers[0]).stdout
    assert run(quarantine, "dismiss", numbers[0], "--reason", "x").exit_code == 1


def test_a_number_of_nothing_is_one_sentence(run, store):
    done = run(quarantine, "show", "999")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: Nothing of this number")
