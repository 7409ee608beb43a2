"""Heart, lungs, liver, bowel, genes, hepatitis B and nerves, as a record states them."""

import pytest

from tests.support.evidence import NEGATIVE, POSITIVE, SNOMED, concept
from tests.support.safety import (
    ANTI_HBC,
    HBSAG,
    ICD,
    INTERPRETATION,
    SATURATION,
    ago,
    coded,
    condition,
    facts,
    harm,
    known,
    number,
    result,
)

# Heart, lungs, bowel: conditions


CODED = [
    ("heart_failure", "I50.9", ICD),
    ("heart_failure", "42343007", SNOMED),
    ("heart_failure", "84114007", SNOMED),
    ("ild_current", "J84.10", ICD),
    ("ild_current", "J70.4", ICD),
    ("ild_current", "J67.9", ICD),
    ("ild_current", "233703007", SNOMED),
    ("ild_current", "205237003", SNOMED),
    ("severe_diarrhoea_disorder", "K50.00", ICD),
    ("severe_diarrhoea_disorder", "K91.2", ICD),
    ("severe_diarrhoea_disorder", "K52.831", ICD),
]


@pytest.mark.parametrize(("name", "code", "system"), CODED)
@pytest.mark.parametrize(
    ("status", "verified", "value"),
    [
        ("active", "confirmed", True),
        ("recurrence", "", True),
        ("relapse", "confirmed", True),
        ("", "confirmed", True),
        ("resolved", "confirmed", None),
        ("inactive", "confirmed", None),
        ("remission", "confirmed", None),
        ("active", "refuted", False),
        ("active", "provisional", None),
        ("active", "entered-in-error", None),
    ],
)
def test_a_condition_is_present_refuted_or_not_known(name, code, system, status, verified, value):
    assert known(name, condition(code, status, system, verified)) is value


@pytest.mark.parametrize("code", ["J70.5", "J45.9", "I10", "K52.9"])
def test_other_conditions_say_nothing(code):
    found = facts(condition(code))
    assert not {"ild_current", "heart_failure", "severe_diarrhoea_disorder"} & set(found)


def test_a_present_condition_outweighs_a_refuted_one_and_a_suspicion_opens_it_again():
    refuted = condition("J84.1", verified="refuted")
    assert known("ild_current", refuted, condition("J70.2")) is True
    assert known("ild_current", refuted, condition("J70.2", verified="unconfirmed")) is None


def test_a_condition_that_begins_after_the_day_says_nothing():
    assert known("heart_failure", condition("I50.9", onsetDateTime=ago(-1))) is None
    assert known("heart_failure", condition("I50.9", recordedDate=ago(-1))) is None
    assert known("heart_failure", condition("I50.9", onsetDateTime=ago(0))) is True


def test_a_condition_without_status_is_over_when_it_has_an_end():
    ended = condition("I50.9", status="", abatementDateTime=ago(3))
    assert known("heart_failure", ended) is None
    later = condition("I50.9", status="", abatementDateTime=ago(-3))
    assert known("heart_failure", later) is True


@pytest.mark.parametrize("status", ["resolved", "inactive", "remission"])
def test_lung_disease_that_is_over_is_history(status):
    found = facts(condition("J84.9", status, recordedDate="2001-01-01"))
    assert found["ild_history"].value is True
    assert "ild_current" not in found


def test_refuted_lung_disease_is_neither_present_nor_past():
    found = facts(condition("J84.9", verified="refuted"))
    assert found["ild_current"].value is False
    assert found["ild_history"].value is False


@pytest.mark.parametrize(
    ("event", "current", "history"),
    [
        (harm({"coding": [{"code": "ongoing"}]}), True, None),
        (harm(None), True, None),
        (harm({"coding": [{"code": "resolved"}]}), None, True),
        (harm([{"coding": [{"code": "resolved"}]}], status="completed"), None, True),
        (harm(None, actuality="potential"), None, None),
        (harm(None, status="entered-in-error"), None, None),
        (harm(None, date=ago(-1)), None, None),
        (harm(None, "DetectedIssue", status="final"), True, None),
        (harm(None, "DetectedIssue", status="mitigated"), None, True),
        (harm(None, "DetectedIssue", status="final", identifiedDateTime=ago(-1)), None, None),
    ],
)
def test_a_harm_to_the_lungs_is_present_until_it_is_resolved(event, current, history):
    assert known("ild_current", event) is current
    assert known("ild_history", event) is history


def test_low_oxygen_without_an_explanation_is_lung_disease():
    assert known("ild_current", result(SATURATION, number(91))) is True
    assert known("ild_current", result("2708-6", number(91), 42)) is True
    assert known("ild_current", result(SATURATION, number(91), 43)) is None
    assert known("ild_current", result(SATURATION, number(92))) is None
    assert known("ild_current", result(SATURATION, number(91), note=[{"text": "asthma"}])) is None
    assert known("ild_current", result(SATURATION, number(91, ""))) is None


# Liver class


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"valueString": "C"}, "C"),
        ({"valueString": "Class b"}, "B"),
        ({"valueCodeableConcept": {"text": "Child-Pugh A (5 points)"}}, "A"),
        ({"valueString": "A6"}, "A"),
        ({"valueString": "A12"}, None),
        ({"valueString": "A or B"}, None),
        ({"valueString": "Alcohol"}, None),
        ({"valueInteger": 7}, None),
    ],
)
def test_a_child_pugh_class_is_one_letter(value, grade):
    assert known("child_pugh", result({"text": "Child-Pugh score"}, value, name="cp")) == grade


