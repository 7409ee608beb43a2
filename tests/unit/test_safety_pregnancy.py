"""Pregnancy and breast-feeding: the newest statement counts."""

import pytest

from tests.support.evidence import NEGATIVE, POSITIVE, SNOMED, concept
from tests.support.safety import (
    BREAST_FEEDING,
    HCG,
    STATUS,
    ago,
    coded,
    condition,
    known,
    operation,
    result,
    woman,
)

PREGNANT = {"valueCodeableConcept": concept(SNOMED, "77386006")}
NOT_PREGNANT = {"valueCodeableConcept": concept(SNOMED, "60001007")}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ([result(STATUS, PREGNANT, 280)], True),
        ([result(STATUS, PREGNANT, 281)], None),
        ([result(STATUS, PREGNANT, None)], None),
        ([result(STATUS, PREGNANT, -1)], None),
        ([result(STATUS, PREGNANT, 5, status="entered-in-error")], None),
        ([result(STATUS, NOT_PREGNANT, 5)], False),
        ([result(STATUS, NOT_PREGNANT, 281)], None),
        ([result(STATUS, PREGNANT, 9), result(STATUS, NOT_PREGNANT, 5)], False),
        ([result(STATUS, NOT_PREGNANT, 9), result(STATUS, PREGNANT, 5)], True),
        ([result(STATUS, PREGNANT, 5, "a"), result(STATUS, NOT_PREGNANT, 5, "b")], True),
        ([result(STATUS, PREGNANT, 9), result(STATUS, NOT_PREGNANT, None)], True),
        ([result(HCG, coded(POSITIVE), 9)], True),
        ([result("2106-3", {"valueString": "positive"}, 281)], None),
        ([result(HCG, coded(NEGATIVE), 2)], None),
        ([result(STATUS, NOT_PREGNANT, 9), result(HCG, coded(POSITIVE), 5)], True),
        ([condition("77386006", system=SNOMED)], True),
        ([condition("O09.90")], True),
        ([condition("Z33.1", recordedDate=ago(30))], True),
        ([condition("Z33.2")], None),
        ([condition("O09.90", "resolved")], None),
        ([condition("O09.90", verified="refuted")], False),
        ([condition("O09.90", verified="entered-in-error")], None),
        ([condition("O09.90", "", recordedDate=ago(281))], None),
        ([condition("O09.90", "", recordedDate=ago(280))], True),
        ([condition("Z33.1", recordedDate=ago(30)), result(STATUS, NOT_PREGNANT, 5)], False),
        (
            [
                result(HCG, coded(POSITIVE), 200),
                condition("O80", "resolved", abatementDateTime=ago(20)),
            ],
            None,
        ),
        (
            [
                result(HCG, coded(POSITIVE), 10),
                condition("O80", "resolved", abatementDateTime=ago(20)),
            ],
            True,
        ),
    ],
)
def test_the_newest_statement_about_pregnancy_counts(said, value):
    assert known("pregnant", *said) is value


@pytest.mark.parametrize(
    ("person", "possible"),
    [
        (woman("1971-11-22"), True),
        (woman("1970-11-22"), False),
        (woman("1970-11-23"), True),
        (woman("2014-11-22"), True),
        (woman("2014-11-23"), False),
        (woman(gender="male"), False),
        (woman(None, "male"), False),
        (woman("1940-01-01", None), False),
        (woman(gender=None), None),
        (woman(gender="other"), None),
        (woman(None), None),
        (woman("1970"), None),
        (woman("1980"), True),
    ],
)
def test_pregnancy_is_possible_for_women_of_these_ages(person, possible):
    assert known("pregnancy_possible", person) is possible


@pytest.mark.parametrize(
    ("said", "possible"),
    [
        (operation("Total abdominal hysterectomy"), False),
        (operation("Bilateral salpingo-oophorectomy"), False),
        (operation("Left oophorectomy"), True),
        (operation("Hysterectomy", "preparation"), True),
        (operation("Hysterectomy", performedDateTime=ago(-1)), True),
        (operation("Counselling about hysterectomy, planned"), True),
        (condition("76498008", system=SNOMED), False),
        (condition("76498008", system=SNOMED, verified="refuted"), True),
        (condition("Z78.0"), False),
        (result("11111-1", {"valueCodeableConcept": concept(SNOMED, "76498008")}), False),
        (result(STATUS, NOT_PREGNANT), True),
        (
            result(
                STATUS,
                {"valueCodeableConcept": concept(SNOMED, "60001007", "Not pregnant: hysterectomy")},
            ),
            False,
        ),
        (result(STATUS, NOT_PREGNANT, note=[{"text": "postmenopausal"}]), False),
        (result(STATUS, NOT_PREGNANT, note=[{"text": "not postmenopausal"}]), True),
    ],
)
def test_a_lasting_reason_makes_pregnancy_impossible(said, possible):
    assert known("pregnancy_possible", woman(), said) is possible


@pytest.mark.parametrize(
    ("said", "negative"),
    [
        ([result(HCG, coded(NEGATIVE), 0)], True),
        ([result("2106-3", {"valueCodeableConcept": concept(SNOMED, "260385009")}, 7)], True),
        ([result(HCG, coded(NEGATIVE), 8)], False),
        ([result(HCG, coded(NEGATIVE), -1)], False),
        ([result(HCG, coded(NEGATIVE), 3, status="entered-in-error")], False),
        ([result(HCG, coded(NEGATIVE), 3), result(HCG, coded(POSITIVE), 1)], False),
        ([result(HCG, coded(POSITIVE), 3), result(HCG, coded(NEGATIVE), 1)], True),
        ([result(HCG, coded("LA11884-6"), 1)], False),
        ([result(STATUS, NOT_PREGNANT, 1)], False),
        ([], False),
    ],
)
def test_a_negative_pregnancy_test_is_good_for_seven_days(said, negative):
    assert known("pregnancy_test_negative", *said) is negative


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ([result(BREAST_FEEDING, {"valueString": "Yes"}, 90)], True),
        ([result(BREAST_FEEDING, {"valueString": "Yes"}, 91)], None),
        (
            [result(BREAST_FEEDING, {"valueCodeableConcept": concept(SNOMED, "413712001")})],
            True,
        ),
        ([result(BREAST_FEEDING, {"valueBoolean": False})], False),
        ([result(BREAST_FEEDING, {"valueString": "perhaps"})], None),
        ([condition("Z39.1")], True),
        ([condition("Z39.1", "resolved")], None),
        (
            [
                condition("Z39.1", recordedDate=ago(30)),
                result(BREAST_FEEDING, {"valueString": "no"}, 2),
            ],
            False,
        ),
        ([woman(gender="male"), condition("Z39.1")], False),
        ([woman()], None),
    ],
)
def test_the_newest_statement_about_breast_feeding_counts(said, value):
    assert known("lactating", *said) is value
