"""What schemathesis found of addresses and answers, told plainly."""

import pytest

from tests.support.endpoint import Endpoint
from tests.support.evidence import ihc, patient, specimen


@pytest.fixture
def base(tmp_path):
    endpoint = Endpoint(f"sqlite:///{tmp_path / 'her2.db'}")
    for resource in (patient(), specimen(), ihc("3+")):
        assert endpoint.put(resource).status_code == 201
    yield endpoint
    endpoint.close()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "Patient/_history", "GET, HEAD"),
        ("DELETE", "Patient/_search", "POST"),
        ("GET", "CarePlan/_search", "POST"),
    ],
)
def test_a_word_of_fhir_is_never_an_id(base, method, path, allowed):
    answer = base.call(method, path, patient() if method == "PUT" else None)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed


def test_an_unknown_operation_is_not_taken_for_an_id(base):
    assert base.call("PUT", "Patient/$colour", patient()).status_code == 404


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [("DELETE", None, {}), ("PUT", specimen(), {"Prefer": "return=minimal"})],
)
def test_an_answer_without_a_body_names_no_media_type(base, method, body, headers):
    answer = base.call(method, "Specimen/anna-core", body, **headers)
    assert answer.status_code in (200, 204)
    assert not answer.get_data()
    assert "Content-Type" not in answer.headers


def test_what_is_derived_allows_reading(base):
    derived = next(r for r in base.derived("Patient/anna") if r.startswith("Observation/"))
    answer = base.call("PUT", derived, ihc("0") | {"id": derived.partition("/")[2]})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["Patient", "Patient/anna", "metadata", "ValueSet"])
def test_a_read_of_another_version_than_if_match_names_is_refused_with_an_outcome(base, path):
    answer = base.call("GET", path, If_Match='"another"')
    assert answer.status_code == 412
    assert answer.json["resourceType"] == "OperationOutcome"
