from datetime import UTC, datetime
from decimal import Decimal

import pytest

from service.fhir.search_times import microseconds, stretch
from service.fhir.search_values import LONGEST, SearchValue, fitted, search_values, ways_of
from service.knowledge.search_parameters import shipped_search


def found(resource, release="r4", resolve=lambda reference: reference):
    """name -> what is found by it, as (system, value) or (low, high)."""
    parameters = shipped_search()[release].parameters[resource["resourceType"]]
    names = {}
    for v in search_values(resource, ways_of(parameters.values()), resolve):
        said = (v.system, v.value) if v.value is not None else (v.low, v.high)
        names.setdefault(v.name, []).append(said)
    return names


def at(*moment):
    return microseconds(datetime(*moment, tzinfo=UTC))


def observation(**more):
    return {"resourceType": "Observation", **more}


def test_a_code_is_found_by_each_coding_without_its_case():
    code = {
        "coding": [{"system": "http://loinc.org", "code": "48676-1"}, {"code": "HER2"}],
        "text": "HER2",
    }
    names = found(observation(status="final", code=code))
    assert names["code"] == [("http://loinc.org", "48676-1"), (None, "her2")]
    assert names["combo-code"] == names["code"]
    assert names["status"] == [(None, "final")]


def test_a_component_is_found_beside_the_code():
    component = [{"code": {"coding": [{"code": "ratio"}]}, "valueQuantity": {"value": Decimal(2)}}]
    names = found(observation(code={"coding": [{"code": "ish"}]}, component=component))
    assert names["component-code"] == [(None, "ratio")]
    assert names["combo-code"] == [(None, "ish"), (None, "ratio")]


def test_an_identifier_keeps_its_case():
    names = found(observation(identifier=[{"system": "urn:lab", "value": "S-1a"}]))
    assert names["identifier"] == [("urn:lab", "S-1a")]


def test_a_patient_is_found_as_subject_and_as_patient():
    names = found(observation(subject={"reference": "Patient/1/_history/3"}))
    assert names["subject"] == names["patient"] == [(None, "Patient/1")]


@pytest.mark.parametrize(
    "subject", [{"reference": "Group/1"}, {"reference": "urn:uuid:1", "type": "Device"}]
)
def test_a_subject_that_is_no_patient_is_not_found_as_one(subject):
    names = found(observation(subject=subject))
    assert "subject" in names
    assert "patient" not in names


def test_a_reference_is_found_by_what_it_was_resolved_to():
    names = found(
        observation(specimen={"reference": "urn:uuid:7"}), resolve={"urn:uuid:7": "Specimen/7"}.get
    )
    assert names["specimen"] == [(None, "Specimen/7")]


def test_a_reference_by_identifier_is_found_by_it():
    names = found(observation(subject={"identifier": {"system": "urn:mrn", "value": "M1"}}))
    assert names["patient:identifier"] == names["subject:identifier"] == [("urn:mrn", "M1")]
    assert "subject" not in names


def test_a_contained_resource_is_found_by_nobody():
    assert "specimen" not in found(observation(specimen={"reference": "#s"}))


def test_a_name_is_found_without_case_and_accents_and_as_it_is():
    name = [{"family": "Müller", "given": ["Änne", "Zoe"]}, {"text": "Anne M."}]
    names = found({"resourceType": "Patient", "name": name})
    assert names["family"] == [(None, "muller")]
    assert names["family:exact"] == [(None, "Müller")]
    assert names["given"] == [(None, "anne"), (None, "zoe")]
    assert [value for _, value in names["name"]] == ["muller", "anne", "zoe", "anne m."]


def test_what_is_coded_as_a_truth_is_found_as_true_or_false():
    assert found({"resourceType": "Patient", "active": False})["active"] == [(None, "false")]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1) - 1),
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1) - 1),
        ("2026-11-22", at(2026, 11, 22), at(2026, 11, 23) - 1),
        ("2026-11-22T10:30Z", at(2026, 11, 22, 10, 30), at(2026, 11, 22, 10, 31) - 1),
        ("2026-11-22T01:00:00+02:00", at(2026, 11, 21, 23), at(2026, 11, 21, 23, 0, 1) - 1),
        ("1969-12-31T23:59:59.5-00:00", -500_000, -400_001),
        ("2026-11-22T10:00:00.1234567Z", *[at(2026, 11, 22, 10, 0, 0, 123456)] * 2),
    ],
)
def test_a_date_covers_what_its_precision_leaves_open(text, low, high):
    assert stretch(text) == (low, high)


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "0000", "22.11.2026", "", None, 2026])
def test_what_is_no_date_covers_nothing(text):
    assert stretch(text) is None


def test_a_period_is_open_where_it_says_nothing():
    names = found(observation(effectivePeriod={"start": "2026-01-02"}))
    assert names["date"] == [(at(2026, 1, 2), None)]
    names = found(observation(effectivePeriod={"end": "2026-01-02"}))
    assert names["date"] == [(None, at(2026, 1, 3) - 1)]


def test_the_medication_is_found_in_both_versions():
    coded = {"coding": [{"code": "72962"}]}
    r4 = {"resourceType": "MedicationStatement", "medicationCodeableConcept": coded}
    r5 = {"resourceType": "MedicationStatement", "medication": {"concept": coded}}
    assert found(r4)["code"] == found(r5, "r5")["code"] == [(None, "72962")]


def test_when_something_was_done_is_found_in_both_versions():
    r4 = {"resourceType": "Procedure", "performedDateTime": "2026"}
    r5 = {"resourceType": "Procedure", "occurrenceDateTime": "2026"}
    assert found(r4)["date"] == found(r5, "r5")["date"]


def test_tags_and_profiles_are_found_and_id_and_time_are_left_to_the_store():
    meta = {"tag": [{"system": "s", "code": "c"}], "profile": ["http://p"], "lastUpdated": "2026"}
    assert found(observation(id="1", meta=meta)) == {
        "_tag": [("s", "c")],
        "_profile": [(None, "http://p")],
    }


@pytest.mark.parametrize(
    "junk", [None, 1, True, Decimal("1.5"), "", " ", "x\0y", [], {}, [[]], [None], {"coding": [1]}]
)
def test_what_is_malformed_is_left_out_and_never_fails(junk):
    for release in ("r4", "r5"):
        for kind, parameters in shipped_search()[release].parameters.items():
            for parameter in parameters.values():
                for path in parameter.paths:
                    value = junk
                    for name in reversed(path.split(".")):
                        value = {name: value}
                    got = search_values({"resourceType": kind, **value}, ways_of([parameter]))
                    assert all(isinstance(v, SearchValue) for v in got)
                    assert all("\0" not in (v.value or "") for v in got)


def test_a_long_value_is_kept_by_its_start_and_a_digest():
    long = "x" * (LONGEST + 1)
    assert fitted(long).startswith("x" * LONGEST)
    assert fitted(long) != fitted(long + "y")
    assert len(fitted(long * 50)) == len(fitted(long))
    assert fitted("x" * LONGEST) == "x" * LONGEST


def test_a_value_is_kept_once():
    names = found(observation(code={"coding": [{"code": "a"}, {"code": "A"}]}))
    assert names["code"] == [(None, "a")]
