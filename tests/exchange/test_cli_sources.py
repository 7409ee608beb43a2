"""The commands that ask something of one source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import cli_sources
from service.adapters.store.store import SqlStore
from tests.support import fhir_stub
from tests.support.fhir_stub import StubServer
from tests.support.sources import ihc, person

NAMED = {"subscribe": "subscribe", "catch-up": "catch_up", "publish": "publish"}


@pytest.fixture
def server() -> Iterator[StubServer]:
    with fhir_stub.running() as found:
        yield found


@pytest.fixture
def url(tmp_path: Path, server: StubServer, monkeypatch) -> str:
    """Of a database that nobody made yet; two sources are configured."""
    config = tmp_path / "her2.toml"
    config.write_text(
        f"""
        [sources.north]
        base_url = "{server.base}"
        public_url = "https://her2.hospital.example/notify/north"
        write_back = true

        [sources.south]
        base_url = "{server.base}/south"
        """
    )
    found = f"sqlite:///{tmp_path / 'her2.db'}"
    monkeypatch.setenv("HER2_CONFIG", str(config))
    monkeypatch.setenv("HER2_DATABASE_URL", found)
    return found


def run(command: str, *arguments: str) -> Result:
    done = CliRunner().invoke(getattr(cli_sources, NAMED[command]), arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def put(server: StubServer, resource: dict) -> None:
    server.fhir.update(resource["resourceType"], resource["id"], resource)


def test_subscribe_says_what_became_active(url, server):
    done = run("subscribe", "north")
    assert (done.exit_code, done.stdout) == (0, "Subscription/1: active, 1 of them new.\n")
    assert server.count("Subscription")["count"] == 1
    again = run("subscribe", "north")
    assert again.stdout == "Subscription/1: active, 0 of them new.\n"


def test_subscribe_without_our_address_names_the_setting(url):
    done = run("subscribe", "south")
    assert done.exit_code == 2
    assert "[sources.south] public_url" in done.stderr


def test_catch_up_says_how_much_is_new_and_who_works_on_it(url, server):
    put(server, person())
    put(server, ihc())
    done = run("catch-up", "north")
    assert (done.exit_code, done.stdout[:6]) == (0, "1 new:")
    assert "her2 deliver" in done.stdout
    assert run("catch-up", "north").stdout.startswith("0 new")
    store = SqlStore(url)
    assert dict(store.desk.counts("north").notices) == {"waiting": 1}
    store.close()


def test_catch_up_looks_back_as_far_as_it_is_told(url, server):
    put(server, ihc())
    later = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    done = run("catch-up", "north", "--since", later)
    assert (done.exit_code, "future" in done.stderr) == (2, True)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    assert run("catch-up", "north", "--since", yesterday).stdout.startswith("1 new")


@pytest.mark.parametrize("said", ["tomorrow", "2026-13-01", "", "2026"])
def test_what_is_no_time_is_refused_with_an_example(url, said):
    done = run("catch-up", "north", "--since", said)
    assert done.exit_code == 2
    assert "2026-11-01" in done.stderr


def test_publish_says_how_many_records_are_there(url, server):
    done = run("publish", "north")
    assert done.exit_code == 0, done.stderr
    there = server.count("MedicationKnowledge")["count"]
    assert done.stdout.startswith(f"{there} MedicationKnowledge of edition therapy|")


def test_publish_without_a_server_to_write_to_names_the_setting(url):
    done = run("publish", "south")
    assert done.exit_code == 2
    assert "write_back" in done.stderr


@pytest.mark.parametrize("command", sorted(NAMED))
def test_an_unknown_source_is_told_those_that_are_configured(url, command):
    done = run(command, "east")
    assert done.exit_code == 1
    assert "Configured: north, south." in done.stderr


@pytest.mark.parametrize("command", sorted(NAMED))
def test_without_any_source_that_is_what_is_told(monkeypatch, tmp_path, command):
    monkeypatch.setenv("HER2_DATABASE_URL", f"sqlite:///{tmp_path / 'her2.db'}")
    done = run(command, "east")
    assert done.exit_code == 1
    assert "None is configured." in done.stderr


@pytest.mark.parametrize("command", sorted(NAMED))
def test_a_server_that_is_away_is_one_sentence(url, server, command):
    server.fault("refuse")
    done = run(command, "north")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: There is no connection to the server")
    assert done.stderr.count("\n") == 1


def test_what_a_server_refuses_is_told_in_its_own_words(url, server):
    def refused(*_):
        raise fhir_stub.Refusal(422, "Subscriptions are switched off here")

    server.fhir.create = refused
    done = run("subscribe", "north")
    assert done.exit_code == 1
    assert "refused a create of Subscription (HTTP 422)" in done.stderr
    assert "It says: Subscriptions are switched off here" in done.stderr


@pytest.mark.parametrize("command", sorted(NAMED))
def test_a_database_that_cannot_be_used_is_told_without_its_address(monkeypatch, url, command):
    monkeypatch.setenv("HER2_DATABASE_URL", "sqlite:////no/such/folder/her2.db")
    done = run(command, "north")
    assert done.exit_code == 1
    assert "HER2_DATABASE_URL" in done.stderr
    assert "/no/such/folder" not in done.stderr
