"""What an estimated filtration rate says of the creatinine clearance."""

from decimal import Decimal

import pytest

from service.core.condition import Compared, Sign
from service.core.facts import Stretch
from service.fhir.json import decode
from tests.support.safety import CLEARANCE, facts, known, number, result

RATE = "62238-1"
UNIT = "mL/min/{1.73_m2}"
BELOW = Stretch(Decimal(0), Decimal(30), includes_low=True, includes_high=False)
AT_LEAST = Stretch(Decimal(30), None, includes_low=True)


def rate(value, sign="", unit=UNIT, code=RATE, days=1, name=""):
    """An eGFR of so many days ago."""
    more = {"comparator": sign} if sign else {}
    return result(code, number(decode(value.encode()), unit, **more), days, name)


@pytest.mark.parametrize(
    ("sign", "value", "said"),
    [
        ("", "0", BELOW),
        ("", "29.99", BELOW),
        ("", "30", None),
        ("", "30.0", None),
        ("", "37", None),
        ("", "45", None),
        ("", "45.01", AT_LEAST),
        ("", "90", AT_LEAST),
        ("<", "15", BELOW),
        ("<", "30", BELOW),
        ("<=", "29", BELOW),
        ("<=", "30", None),
        ("<", "60", None),
        (">", "60", AT_LEAST),
        (">=", "60", AT_LEAST),
        (">", "45", AT_LEAST),
        (">=", "45", None),
        (">", "30", None),
        (">", "15", None),
    ],
)
def test_a_rate_says_on_which_side_of_30_the_clearance_lies(sign, value, said):
    assert known("crcl", rate(value, sign)) == said


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ("29", {"crcl < 30": True, "crcl <= 50": True, "crcl < 60": True, "crcl >= 30": False}),
        ("46", {"crcl < 30": False, "crcl <= 50": None, "crcl < 60": None, "crcl >= 30": True}),
    ],
)
def test_a_rate_answers_only_what_follows(value, answers):
    crcl = known("crcl", rate(value))
    for text, answer in answers.items():
        _, sign, limit = text.split()
        compared = Compared("crcl", Sign(sign), Decimal(limit))
        assert compared.evaluate({"crcl": crcl}.get) is answer


@pytest.mark.parametrize("code", ["62238-1", "98979-8", "33914-3"])
def test_three_codes_are_rates(code):
    assert known("crcl", rate("20", code=code)) == BELOW


@pytest.mark.parametrize(
    "unit",
    [
        "mL/min/{1.73_m2}",
        "mL/min/1.73_m2",
        "mL/min/1.73m2",
        "mL/min/1.73 m2",
        "mL/min/1.73m²",
        "mL/min/1.73 m^2",
        "mL/min/1.73m*2",
        "ml/min/1,73m2",
        "mL/min per 1.73 m2",
    ],
)
def test_the_unit_has_several_spellings(unit):
    assert known("crcl", rate("20", unit=unit)) == BELOW


@pytest.mark.parametrize("unit", ["mL/min", "mL/s/1.73m2", "mL/min/m2", "%", ""])
def test_a_rate_in_another_unit_says_nothing(unit):
    assert known("crcl", rate("20", unit=unit)) is None


@pytest.mark.parametrize(("days", "said"), [(28, BELOW), (29, None)])
def test_a_rate_counts_for_twenty_eight_days(days, said):
    assert known("crcl", rate("20", days=days)) == said


def test_the_newest_rate_counts_and_two_of_one_time_must_agree():
    assert known("crcl", rate("20", days=9), rate("60", days=1)) == AT_LEAST
    assert known("crcl", rate("20", days=9), rate("40", days=1)) is None
    assert known("crcl", rate("20", name="a"), rate("60", name="b")) is None
    assert known("crcl", rate("20", name="a"), rate("21", name="b")) == BELOW


def test_a_clearance_goes_before_a_rate():
    clearance = result(CLEARANCE, number(70, "mL/min"), 20)
    assert known("crcl", rate("20"), clearance) == 70
    unreadable = result(CLEARANCE, number(70, "mL/h"), 20)
    assert known("crcl", rate("20"), unreadable) is None
    old = result(CLEARANCE, number(70, "mL/min"), 29)
    assert known("crcl", rate("20"), old) == BELOW


def test_the_fact_says_that_it_was_a_rate():
    fact = facts(rate("60", ">", days=2))["crcl"]
    assert fact.said == ("eGFR >60 mL/min/1.73 m2 on 2026-11-20: creatinine clearance at least 30")
    assert [s.reference for s in fact.sources] == [f"Observation/o-{RATE}-2"]