def test_a_letter_of_another_test_is_no_child_pugh_class():
    assert known("child_pugh", result({"text": "Blood group"}, {"valueString": "A"})) is None


def test_the_newest_child_pugh_class_counts():
    name = {"text": "Child-Pugh"}
    old = result(name, {"valueString": "C"}, 90, "old")
    new = result(name, {"valueString": "A"}, 2, "new")
    assert known("child_pugh", old, new) == "A"
    assert known("child_pugh", old, {**new, "status": "entered-in-error"}) == "C"


# DPYD, hepatitis B, neuropathy


@pytest.mark.parametrize(
    ("value", "complete", "partial"),
    [
        ("Poor metabolizer", True, False),
        ("DPYD intermediate metaboliser (AS 1.0)", False, True),
        ("Normal metaboliser", False, False),
        ("Poor or intermediate metaboliser: normal metaboliser", None, None),
        ("not a poor metaboliser", None, None),
        ("possible poor metaboliser", None, None),
        ("*1/*2A", None, None),
    ],
)
def test_dpyd_is_read_by_the_kind_of_metaboliser(value, complete, partial):
    found = result({"text": "DPYD phenotype"}, {"valueString": value}, 2000, "dpyd")
    assert known("dpd_complete_deficiency", found) is complete
    assert known("dpd_partial_deficiency", found) is partial


def test_the_kind_of_metaboliser_of_another_gene_says_nothing_of_dpyd():
    one = result({"text": "CYP2D6 phenotype"}, {"valueString": "Poor metaboliser"}, name="cyp")
    assert known("dpd_complete_deficiency", one) is None
    parts = [
        {"code": {"text": "CYP2D6"}, "valueString": "Poor metaboliser"},
        {"code": {"text": "DPYD"}, "valueString": "Normal metaboliser"},
    ]
    panel = result({"text": "Pharmacogenetics"}, {"component": parts}, name="panel")
    assert known("dpd_complete_deficiency", panel) is False


def test_the_newest_dpyd_result_that_says_something_counts():
    name = {"text": "DPYD"}
    old = result(name, {"valueString": "Poor metaboliser"}, 90, "old")
    new = result(name, {"valueString": "Normal metaboliser"}, 9, "new")
    unclear = result(name, {"valueString": "see report"}, 1, "unclear")
    assert known("dpd_complete_deficiency", old, new, unclear) is False


def test_hepatitis_b_is_tested_when_antigen_and_antibody_both_have_a_result():
    antigen = result(HBSAG, coded(NEGATIVE), 3000)
    antibody = result(ANTI_HBC, {"valueString": "non-reactive"}, None)
    assert known("hbv_tested", antigen, antibody) is True
    assert known("hbv_tested", antigen) is False
    assert known("hbv_tested", antigen, result(ANTI_HBC, {"valueString": "not done"})) is False
    assert known("hbv_tested", antigen, {**antibody, "status": "entered-in-error"}) is False
    assert known("hbv_tested", antigen, result(ANTI_HBC, coded("LA13538-6"))) is False


@pytest.mark.parametrize(
    ("value", "positive"),
    [
        (coded(POSITIVE), True),
        (coded(NEGATIVE), False),
        ({"valueCodeableConcept": concept(SNOMED, "10828004")}, True),
        (coded("LA11884-6"), None),
        ({"valueString": "Reactive"}, True),
        ({"valueString": "not detected"}, False),
        ({"valueString": "not positive"}, None),
        ({"valueBoolean": True}, True),
        ({"interpretation": [concept(INTERPRETATION, "NEG")]}, False),
        (number(7, "S/CO") | {"interpretation": [concept(INTERPRETATION, "POS")]}, True),
        (number(7, "S/CO"), None),
    ],
)
def test_the_antigen_is_positive_or_negative_as_the_laboratory_says(value, positive):
    assert known("hbsag_positive", result(HBSAG, value)) is positive


def test_the_newest_antigen_counts():
    found = (result(HBSAG, coded(POSITIVE), 9), result(HBSAG, coded(NEGATIVE), 3))
    assert known("hbsag_positive", *found) is False


@pytest.mark.parametrize(
    ("resource", "grade"),
    [
        (result({"text": "Peripheral neuropathy, CTCAE grade"}, {"valueInteger": 3}), 3),
        (result({"text": "Sensory neuropathy"}, {"valueString": "Grade 2"}), 2),
        (result({"text": "Sensory neuropathy"}, {"valueString": "2"}), None),
        (result({"text": "Sensory neuropathy grade"}, {"valueInteger": 7}), None),
        (result({"text": "Optic neuropathy grade"}, {"valueInteger": 3}), None),
        (result({"text": "Tumour grade"}, {"valueInteger": 3}), None),
        (harm(None, event={"text": "Peripheral sensory neuropathy grade 3"}), 3),
        (harm(None, event={"text": "Neuropathy grade 2-3"}), None),
        (harm(None, event={"text": "Peripheral neuropathy"}), None),
        (
            harm({"coding": [{"code": "resolved"}]}, event={"text": "Neuropathy grade 3"}),
            None,
        ),
        (condition("G62.0"), None),
    ],
)
def test_neuropathy_has_the_grade_that_is_written(resource, grade):
    assert known("neuropathy_grade", {**resource, "id": "np"}) == grade


def test_the_newest_grade_of_neuropathy_counts():
    name = {"text": "Neuropathy grade"}
    found = (result(name, {"valueInteger": n}, n, f"g{n}") for n in (3, 1))
    assert known("neuropathy_grade", *found) == 1
