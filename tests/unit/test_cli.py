import gzip
import json
import os
from datetime import timedelta

import pytest
from click.testing import CliRunner

from service import __version__, cli
from service.adapters.store.store import SqlStore
from service.core.errors import Fault, KnowledgeError, NotFhir, Unreadable

BASE = "https://her2.example/fhir/CodeSystem/"
BUNDLE = {"resourceType": "Bundle", "type": "collection"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("HER2_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HER2_DATABASE_URL", f"sqlite:///{tmp_path / 'her2.db'}")


@pytest.fixture
def run():
    """Runs `her2` with these arguments and this standard input."""
    return lambda *arguments, sent=None: CliRunner().invoke(cli.main, arguments, input=sent)


@pytest.fixture
def calls(monkeypatch):
    """What reached the use case, as (posted, caller, house)."""
    reached = []

    def assess(posted, caller, library, house, version):
        reached.append((posted, caller, house))
        return answer()

    monkeypatch.setattr(cli, "assess", assess)
    return reached


def coded(system, code, **more):
    return {"coding": [{"system": BASE + system, "code": code} | more]}


def component(name, **value):
    return {"code": coded("her2-observable", name)} | value


def answer():
    """An answer with one specimen, a plan with an option and an exclusion, and a remark."""
    specimen = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/x\x1b[31m"},
        "specimen": {"reference": "Specimen/core"},
        "valueCodeableConcept": coded("her2-category", "positive") | {"text": "HER2 positive"},
        "component": [
            component(
                "binary-status", valueCodeableConcept=coded("her2-binary-status", "positive")
            ),
            component("her2-cep17-ratio", valueQuantity={"value": 2.5}),
            component("rule", valueCodeableConcept=coded("her2-rule", "dp-g1-2")),
            component("ish-group", valueCodeableConcept=coded("her2-ish-group", "group-1")),
        ],
    }
    choice = {"title": "THP", "resource": {"reference": "urn:uuid:option"}}
    plan = {
        "resourceType": "CarePlan",
        "subject": specimen["subject"],
        "title": "Suggestion - requires clinician review: first line",
        "category": [coded("her2-plan-kind", "therapy")],
        "contained": [{"id": "choice", "action": [{"action": [choice]}]}],
        "activity": [
            {"reference": {"reference": "#choice"}},
            {"detail": {"code": {"text": "Measure the LVEF"}}},
            {
                "detail": {
                    "doNotPerform": True,
                    "code": {"text": "T-DXd"},
                    "reasonCode": [{"text": "History of ILD."}],
                }
            },
        ],
    }
    drug = {"productCodeableConcept": {"text": "pertuzumab"}, "description": "840 mg IV once"}
    option = {
        "resourceType": "CarePlan",
        "subject": specimen["subject"],
        "partOf": [{"reference": "urn:uuid:plan"}],
        "category": [
            coded("her2-suggestion-rank", "preferred"),
            coded("her2-suggestion-status", "on-hold"),
        ],
        "activity": [{"detail": drug}],
    }
    remark = {
        "severity": "warning",
        "details": {"text": "A local code was not used."},
        "expression": ["Bundle.entry[1].resource"],
    }
    return {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:specimen", "resource": specimen},
            {"fullUrl": "urn:uuid:plan", "resource": plan},
            {"fullUrl": "urn:uuid:option", "resource": option},
            {"resource": {"resourceType": "OperationOutcome", "issue": [remark]}},
        ],
    }


def refusing(monkeypatch, error):
    def assess(*_):
        raise error

    monkeypatch.setattr(cli, "assess", assess)


def test_an_answer_is_printed_as_json_with_exit_code_0(run, calls):
    done = run("assess", "-", sent=json.dumps(BUNDLE))
    assert done.exit_code == 0
    assert json.loads(done.stdout) == answer()
    assert calls[0][0] == BUNDLE


def test_options_are_the_parameters_of_the_web(run, calls):
    flags = ["--history-complete", "--include-off-label", "--lenient"]
    named = ["--jurisdiction", "eu", "--as-of", "2026-05-01", "--setting", "mbc-1l"]
    run("assess", "-", *flags, *named, "--bundle-type", "transaction", sent="{}")
    _, caller, house = calls[0]
    assert caller.query == {
        "jurisdiction": ["eu"],
        "as-of": ["2026-05-01"],
        "setting": ["mbc-1l"],
        "bundle-type": ["transaction"],
        "history-complete": ["true"],
        "include-off-label": ["true"],
    }
    assert caller.lenient
    assert caller.now.utcoffset() is not None
    assert abs(caller.now - cli.local_time()) < timedelta(minutes=1)
    assert house.jurisdiction == "us"


def test_without_options_nothing_is_stated(run, calls):
    run("assess", "-", sent="{}")
    assert calls[0][1].query == {}
    assert not calls[0][1].lenient


def test_a_gzipped_file_is_read_whatever_its_name(run, calls, tmp_path):
    path = tmp_path / "results.json"
    path.write_bytes(gzip.compress(json.dumps(BUNDLE).encode()))
    assert run("assess", str(path)).exit_code == 0
    assert calls[0][0] == BUNDLE


def test_an_array_becomes_a_bundle_whose_entries_keep_their_positions(run, calls):
    run("assess", "-", sent='[{"resourceType":"Observation"},3]')
    assert calls[0][0] == {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": {"resourceType": "Observation"}}, {"resource": 3}],
    }


