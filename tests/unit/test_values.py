"""value[x] as numbers: digits kept, comparators kept, a contradicting unit heard."""

from decimal import Decimal

import pytest

from service.core.findings import IhcScore, IshConclusion, LabConclusion, Quantity
from service.core.measure import exactly
from service.fhir.values import ValueUnreadable, is_bare, quantity, ratio, value_keys
from tests.support.evidence import (
    CELLS,
    CONCLUSION,
    GENE,
    IHC,
    LOINC,
    NEGATIVE,
    POSITIVE,
    RATIO,
    SCORES,
    answer_of,
    concept,
    observation,
)
from tests.support.reading import findings, refusal


def sent(number, **more):
    return {"valueQuantity": {"value": number, **more}}


def divided(top, bottom, **more):
    return {"valueRatio": {"numerator": {"value": top, **more}, "denominator": bottom}}


# Quantities and ratios


def test_a_quantity_keeps_its_digits():
    assert str(quantity(sent(Decimal("2.50"))).value.digits) == "2.50"


def test_a_whole_number_is_a_number():
    assert quantity(sent(2)).value == exactly(Decimal(2))


@pytest.mark.parametrize("sign", ["<", "<=", ">=", ">"])
def test_a_comparator_is_kept(sign):
    assert quantity(sent(2, comparator=sign)).value.comparator == sign


@pytest.mark.parametrize(
    "unit",
    [
        {"code": "1"},
        {"code": "{ratio}"},
        {"code": "{#}"},
        {"code": "{copies}/{nucleus}"},
        {"code": "{copies}/{cell}"},
        {"unit": "ratio"},
        {"unit": "copies/cell"},
        {"unit": "signals per nucleus"},
        {},
    ],
)
def test_a_unit_of_a_count_is_accepted(unit):
    assert is_bare(unit)
    assert quantity(sent(2, **unit)).reasons == ()


@pytest.mark.parametrize(
    "unit", [{"code": "%"}, {"unit": "%"}, {"code": "ng/mL"}, {"unit": "mg"}, {"code": "mg"}]
)
def test_a_unit_that_contradicts_a_count_is_q04(unit):
    assert quantity(sent(2, **unit)).reasons == ("Q04",)


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400")])
def test_a_number_nobody_measures_is_q03(number):
    said = quantity(sent(number))
    assert (said.value, said.reasons) == (None, ("Q03",))


@pytest.mark.parametrize("number", [None, True, "2.5", [2]])
def test_a_quantity_without_a_number_names_its_value(number):
    with pytest.raises(ValueUnreadable) as caught:
        quantity(sent(number))
    assert caught.value.part == "value.value"


def test_an_unknown_comparator_is_named():
    with pytest.raises(ValueUnreadable) as caught:
        quantity(sent(2, comparator="~"))
    assert caught.value.part == "value.comparator"


@pytest.mark.parametrize(("top", "bottom", "exact"), [(120, 40, 3), (60, 30, 2), (59, 30, None)])
def test_signals_over_signals_are_divided_exactly(top, bottom, exact):
    value = ratio(divided(top, {"value": bottom})).value.exact
    assert value == exact if exact else value * 30 == 59


@pytest.mark.parametrize("bottom", [{"value": 0}, {"value": -1}, {}, None, {"unit": "1"}])
def test_a_ratio_over_nothing_is_q03(bottom):
    assert ratio(divided(120, bottom)).reasons == ("Q03",)


def test_a_ratio_without_a_numerator_names_it():
    with pytest.raises(ValueUnreadable) as caught:
        ratio({"valueRatio": {"denominator": {"value": 40}}})
    assert caught.value.part == "value.numerator"


def test_a_ratio_over_1_keeps_the_digits_and_the_comparator_of_its_numerator():
    said = ratio(divided(Decimal("2.10"), {"value": 1}, comparator=">=")).value
    assert (str(said.digits), said.comparator) == ("2.10", ">=")


