"""What the safety blockers ask of a record: numbers, and the person. Silence is not false."""

import re
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.facts import FactKind
from service.fhir.facts.blood import COUNTS
from service.fhir.facts.heart import LVEF_LIMITS
from service.fhir.facts.liver_and_kidney import CLEARANCE_LIMITS, MULTIPLES
from service.fhir.facts.medication_names import active_allergies, active_medications
from service.fhir.facts.other_risks import QTC_LIMITS
from service.fhir.facts.safety import safety_facts
from service.fhir.json import decode
from tests.support.cases import library
from tests.support.evidence import SNOMED, concept
from tests.support.safety import (
    ALP,
    ALT,
    ALWAYS,
    ANTI_HBC,
    AST,
    BILIRUBIN,
    BLOOD,
    BREAST_FEEDING,
    CLEARANCE,
    ECOG,
    HBSAG,
    HCG,
    LVEF,
    NEUTROPHILS,
    PLATELETS,
    POTASSIUM,
    QTC,
    SATURATION,
    STATUS,
    ago,
    allergy,
    condition,
    facts,
    harm,
    known,
    medicine,
    number,
    ranged,
    record,
    result,
    woman,
)

# The whole


def test_an_empty_record_states_only_that_two_tests_were_not_done():
    found = facts(woman(born=None, gender=None))
    assert set(found) == ALWAYS
    assert not any(fact.value for fact in found.values())


def test_every_fact_has_the_kind_its_name_promises_and_names_what_it_rests_on():
    found = facts(
        woman(),
        result(LVEF, number(58)),
        result(ECOG, {"valueInteger": 1}),
        result(PLATELETS, number(200, BLOOD)),
        result(NEUTROPHILS, number(decode(b"2.5"), BLOOD)),
        ranged(ALT, 62),
        ranged(AST, 62),
        ranged(ALP, 62),
        ranged(BILIRUBIN, 10, high=20, unit="umol/L"),
        ranged(POTASSIUM, 4, low=3, high=5, unit="mmol/L"),
        result(CLEARANCE, number(70, "mL/min")),
        result(QTC, number(410, "ms")),
        result(HBSAG, {"valueString": "negative"}),
        result(ANTI_HBC, {"valueString": "negative"}),
        result({"text": "Child-Pugh"}, {"valueString": "A"}, name="cp"),
        result({"text": "DPYD phenotype"}, {"valueString": "Normal metaboliser"}, name="dpyd"),
        result({"text": "Peripheral neuropathy grade"}, {"valueInteger": 1}, name="np"),
        result(BREAST_FEEDING, {"valueString": "no"}),
        result(STATUS, {"valueCodeableConcept": concept(SNOMED, "60001007")}),
        condition("I50.9", verified="refuted"),
        condition("J84.9", verified="refuted"),
        condition("K50.9", verified="refuted"),
        medicine("doxorubicin"),
    )
    kinds = library().fact_kinds
    wanted = {
        FactKind.TRUTH: bool,
        FactKind.NUMBER: (int, Decimal),
        FactKind.LETTER: str,
    }
    assert len(found) == 29
    for name, fact in found.items():
        assert isinstance(fact.value, wanted[kinds[name]]), name
        assert isinstance(fact.value, bool) == (kinds[name] is FactKind.TRUTH), name
        assert fact.sources or name in ALWAYS, name
        assert "1980" not in fact.said


def test_no_fact_is_stated_twice():
    names = [f.name for f in safety_facts(record(woman(), result(LVEF, number(58))))]
    assert len(names) == len(set(names))


# Numbers: windows, units, ranges, the newest


@pytest.mark.parametrize(
    ("name", "code", "value", "last"),
    [
        ("alt_xuln", ALT, None, 28),
        ("bilirubin_xuln", BILIRUBIN, None, 28),
        ("crcl", CLEARANCE, number(70, "mL/min"), 28),
        ("qtc_ms", QTC, number(500, "ms"), 28),
        ("ecog", ECOG, {"valueInteger": 2}, 92),
        ("platelets", PLATELETS, number(90, BLOOD), 7),
        ("anc", NEUTROPHILS, number(1, BLOOD), 7),
    ],
)
def test_a_result_counts_to_the_last_day_of_its_window(name, code, value, last):
    def of(days):
        return ranged(code, 50, days=days) if value is None else result(code, value, days)

    assert known(name, of(0)) is not None
    assert known(name, of(last)) is not None
    assert known(name, of(last + 1)) is None
    assert known(name, of(-1)) is None
    assert known(name, of(None)) is None


