"""By how many points the ejection fraction fell since the first anti-HER2 dose."""

from decimal import Decimal

import pytest

from service.fhir.facts.heart import heart_facts
from service.fhir.json import decode
from tests.support.records import given, taken
from tests.support.safety import LVEF, ago, facts, known, number, record, result

DOSE = 100


def ejection(value, days, name="", unit="%", **more):
    """An LVEF of so many days ago."""
    return result(LVEF, number(decode(value.encode()), unit, **more), days, name)


def dose(days=DOSE, drug="trastuzumab"):
    """A dose of so many days ago."""
    return given(drug, ago(days))


def drop(*resources):
    """The fall in points."""
    return known("lvef_drop", *resources)


@pytest.mark.parametrize(
    ("before", "now", "points"),
    [
        ("62", "46", "16"),
        ("62", "46.1", "15.9"),
        ("60.25", "50.0", "10.25"),
        ("55", "55", "0"),
        ("55", "60", "-5"),
    ],
)
def test_the_fall_is_in_exact_points(before, now, points):
    assert drop(ejection(before, DOSE + 5), dose(), ejection(now, 3)) == Decimal(points)


def test_a_fall_keeps_every_digit():
    old = "62." + "0" * 40 + "1"
    found = drop(ejection(old, DOSE + 5), dose(), ejection("46", 3))
    assert found == Decimal("16." + "0" * 40 + "1")
    assert found > 16


def test_the_nearest_before_the_first_dose_and_the_newest_count():
    found = drop(
        ejection("70", DOSE + 50),
        ejection("60", DOSE + 1),
        dose(),
        ejection("52", 40),
        dose(20),
        ejection("48", 3),
    )
    assert found == 12


@pytest.mark.parametrize(("days", "known_"), [(DOSE + 1, True), (DOSE, True), (DOSE - 1, False)])
def test_a_measurement_of_the_day_of_the_dose_was_before_it(days, known_):
    assert (drop(ejection("60", days), dose(), ejection("50", 3)) == 10) is known_


def test_without_a_measurement_since_nothing_is_known():
    assert drop(ejection("60", DOSE + 1), dose()) is None
    assert drop(ejection("65", DOSE + 9), ejection("60", DOSE + 1), dose()) is None
    assert drop(dose(), ejection("60", 9), ejection("50", 3)) is None


def test_without_anti_her2_therapy_there_is_no_fall():
    assert drop(ejection("60", 50), ejection("40", 3)) is None
    assert drop(ejection("60", 50), dose(40, "docetaxel"), ejection("40", 3)) is None


@pytest.mark.parametrize("drug", ["Enhertu", "Kadcyla", "pertuzumab", "lapatinib", "Phesgo"])
def test_any_anti_her2_drug_counts(drug):
    assert drop(ejection("60", 50), dose(40, drug), ejection("40", 3)) == 20


def test_of_a_dose_of_some_day_of_a_month_the_first_day_counts():
    history = taken("trastuzumab", "2026-08")
    assert drop(ejection("60", 113), history, ejection("50", 3)) == 10  # 1 August
    assert drop(ejection("60", 112), history, ejection("50", 3)) is None


def test_an_undated_dose_is_passed_over():
    undated = taken("pertuzumab", None)
    assert drop(ejection("60", DOSE + 1), dose(), undated, ejection("50", 3)) == 10
    assert drop(ejection("60", DOSE + 1), undated, ejection("50", 3)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        ejection("60", DOSE + 1, comparator=">"),
        ejection("60", DOSE + 1, unit="mL"),
        ejection("5", DOSE + 1),
        ejection("95", DOSE + 1),
    ],
)
def test_what_cannot_be_read_says_nothing_and_no_older_one_stands_in(wrong):
    assert drop(ejection("64", DOSE + 9), wrong, dose(), ejection("50", 3)) is None


def test_two_of_one_time_must_agree():
    now = ejection("50", 3, "a")
    assert drop(ejection("60", DOSE + 1), dose(), now, ejection("51", 3, "b")) is None
    assert drop(ejection("60", DOSE + 1), dose(), now, ejection("50.0", 3, "b")) == 10


def test_the_fact_names_both_measurements():
    fact = facts(ejection("60", DOSE), dose(), ejection("50", 3))["lvef_drop"]
    assert fact.said == ("LVEF 60 % on 2026-08-14 before anti-HER2 therapy, 50 % on 2026-11-19")
    assert {s.reference for s in fact.sources} == {
        f"Observation/o-{LVEF}-{DOSE}",
        f"Observation/o-{LVEF}-3",
    }


def test_the_age_of_a_measurement_that_goes_on_is_no_less_than_nothing():
    going_on = result(LVEF, number(60), None, effectivePeriod={"start": ago(1), "end": ago(-1)})
    found = {fact.name: fact.value for fact in heart_facts(record(going_on))}
    assert found["lvef_age_days"] == 0