def test_the_value_elements_of_a_part_are_found():
    assert value_keys({"valueString": "x", "valueInteger": 2, "status": "final"}) == [
        "valueString",
        "valueInteger",
    ]


# Values of each test, read through an Observation


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (answer_of(SCORES["0"]), IhcScore.ZERO),
        (answer_of(SCORES["1+"]), IhcScore.ONE_PLUS),
        (answer_of(SCORES["2+"]), IhcScore.TWO_PLUS),
        (answer_of(SCORES["3+"]), IhcScore.THREE_PLUS),
        (answer_of(POSITIVE), IhcScore.CODED_POSITIVE),
        (answer_of(NEGATIVE), IhcScore.CODED_NEGATIVE),
        (
            {"valueCodeableConcept": concept("http://snomed.info/sct", "260385009")},
            IhcScore.CODED_NEGATIVE,
        ),
        ({"valueInteger": 2}, IhcScore.TWO_PLUS),
        ({"valueQuantity": {"value": 2, "unit": "{score}"}}, IhcScore.TWO_PLUS),
        ({"valueQuantity": {"value": Decimal("3.0")}}, IhcScore.THREE_PLUS),
        ({"valueQuantity": {"value": 30, "unit": "%"}}, IhcScore.NOT_DONE),
        ({"valueCodeableConcept": {"text": "2+ (equivocal)"}}, IhcScore.TWO_PLUS),
        (
            {"valueCodeableConcept": concept(LOINC, SCORES["1+"], "3+")},
            IhcScore.INCONSISTENT_HIGH,
        ),
    ],
)
def test_an_ihc_value_is_read_as_its_score(value, score):
    (found,) = findings(observation(IHC, value))
    assert found.score is score


@pytest.mark.parametrize(
    ("code", "score"),
    [
        ("POS", IhcScore.CODED_POSITIVE),
        ("NEG", IhcScore.CODED_NEGATIVE),
        ("E", IhcScore.TWO_PLUS),
        ("IND", IhcScore.INDETERMINATE),
    ],
)
def test_an_interpretation_without_a_value_is_the_result(code, score):
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    (found,) = findings(observation(IHC, {}, interpretation=[concept(system, code)]))
    assert found.score is score


def test_an_interpretation_against_the_score_makes_it_inconsistent():
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    said = observation(IHC, {"valueString": "1+"}, interpretation=[concept(system, "POS")])
    (found,) = findings(said)
    assert found.score is IhcScore.INCONSISTENT_HIGH


@pytest.mark.parametrize(
    ("reason", "score"),
    [
        ("not-performed", IhcScore.NOT_DONE),
        ("unknown", IhcScore.NOT_DONE),
        ("asked-unknown", IhcScore.NOT_DONE),
        ("error", IhcScore.INDETERMINATE),
        ("unsupported", IhcScore.INDETERMINATE),
    ],
)
def test_a_missing_ihc_value_is_absent_and_never_negative(reason, score):
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    (found,) = findings(observation(IHC, {}, dataAbsentReason=concept(system, reason)))
    assert found.score is score


@pytest.mark.parametrize(
    ("value", "conclusion"),
    [
        ({"valueBoolean": True}, IshConclusion.AMPLIFIED),
        ({"valueBoolean": False}, IshConclusion.NOT_AMPLIFIED),
        (
            {"valueCodeableConcept": concept("http://snomed.info/sct", "2667000")},
            IshConclusion.NOT_AMPLIFIED,
        ),
        (
            {"valueCodeableConcept": concept("http://snomed.info/sct", "705105000")},
            IshConclusion.NOT_AMPLIFIED,
        ),
        (answer_of(POSITIVE), IshConclusion.AMPLIFIED),
        ({"valueString": "equivocal"}, IshConclusion.EQUIVOCAL),
    ],
)
def test_a_coded_ish_value_is_the_laboratorys_conclusion(value, conclusion):
    (found,) = findings(observation(GENE, value))
    assert found.conclusion is conclusion


