"""What others wrote, as ../shared/cases has it, gives what its README says a reader concludes."""

import gzip
import json
import os
from pathlib import Path

import pytest

from service.fhir.json import decode
from tests.support.cases import (
    BASE,
    code_in,
    is_summary,
    remarks,
    resources,
    said_of,
)
from tests.support.doors import FHIR_JSON, comparable, post, run, the_outcome

SHARED = Path(__file__).parents[3] / "shared" / "cases"
LARGE = 32 * 1024 * 1024
WHOLE = SHARED / "synthea-3.3.0" / "FULL_Cara845_Boyer713.json.gz"
CARA = "synthea-3.3.0/Cara845_Boyer713.slim.json"
NEGATIVE = [
    "synthea-3.3.0/Brigid753_Tristan353_Mertz280.slim.json",
    "synthea-3.3.0/Candra395_Goldie436_Shields502.slim.json",
    "synthea-3.3.0/Carley868_Maryrose226_Kris249.slim.json",
]
OTHERS = [
    "mcode-ig/jenny-m.converted.json",
    "mcode-github/ctms_eom_patient_1.json",
    "mcode-github/app_TrialMatching_Patient01.json",
    "mcode-github/app_query.json",
    "mcode-github/pathways_Maryam.json",
]


@pytest.fixture(autouse=True)
def beside_the_checkout():
    if not SHARED.is_dir():
        assert os.environ.get("CI") != "true", f"{SHARED} must exist in CI"
        pytest.skip("../shared/cases is not beside this checkout")


def by_http(name, **more):
    """The answer to a file; an array of resources is wrapped into a collection Bundle."""
    sent = decode((SHARED / name).read_bytes())
    if isinstance(sent, list):
        entries = [{"resource": resource} for resource in sent]
        sent = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    answer = post(sent, **more)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return decode(answer.get_data())


def by_command(name, *flags):
    """The answer of `her2 assess` to the file as it is."""
    done = run("assess", str(SHARED / name), *flags)
    assert done.exit_code == 0, done.output
    return decode(done.stdout_bytes)


def said_by(answer):
    """What the one patient's summary, and each specimen's Observation, says."""
    observations = resources(answer, "Observation")
    (summary,) = [said_of(o) for o in observations if is_summary(o)]
    specimens = [
        said_of(o)
        for o in observations
        if o["meta"]["profile"] == [f"{BASE}/StructureDefinition/her2-specimen-category"]
    ]
    return summary, specimens


def ratios_in(answer):
    """Every ratio that the answer repeats as a number."""
    return [
        component["valueQuantity"]["value"]
        for observation in resources(answer, "Observation")
        for component in observation.get("component", [])
        if code_in(component["code"], "her2-observable") == "her2-cep17-ratio"
    ]


def test_every_file_that_is_there_is_read_here():
    there = {
        path.relative_to(SHARED).as_posix()
        for path in SHARED.rglob("*.json*")
        if path.parent.name != "reference"
    }
    assert there == {*OTHERS, *NEGATIVE, CARA, WHOLE.relative_to(SHARED).as_posix()}


@pytest.mark.parametrize("name", [*OTHERS, *NEGATIVE, CARA])
def test_the_command_and_http_say_the_same(name):
    assert comparable(by_command(name)) == comparable(by_http(name))


@pytest.mark.parametrize("name", [*OTHERS, *NEGATIVE])
def test_a_negative_without_a_score_is_negative_with_its_level_unknown(name):
    summary, specimens = said_by(by_http(name))
    assert (summary["category"], summary["binary"]) == ("neg-ihc-unknown", "negative")
    assert specimens
    for said in specimens:
        assert (said["category"], said["binary"]) == ("neg-ihc-unknown", "negative")