def test_a_refusal_is_an_outcome_on_standard_output_with_exit_code_1(run, monkeypatch):
    refusing(monkeypatch, Unreadable(Fault("value", "Send the ratio.", "Bundle.entry[3]")))
    done = run("assess", "-", sent="{}")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["resourceType"] == "OperationOutcome"
    assert said["issue"][0]["expression"] == ["Bundle.entry[3]"]


def test_a_refusal_as_a_table_goes_to_standard_error(run, monkeypatch):
    refusing(monkeypatch, NotFhir(Fault("value", "Send the ratio.", "Bundle.entry[3]")))
    done = run("assess", "-", "--format", "table", sent="{}")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Bundle.entry[3]: Send the ratio." in done.stderr


@pytest.mark.parametrize("sent", ["", "{", "\x1f\x8b broken"])
def test_what_is_not_json_is_refused_like_anything_else(run, calls, sent):
    done = run("assess", "-", sent=sent.encode("latin-1"))
    assert done.exit_code == 1
    assert json.loads(done.stdout)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "arguments", [["no-such-file.json"], [], ["-", "--format", "xml"], ["-", "--colour", "red"]]
)
def test_a_wrong_call_has_exit_code_2(run, arguments):
    assert run("assess", *arguments, sent="{}").exit_code == 2


def test_the_table_says_what_the_bundle_says(run, calls):
    done = run("assess", "-", "--format", "table", sent="{}")
    assert done.exit_code == 0
    for words in (
        "Patient/x",
        "Specimen/core",
        "positive, final",
        "group-1",
        "2.5",
        "dp-g1-2",
        "HER2 positive",
        "Plan: therapy",
        "requires clinician review",
        "Option 1: THP (preferred, on-hold)",
        "pertuzumab: 840 mg IV once",
        "- Measure the LVEF",
        "Not to be given",
        "- T-DXd [History of ILD.]",
        "warning: A local code was not used. (Bundle.entry[1].resource)",
    ):
        assert words in done.stdout, words
    assert "\x1b" not in done.stdout


def test_check_prints_what_was_proved(run):
    done = run("check")
    assert done.exit_code == 0
    assert "tables" in done.stdout
    assert "combinations" in done.stdout


def test_check_of_a_bad_table_says_where_and_exits_1(run, monkeypatch):
    def bad(**_):
        raise KnowledgeError("ihc.csv:4: no row for 1+")

    monkeypatch.setattr(cli, "load_library", bad)
    done = run("check")
    assert done.exit_code == 1
    assert "ihc.csv:4: no row for 1+" in done.stderr


def test_check_of_a_folder_without_tables_exits_1(run, tmp_path):
    assert run("check", "--guideline", str(tmp_path)).exit_code == 1
    assert run("check", "--guideline", str(tmp_path / "none")).exit_code == 2


@pytest.fixture
def served(monkeypatch):
    """The settings with which the server would have been started."""
    started = []

    class Server:
        def __init__(self, *_, **options):
            started.append(options)

        def serve(self, **_):
            pass

    monkeypatch.setattr(cli, "Granian", Server)
    return started


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "her2.example", "localhost.evil"])
def test_an_open_address_without_a_token_is_refused_and_says_what_to_set(run, served, host):
    done = run("serve", "--host", host)
    assert done.exit_code == 2
    assert "HER2_API_TOKEN" in done.stderr
    assert not served


def test_an_open_address_in_the_environment_is_refused_too(run, served, monkeypatch):
    monkeypatch.setenv("HER2_HOST", "0.0.0.0")
    assert run("serve").exit_code == 2
    assert not served


def test_an_open_address_with_a_token_is_served(run, served, monkeypatch):
    monkeypatch.setenv("HER2_API_TOKEN", "x" * 32)
    assert run("serve", "--host", "0.0.0.0").exit_code == 0
    assert served[0]["address"] == "0.0.0.0"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_loopback_address_needs_no_token(run, served, host):
    assert run("serve", "--host", host, "--port", "9", "--workers", "3").exit_code == 0
    assert (served[0]["address"], served[0]["port"], served[0]["workers"]) == (host, 9, 3)


def test_a_wrong_setting_is_one_sentence_and_exit_code_2(run, served, monkeypatch):
    monkeypatch.setenv("HER2_PROT", "1")
    done = run("serve")
    assert done.exit_code == 2
    assert done.stderr == (
        "Error: HER2_PROT is not a known setting (variable). Did you mean HER2_PORT?\n"
    )


def test_the_server_does_not_start_on_a_bad_table(run, served, monkeypatch):
    def bad(_):
        raise KnowledgeError("ihc.csv:4: no row for 1+")

    monkeypatch.setattr(cli, "library_of", bad)
    done = run("serve")
    assert done.exit_code == 1
    assert "ihc.csv:4" in done.stderr
    assert not served


def test_the_database_is_brought_up_to_date_before_the_server_starts(run, served, tmp_path):
    assert run("serve").exit_code == 0
    assert served
    store = SqlStore(f"sqlite:///{tmp_path / 'her2.db'}")
    assert store.trouble() == ""
    store.close()


def test_the_server_does_not_start_without_its_database(run, served, monkeypatch):
    monkeypatch.setenv("HER2_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    done = run("serve")
    assert done.exit_code == 1
    assert "HER2_DATABASE_URL" in done.stderr
    assert not {"secret", "127.0.0.1", "Traceback"} & set(done.output.replace(":", " ").split())
    assert not served


def test_the_version_is_told(run):
    assert __version__ in run("--version").stdout
