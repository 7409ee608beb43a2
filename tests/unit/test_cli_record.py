import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from service import cli
from service.adapters.store.schema import upgrade
from service.adapters.store.store import SqlStore
from service.cli_record import Age
from tests.support.endpoint import Endpoint
from tests.support.evidence import ihc


@pytest.fixture
def url(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'her2.db'}"
    monkeypatch.setenv("HER2_DATABASE_URL", url)
    return url


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(cli.main, arguments)


@pytest.fixture
def record(url):
    """A result that was corrected long ago."""
    endpoint = Endpoint(url)
    for day, score in (("2024-01-01", "2+"), ("2024-02-01", "3+")):
        endpoint.now = datetime.fromisoformat(day).replace(tzinfo=UTC)
        endpoint.put(ihc(score))
    endpoint.close()


@pytest.mark.parametrize(("said", "days"), [("1d", 1), ("30d", 30), ("8w", 56), ("2y", 730)])
def test_an_age_is_days_weeks_or_years(said, days):
    assert Age().convert(said, None, None) == timedelta(days=days)


@pytest.mark.parametrize("said", ["", "30", "d", "0d", "-1d", "1.5d", "30 d", "1m", "99999y"])
def test_anything_else_is_no_age(run, url, said):
    done = run("db", "prune", "--older-than", said)
    assert done.exit_code == 2
    assert "30d" in done.stderr


def test_an_upgrade_makes_the_database_and_says_where_it_stands(run, url):
    assert "0002" in run("db", "upgrade").stdout
    assert run("db", "upgrade").exit_code == 0
    store = SqlStore(url)
    assert store.trouble() == ""
    store.close()


@pytest.mark.parametrize(
    "command",
    [["db", "upgrade"], ["db", "prune", "--older-than", "1d"], ["audit", "export"]],
)
def test_a_database_that_is_not_there_is_one_sentence_and_exit_code_1(run, monkeypatch, command):
    monkeypatch.setenv("HER2_DATABASE_URL", "postgresql://me:a-secret@127.0.0.1:1/none")
    done = run(*command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: The database cannot be used")
    assert not any(word in done.stderr for word in ("a-secret", "127.0.0.1", "Traceback"))


@pytest.mark.parametrize("command", [["db", "prune", "--older-than", "1d"], ["audit", "export"]])
def test_a_database_that_was_not_upgraded_names_the_command(run, url, command):
    done = run(*command)
    assert done.exit_code == 1
    assert "her2 db upgrade" in done.stderr


def test_a_prune_says_how_much_it_removed(run, record):
    done = run("db", "prune", "--older-than", "30d")
    assert done.exit_code == 0
    assert "versions that no longer stood" in done.stdout
    assert not done.stdout.startswith("Removed 0 ")
    assert run("db", "prune", "--older-than", "30d").stdout.startswith("Removed 0 ")


def test_the_help_of_a_prune_says_what_past_days_need(run):
    assert "as-of" in run("db", "prune", "--help").stdout


@pytest.mark.parametrize("fhir", ["r4", "r5"])
def test_the_log_is_printed_one_event_a_line(run, record, fhir):
    done = run("audit", "export", "--fhir", fhir)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["action"] for event in events] == ["C", "U"]
    assert {event["resourceType"] for event in events} == {"AuditEvent"}
    assert all(("code" in event) == (fhir == "r5") for event in events)


def test_the_log_is_printed_from_a_day_on(run, record):
    done = run("audit", "export", "--since", "2024-01-15")
    assert [json.loads(line)["action"] for line in done.stdout.splitlines()] == ["U"]


def test_an_empty_log_prints_nothing(run, url):
    upgrade(url)
    assert run("audit", "export").stdout == ""
