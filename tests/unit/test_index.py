"""Finding resources by reference, and which version of each stands."""

import pytest

from service.fhir.entries import Located
from service.fhir.index import index, without_version
from tests.support.cases import resources, said_of
from tests.support.evidence import HOSPITAL, answered, asked, bundle, ihc, patient, specimen
from tests.support.reading import findings, refusal


def located(resource, where="Bundle.entry[0].resource", full_url="", host=""):
    return Located(resource, where, full_url, host)


def found(reference, *entries, host=None):
    everything, faults = index(entries)
    assert faults == []
    return everything.find({"reference": reference}, host=host or entries[0])


PERSON = {"resourceType": "Patient", "id": "anna"}
RESULT = {"resourceType": "Observation", "id": "ihc"}


@pytest.mark.parametrize(
    "reference",
    ["Patient/anna", f"{HOSPITAL}/Patient/anna", "Patient/anna/_history/3"],
)
def test_a_resource_is_found_however_it_is_referred_to(reference):
    person = located(PERSON, "a", f"{HOSPITAL}/Patient/anna")
    result = located(RESULT, "b", f"{HOSPITAL}/Observation/ihc")
    assert found(reference, person, result, host=result) is person


def test_a_urn_is_found_by_itself():
    person = located({"resourceType": "Patient"}, "a", "urn:uuid:1")
    assert found("urn:uuid:1", person) is person


def test_a_relative_reference_never_reaches_another_server():
    person = located(PERSON, "a", "https://other.example/fhir/Patient/anna")
    result = located(RESULT, "b", f"{HOSPITAL}/Observation/ihc")
    everything, _ = index([person, result])
    assert everything.find({"reference": f"{HOSPITAL}/Patient/anna"}, host=result) is None


def test_a_contained_resource_is_found_by_its_host_and_its_siblings_only():
    sample = located({"resourceType": "Specimen", "id": "s"}, "a.contained[0]", host="a")
    host, other = located(RESULT, "a"), located({"resourceType": "Observation", "id": "x"}, "b")
    everything, _ = index([host, sample, other])
    assert everything.find({"reference": "#s"}, host=host) is sample
    assert everything.find({"reference": "#s"}, host=sample) is sample
    assert everything.find({"reference": "#s"}, host=other) is None


@pytest.mark.parametrize(
    "reference", [None, "Patient/anna", {}, {"reference": 3}, {"display": "x"}]
)
def test_what_is_no_reference_finds_nothing(reference):
    everything, _ = index([located(PERSON)])
    assert everything.find(reference, host=located(RESULT)) is None


def test_the_version_is_no_part_of_an_address():
    assert without_version("Observation/a/_history/2") == "Observation/a"


# Versions of one resource


def version(score, **meta):
    return {**ihc(score), "meta": meta}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"versionId": "1"}, {"versionId": "2"}),
        ({"versionId": "9"}, {"versionId": "10"}),
        ({"lastUpdated": "2026-05-01T10:00:00Z"}, {"lastUpdated": "2026-05-02T10:00:00Z"}),
        (
            {"lastUpdated": "2026-05-02T00:15:00+02:00"},
            {"lastUpdated": "2026-05-01T23:00:00Z"},
        ),
        (
            {"versionId": "7", "lastUpdated": "2026-05-01T10:00:00Z"},
            {"versionId": "2", "lastUpdated": "2026-05-01T11:00:00Z"},
        ),
    ],
)  # fmt: skip
def test_the_newer_version_stands_whatever_came_first(older, newer):
    first, second = version("2+", **older), version("3+", **newer)
    for posted in ((first, second), (second, first)):
        (said,) = findings(*posted)
        assert said.score == "3+"


def test_a_later_issue_stands_where_no_version_is_said():
    first = ihc("2+", issued="2026-05-01T10:00:00Z")
    second = ihc("3+", issued="2026-05-03T10:00:00Z")
    (said,) = findings(second, first)
    assert said.score == "3+"


def test_an_amended_result_stands_over_the_final_one():
    (said,) = findings(ihc("3+", status="amended"), ihc("2+"))
    assert said.score == "3+"


def test_a_result_that_a_later_version_says_was_an_error_does_not_count():
    first = version("3+", versionId="1")
    second = {**version("3+", versionId="2"), "status": "entered-in-error"}
    answer = asked(patient(), specimen(), first, second)
    assert {said_of(o)["category"] for o in resources(answer, "Observation")} == {"not-tested"}


def test_two_versions_that_nothing_puts_in_order_are_refused():
    assert refusal(ihc("2+"), ihc("3+")) == ["Bundle.entry[1].resource"]


def test_two_versions_that_are_the_same_are_one():
    assert len(findings(ihc("2+"), ihc("2+"))) == 1


def test_one_id_on_two_servers_is_two_resources():
    posted = bundle(ihc("2+"), ihc("2+"))
    posted["entry"][1]["fullUrl"] = "https://other.example/fhir/Observation/anna-85319-2"
    used = resources(answered(posted), "Provenance")[0]["entity"]
    assert len(used) == 2