def test_the_newest_ejection_fraction_counts_however_old_it_is():
    found = facts(result(LVEF, number(60), 400), result("8806-2", number(48), 93))
    assert found["lvef"].value == 48
    assert found["lvef_age_days"].value == 93
    assert ago(93) in found["lvef"].said
    assert [s.reference for s in found["lvef"].sources] == ["Observation/o-8806-2-93"]


@pytest.mark.parametrize("impossible", [5, 95, 0, 560])
def test_an_impossible_ejection_fraction_leaves_it_unknown(impossible):
    found = facts(result(LVEF, number(60), 10), result(LVEF, number(impossible), 1))
    assert not {"lvef", "lvef_age_days"} & set(found)


@pytest.mark.parametrize("unit", ["mL", "1", ""])
def test_an_ejection_fraction_that_is_not_in_per_cent_is_unknown(unit):
    assert known("lvef", result(LVEF, number(58, unit))) is None


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "preliminary", "registered"])
def test_a_result_that_does_not_stand_does_not_count(status):
    assert known("lvef", result(LVEF, number(30), 1, status=status)) is None
    both = (result(LVEF, number(58), 9), result(LVEF, number(30), 1, status=status))
    assert known("lvef", *both) == 58


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_a_result_that_stands_counts(status):
    assert known("lvef", result(LVEF, number(58), 1, status=status)) == 58


def test_a_result_issued_after_the_day_is_not_known_on_it():
    assert known("lvef", result(LVEF, number(58), 1, issued=f"{ago(-1)}T08:00:00Z")) is None


def test_a_result_without_a_value_does_not_hide_the_one_before():
    empty = result(LVEF, {"dataAbsentReason": {"text": "not done"}}, 1)
    assert known("lvef", empty, result(LVEF, number(58), 9)) == 58


def test_a_newer_value_that_cannot_be_read_hides_the_one_before():
    assert known("lvef", result(LVEF, {"valueString": "?"}, 1), result(LVEF, number(58), 9)) is None


def test_of_two_results_of_one_day_the_worse_counts():
    first, second = (result(PLATELETS, number(n, BLOOD), 1, f"p{n}") for n in (90, 210))
    assert known("platelets", first, second) == known("platelets", second, first) == 90


def test_of_two_results_of_one_day_with_times_the_later_counts():
    def at(hour, value):
        when = f"{ago(1)}T{hour}:00:00Z"
        return result(PLATELETS, number(value, BLOOD), 1, f"p{value}", effectiveDateTime=when)

    assert known("platelets", at("08", 90), at("16", 120)) == 120


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("90", "10*9/L", "90"),
        ("90", "10*3/uL", "90"),
        ("90000", "/uL", "90"),
        ("90.50", "10*9/L", "90.50"),
        ("90", "g/L", None),
        ("90", "", None),
        ("-1", "10*9/L", None),
    ],
)
def test_platelets_are_read_in_units_that_count_them(value, unit, said):
    found = known("platelets", result(PLATELETS, number(decode(value.encode()), unit)))
    assert (None if found is None else f"{found:f}") == said


def test_a_unit_in_words_is_read_when_there_is_no_code():
    value = {"valueQuantity": {"value": 2, "unit": "10*3/uL"}}
    assert known("anc", result(NEUTROPHILS, value)) == 2


def test_qtc_in_seconds_is_converted():
    assert known("qtc_ms", result(QTC, number(decode(b"0.49"), "s"))) == 490


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("alt_xuln", ALT),
        ("ast_xuln", AST),
        ("alp_xuln", ALP),
        ("bilirubin_xuln", BILIRUBIN),
    ],
)
def test_a_liver_test_is_a_multiple_of_its_own_upper_limit(name, code):
    assert known(name, ranged(code, 100, high=40)) == Decimal("2.5")
    assert known(name, ranged(code, 300, high=30)) == 10
    assert known(name, result(code, number(100, "U/L"))) is None