def test_a_bare_integer_on_a_coded_ish_test_says_nothing():
    assert findings(observation(GENE, {"valueInteger": 2})) == ()


def test_a_percentage_on_a_coded_ish_test_is_q12():
    (found,) = findings(observation(GENE, sent(30, unit="%")))
    assert found.reasons == ("Q12",)
    assert found.amplification_suspected


def test_a_number_on_a_coded_ish_test_is_the_ratio():
    (found,) = findings(observation(GENE, sent(Decimal("2.1"), unit="{ratio}")))
    assert (found.quantity, found.value.digits) == (Quantity.RATIO, Decimal("2.1"))


def test_a_ratio_in_percent_is_q04():
    (found,) = findings(observation(RATIO, sent(180, unit="%")))
    assert found.reasons == ("Q04",)


def test_cells_may_be_sent_as_a_whole_number():
    (found,) = findings(observation(CELLS, {"valueInteger": 40}))
    assert (found.quantity, found.value.digits) == (Quantity.CELLS, Decimal(40))


@pytest.mark.parametrize(
    ("value", "conclusion"),
    [
        (answer_of(POSITIVE), LabConclusion.POSITIVE),
        (answer_of(NEGATIVE), LabConclusion.NEGATIVE),
        ({"valueString": "HER2-low"}, LabConclusion.LOW),
        ({"valueString": "HER2 negative (ultralow)"}, LabConclusion.ULTRALOW),
        ({"valueString": "equivocal"}, LabConclusion.EQUIVOCAL),
        (
            {"valueCodeableConcept": concept("http://snomed.info/sct", "1381317004")},
            LabConclusion.LOW,
        ),
        (
            {"valueCodeableConcept": concept("http://snomed.info/sct", "1381318009")},
            LabConclusion.ULTRALOW,
        ),
    ],
)
def test_an_overall_conclusion_is_read(value, conclusion):
    (found,) = findings(observation(CONCLUSION, value))
    assert found.conclusion is conclusion


@pytest.mark.parametrize(
    "words",
    [
        "No evidence of HER2 overexpression or amplification",
        "HER2 overexpression not detected",
        "no overexpression",
        "HER2 not positive",
        "HER2 non-amplified",
        "not HER2 positive",
    ],
)
def test_a_conclusion_that_is_denied_is_never_positive(words):
    said = observation(CONCLUSION, {"valueString": words})
    if refusal(said):
        assert refusal(said) == ["Bundle.entry[0].resource.value"]
    else:
        (found,) = findings(said)
        assert found.conclusion is not LabConclusion.POSITIVE


@pytest.mark.parametrize("words", ["HER2 negative, not low", "not HER2-low", "non-low"])
def test_a_conclusion_that_denies_low_is_never_low(words):
    said = observation(CONCLUSION, {"valueString": words})
    if not refusal(said):
        (found,) = findings(said)
        assert found.conclusion is not LabConclusion.LOW


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (observation(RATIO, {"valueQuantity": {"unit": "{ratio}"}}), "value.value"),
        (observation(RATIO, {"valueString": "see report"}), "value"),
        (observation(RATIO, {}), "value"),
        (observation(IHC, {"valueString": "see report"}), "value"),
        (observation(IHC, {"valueInteger": 7}), "value"),
        (observation(GENE, {"valueString": "see report"}), "value"),
        (observation(CONCLUSION, {"valueString": "see report"}), "value"),
        (observation(RATIO, {"valueRatio": {"denominator": {"value": 2}}}), "value.numerator"),
    ],
)
def test_a_value_that_cannot_be_read_names_the_element(said, where):
    assert refusal(said) == [f"Bundle.entry[0].resource.{where}"]


def test_a_ratio_without_a_number_names_the_element():
    component = {"code": concept(LOINC, RATIO), "valueQuantity": {"unit": "{ratio}"}}
    said = observation(CONCLUSION, answer_of(POSITIVE), component=[component])
    assert refusal(said) == ["Bundle.entry[0].resource.component[0].value.value"]