@pytest.mark.parametrize("name", [*OTHERS, *NEGATIVE])
def test_no_drug_is_suggested_for_them_and_the_level_is_asked_for(name):
    answer = by_http(name)
    (plan,) = resources(answer, "CarePlan")
    assert code_in(plan["category"][0], "her2-plan-kind") == "no-her2-therapy"
    asked = {code_in(a["detail"]["code"], "her2-next-step") for a in plan["activity"]}
    assert asked & {"request-ihc-score", "perform-ihc-for-level"}
    assert resources(answer, "MedicationKnowledge") == []


@pytest.mark.parametrize("name", NEGATIVE)
def test_less_than_1_8_is_read_and_is_no_measured_ratio(name):
    answer = by_http(name)
    assert ratios_in(answer) == []
    _, (said,) = said_by(answer)
    assert "comparator" in said["flags"]
    assert set(said["groups"]) <= {"group-3", "group-4", "group-5"}


def test_a_missing_date_does_not_break_recency():
    answer = by_http("mcode-github/app_TrialMatching_Patient01.json")
    summary, _ = said_by(answer)
    assert summary["category"] == "neg-ihc-unknown"
    assert any(place.endswith(".effective") for place in remarks(answer))


def test_two_answer_systems_of_two_years_agree():
    summary, specimens = said_by(by_http("mcode-github/ctms_eom_patient_1.json"))
    assert "patient-discordant" not in summary["flags"]
    assert {said["category"] for said in specimens} == {"neg-ihc-unknown"}


def test_of_two_tests_in_one_code_one_is_ihc_and_one_is_fish():
    _, specimens = said_by(by_http("mcode-github/pathways_Maryam.json"))
    assert any(rule.startswith("cd-n") for said in specimens for rule in said["rule"])


def cara_is_positive_and_her_group_stays_open(answer):
    summary, (said,) = said_by(answer)
    assert (summary["category"], summary["binary"]) == ("positive", "positive")
    assert said["groups"] == ["group-1", "group-2"]
    assert "comparator" in said["flags"]
    assert ratios_in(answer) == []


def test_cara_is_positive_and_2_2_is_no_measured_ratio():
    cara_is_positive_and_her_group_stays_open(by_http(CARA))
    cara_is_positive_and_her_group_stays_open(by_command(CARA))


@pytest.mark.parametrize("packed", [False, True])
def test_a_whole_record_is_answered_as_its_slim_form(packed):
    body, headers = WHOLE.read_bytes(), {"Content-Encoding": "gzip"}
    if not packed:
        body, headers = gzip.decompress(body), {}
    answer = post(body, headers=headers, max_body_bytes=LARGE)
    assert answer.status_code == 200
    whole = decode(answer.get_data())
    cara_is_positive_and_her_group_stays_open(whole)
    assert said_by(whole) == said_by(by_http(CARA))


def test_the_command_reads_the_whole_record_packed():
    whole = by_command(WHOLE.relative_to(SHARED))
    cara_is_positive_and_her_group_stays_open(whole)
    unpacked = post(gzip.decompress(WHOLE.read_bytes()), max_body_bytes=LARGE)
    assert comparable(whole) == comparable(decode(unpacked.get_data()))


@pytest.mark.parametrize("packed", [False, True])
def test_a_whole_record_is_too_large_by_default_packed_or_not(packed):
    body, headers = WHOLE.read_bytes(), {"Content-Encoding": "gzip"}
    if not packed:
        body, headers = gzip.decompress(body), {}
    answer = post(body, headers=headers)
    assert answer.status_code == 413
    assert the_outcome(answer)["issue"][0]["code"] == "too-long"


def test_an_array_over_http_is_refused_with_what_to_send_instead():
    body = (SHARED / "mcode-github" / "pathways_Maryam.json").read_bytes()
    assert isinstance(json.loads(body), list)
    answer = post(body, headers={"Content-Type": FHIR_JSON})
    assert answer.status_code == 400
    assert "Bundle" in the_outcome(answer)["issue"][0]["details"]["text"]