def test_the_phrase_of_a_multiple_has_the_value_and_its_limit():
    assert facts(ranged(ALT, 62))["alt_xuln"].said == f"ALT 62 U/L on {ago(1)}, upper limit 40"


@pytest.mark.parametrize(
    "given",
    [
        [{"text": "0-40"}],
        [{"low": {"value": 5}}],
        [{"high": {"value": 0}}],
        [{"high": {"value": "40"}}],
        [{"high": {"value": 40, "code": "nkat/L"}}],
        [{"high": {"value": 40}}, {"high": {"value": 55}}],
        [{"high": {"value": 90}, "type": {"coding": [{"code": "treatment"}]}}],
        "40",
    ],
)
def test_a_range_that_gives_no_upper_limit_leaves_the_multiple_unknown(given):
    assert known("alt_xuln", result(ALT, number(100, "U/L"), referenceRange=given)) is None


def test_the_newest_liver_test_without_a_range_leaves_the_multiple_unknown():
    newer = result(ALT, number(100, "U/L"), 1)
    assert known("alt_xuln", newer, ranged(ALT, 30, days=5)) is None


@pytest.mark.parametrize(("status", "value"), [("active", None), ("inactive", None)])
def test_total_bilirubin_says_nothing_with_gilbert_syndrome(status, value):
    tests = (ranged(BILIRUBIN, 30, high=20), ranged(ALT, 30))
    found = facts(*tests, condition("E80.4", status))
    assert "bilirubin_xuln" not in found
    assert "alt_xuln" in found
    refuted = facts(*tests, condition("E80.4", status, verified="refuted"))
    assert refuted["bilirubin_xuln"].value == Decimal("1.5")


@pytest.mark.parametrize(
    ("name", "code", "sign", "value", "unit", "read"),
    [
        ("anc", NEUTROPHILS, "<", "0.1", BLOOD, "0.0"),
        ("anc", NEUTROPHILS, "<", "2.0", BLOOD, None),
        ("platelets", PLATELETS, "<", "100", BLOOD, "99"),
        ("platelets", PLATELETS, "<=", "100", BLOOD, None),
        ("platelets", PLATELETS, ">=", "100", BLOOD, "100"),
        ("platelets", PLATELETS, ">", "50", BLOOD, None),
        ("lvef", LVEF, ">", "55", "%", "55"),
        ("lvef", LVEF, ">", "50", "%", None),
        ("lvef", LVEF, "<", "40", "%", "39"),
        ("crcl", CLEARANCE, "<", "30", "mL/min", "29"),
        ("crcl", CLEARANCE, ">", "60", "mL/min", "60"),
        ("crcl", CLEARANCE, ">", "40", "mL/min", None),
        ("qtc_ms", QTC, ">", "480", "ms", "481"),
        ("qtc_ms", QTC, "<", "480", "ms", "480"),
        ("qtc_ms", QTC, ">=", "480", "ms", None),
        ("qtc_ms", QTC, "~", "400", "ms", None),
    ],
)
def test_a_bound_counts_when_it_answers_every_question_asked_of_it(
    name, code, sign, value, unit, read
):
    said = number(decode(value.encode()), unit, comparator=sign)
    found = known(name, result(code, said))
    assert found == (None if read is None else Decimal(read))


def test_a_clearance_by_body_surface_is_none():
    assert known("crcl", result(CLEARANCE, number(20, "mL/min/{1.73_m2}"))) is None


@pytest.mark.parametrize(("value", "low"), [("3.4", True), ("3.5", False), ("5.9", False)])
def test_potassium_is_low_below_its_own_lower_limit(value, low):
    said = ranged(POTASSIUM, decode(value.encode()), 5, "mmol/L", low=decode(b"3.5"))
    assert known("hypokalaemia", said) is low


