"""What a patient takes and is allergic to, by codes and whole names."""

import pytest

from service.fhir.facts.medication_names import active_allergies, active_medications
from tests.support.safety import (
    RXNORM,
    ago,
    allergy,
    known,
    medicine,
    record,
)


@pytest.mark.parametrize(
    ("resource", "value"),
    [
        (medicine("", code="3639"), True),
        (medicine("Epirubicin"), True),
        (medicine("10 ML doxorubicin hydrochloride 2 MG/ML Injection"), True),
        (medicine("Doxorubicin", authoredOn=ago(-1)), None),
        (medicine("doxorubicinol"), None),
        (medicine("no doxorubicin"), None),
        (medicine("Doxorubicin", status="completed"), None),
        (medicine("Doxorubicin", status="entered-in-error"), None),
        (medicine("Doxorubicin", doNotPerform=True), None),
        (medicine("Doxorubicin", "MedicationStatement"), True),
        (
            medicine("Doxorubicin", "MedicationStatement", "intended", effectiveDateTime=ago(-30)),
            True,
        ),
        (
            medicine(
                "Doxorubicin",
                "MedicationStatement",
                effectivePeriod={"start": ago(30), "end": ago(-30)},
            ),
            True,
        ),
        (
            medicine(
                "Doxorubicin",
                "MedicationStatement",
                effectivePeriod={"start": ago(30), "end": ago(3)},
            ),
            None,
        ),
    ],
)
def test_an_anthracycline_is_under_way_while_it_is_requested_or_taken(resource, value):
    assert known("anthracycline_concurrent", resource) is value


@pytest.mark.parametrize(("days", "value"), [(0, True), (21, True), (22, None), (-1, None)])
def test_an_anthracycline_given_counts_for_twenty_one_days(days, value):
    given = medicine("Doxorubicin", "MedicationAdministration", "completed")
    r4 = given | {"effectiveDateTime": ago(days)}
    r5 = {k: v for k, v in given.items() if k != "medicationCodeableConcept"} | {
        "medication": {"concept": {"text": "Doxorubicin"}},
        "occurencePeriod": {"start": ago(days)},
    }
    assert known("anthracycline_concurrent", r4) is value
    assert known("anthracycline_concurrent", r5) is value
    assert known("anthracycline_concurrent", r4 | {"status": "not-done"}) is None


def test_a_medicine_is_named_by_the_resource_it_refers_to():
    request = medicine("") | {"medicationReference": {"reference": "#m"}}
    del request["medicationCodeableConcept"]
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "Epirubicin"}}
    assert known("anthracycline_concurrent", request | {"contained": [drug]}) is True


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Clarithromycin 500 MG Oral Tablet", {"clarithromycin 500 mg oral tablet"}),
        ("Omeprazole", {"omeprazole"}),
        ("Verapamil hydrochloride 80 MG", {"verapamil"}),
        ("Trastuzumab 150 MG [Herceptin]", {"trastuzumab", "herceptin"}),
        ("ritonavir 50 MG / lopinavir 200 MG Oral Tablet", {"ritonavir", "lopinavir"}),
    ],
)
def test_a_medicine_has_its_whole_name_and_the_name_of_its_ingredient(text, names):
    (found,) = active_medications(record(medicine(text)))
    assert names <= set(found.names)
    assert "mycin" not in found.names


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"status": "active"}, True),
        ({"status": "completed", "authoredOn": ago(13)}, True),
        ({"status": "completed", "authoredOn": ago(14)}, False),
        ({"status": "completed"}, False),
        ({"status": "stopped", "authoredOn": ago(2)}, False),
        ({"status": "active", "authoredOn": ago(-1)}, False),
        ({"status": "entered-in-error"}, False),
        ({"status": "active", "doNotPerform": True}, False),
    ],
)
def test_a_medicine_is_active_or_completed_within_a_fortnight(more, kept):
    assert bool(active_medications(record(medicine("Omeprazole") | more))) is kept


def test_a_medicine_brings_its_codes_and_source():
    (found,) = active_medications(record(medicine("Doxorubicin", code="3639")))
    assert (RXNORM, "3639") in found.codes
    assert [s.reference for s in found.sources] == ["MedicationRequest/m-11-active"]
    assert found.running


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (allergy("Allergy to trastuzumab (finding)"), "trastuzumab"),
        (allergy("Polysorbate 80"), "polysorbate 80"),
        (allergy("Docetaxel hypersensitivity"), "docetaxel"),
        (allergy("Hyaluronidase (substance)"), "hyaluronidase"),
    ],
)
def test_an_allergy_names_its_substance(said, name):
    (found,) = active_allergies(record(said))
    assert name in found.names


@pytest.mark.parametrize(
    "said",
    [
        allergy("Docetaxel", "resolved"),
        allergy("Docetaxel", "inactive"),
        allergy("Docetaxel", verified="refuted"),
        allergy("Docetaxel", verified="entered-in-error"),
        allergy("No known allergies"),
        allergy("Docetaxel") | {"recordedDate": ago(-1)},
    ],
)
def test_an_allergy_that_does_not_stand_is_none(said):
    assert active_allergies(record(said)) == []