def test_potassium_without_a_range_or_older_than_a_week_says_nothing():
    assert known("hypokalaemia", result(POTASSIUM, number(2, "mmol/L"))) is None
    assert known("hypokalaemia", ranged(POTASSIUM, 2, low=3, high=5, days=7)) is True
    assert known("hypokalaemia", ranged(POTASSIUM, 2, low=3, high=5, days=8)) is None


_COMPARED = {
    "lvef": LVEF_LIMITS,
    "crcl": CLEARANCE_LIMITS,
    "qtc_ms": QTC_LIMITS,
    **{name: limits for name, (_, _, limits) in (MULTIPLES | COUNTS).items()},
}


@pytest.mark.parametrize("name", _COMPARED)
def test_the_limits_known_here_are_those_of_the_therapy_tables(name):
    folder = files("service.knowledge") / "therapy" / "2026-05"
    tables = (folder / file for file in ("blockers.csv", "regimens.csv", "settings.csv"))
    text = " ".join(table.read_text(encoding="utf-8") for table in tables)
    asked = set(re.findall(rf"\b{name} *[<>]=? *([\d.]+)", text))
    if name == "lvef":
        asked.remove("10")  # no ejection fraction of a living heart
    assert {Decimal(a) for a in asked} == {Decimal(t) for t in _COMPARED[name].at}


# The person


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("2008-11-22", 18),
        ("2008-11-23", 17),
        ("1960", 65),
        ("1960-11", 65),
        ("1960-12", 65),
        ("2008", None),
        ("2027-01-01", None),
        ("1960-02-30", None),
        ("soon", None),
        (None, None),
    ],
)
def test_age_is_whole_years_and_unknown_when_the_date_leaves_adulthood_open(born, age):
    assert known("age", woman(born)) == age


@pytest.mark.parametrize(
    ("gender", "male"), [("male", True), ("female", False), ("other", None), (None, None)]
)
def test_sex_is_what_the_patient_says(gender, male):
    assert known("sex_male", woman(gender=gender)) is male


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"valueInteger": 3}, 3),
        ({"valueInteger": 6}, None),
        (number(2, "{score}"), 2),
        (number(2, "kg"), None),
        ({"valueString": "ECOG 1"}, 1),
        ({"valueCodeableConcept": {"text": "2 - Ambulatory, self-care only"}}, 2),
        ({"valueString": "1-2"}, None),
        ({"valueString": "1.5"}, None),
        ({"valueString": "good"}, None),
    ],
)
def test_ecog_is_a_grade_from_nought_to_five(value, grade):
    assert known("ecog", result(ECOG, value)) == grade


# Whatever comes


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(-99, 99) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from("value code unit coding text comparator high low".split()),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_CODES = [LVEF, ALT, PLATELETS, POTASSIUM, ECOG, HCG, STATUS, BREAST_FEEDING, HBSAG, SATURATION]
_VALUES = "valueQuantity valueInteger valueString valueCodeableConcept valueBoolean".split()
_PLACES = [*_VALUES, *"interpretation note component status issued referenceRange".split()]
_ELSEWHERE = [
    *"clinicalStatus verificationStatus code onsetDateTime abatementPeriod outcome".split(),
    *"event medication medicationReference medicationCodeableConcept reaction".split(),
    *"effectivePeriod actuality adherence authoredOn".split(),
]


@given(st.sampled_from(_CODES), st.sampled_from(_PLACES), _JSON)
def test_any_value_of_a_result_is_read_or_passed_over(code, place, value):
    safety_facts(record(woman(), result(code, number(50)) | {place: value}))
    words = {"text": "DPYD Child-Pugh neuropathy grade"}
    safety_facts(record(woman(), result(words, {}, name="w") | {place: value}))


@given(st.sampled_from(_ELSEWHERE), _JSON)
def test_any_value_elsewhere_is_read_or_passed_over(place, value):
    for said in (condition("J84.9"), harm(None), medicine("Doxorubicin"), allergy("Docetaxel")):
        whole = record(woman(), said | {place: value})
        safety_facts(whole)
        active_medications(whole)
        active_allergies(whole)


@given(st.sampled_from(["birthDate", "gender"]), _JSON)
def test_any_birth_date_and_gender_are_read_or_passed_over(place, value):
    safety_facts(record(woman() | {place: value}))
