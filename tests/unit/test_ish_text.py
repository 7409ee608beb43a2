"""ISH results in words: numbers before conclusions, denials heard, percentages never a ratio."""

from decimal import Decimal
from fractions import Fraction

import pytest

from service.core.findings import IshConclusion, Quantity
from service.fhir.ish_text import read_ish_text, read_plain_number


def digits(text):
    """Quantity -> (comparator, number) as the text gives them."""
    return {
        quantity: (n.comparator, n.interval.low if n.comparator[:1] != "<" else n.interval.high)
        for quantity, n in read_ish_text(text).numbers.items()
    }


@pytest.mark.parametrize(
    ("text", "conclusion"),
    [
        ("amplified", IshConclusion.AMPLIFIED),
        ("HER2 gene amplification detected", IshConclusion.AMPLIFIED),
        ("positive", IshConclusion.AMPLIFIED),
        ("FISH amplifiziert", IshConclusion.AMPLIFIED),
        ("not amplified", IshConclusion.NOT_AMPLIFIED),
        ("non-amplified", IshConclusion.NOT_AMPLIFIED),
        ("no HER2 amplification", IshConclusion.NOT_AMPLIFIED),
        ("nicht amplifiziert", IshConclusion.NOT_AMPLIFIED),
        ("unamplified", IshConclusion.NOT_AMPLIFIED),
        ("negative", IshConclusion.NOT_AMPLIFIED),
        ("equivocal", IshConclusion.EQUIVOCAL),
        ("borderline", IshConclusion.EQUIVOCAL),
        ("indeterminate", IshConclusion.UNSATISFACTORY),
        ("uninterpretable", IshConclusion.UNSATISFACTORY),
        ("not done", IshConclusion.NOT_DONE),
        ("not performed", IshConclusion.NOT_DONE),
        ("amplified, negative", IshConclusion.UNSATISFACTORY),
    ],
)
def test_words_of_an_ish_result(text, conclusion):
    assert read_ish_text(text).conclusion is conclusion


@pytest.mark.parametrize("text", ["see report", "FISH", "HER2", "pending"])
def test_what_says_no_result_is_not_readable(text):
    assert not read_ish_text(text).readable


@pytest.mark.parametrize(
    ("text", "sign", "number"),
    [
        ("2.5", "", "2.5"),
        ("2,5", "", "2.5"),
        ("less than 1.8", "<", "1.8"),
        ("greater than 2.2", ">", "2.2"),
        (">= 2.0", ">=", "2.0"),
        ("≥2.0", ">=", "2.0"),
        ("at least 2.0", ">=", "2.0"),
        ("HER2/CEP17 ratio: 1.9", "", "1.9"),
        ("HER2:CEP17 ratio of 2.1", "", "2.1"),
    ],
)
def test_a_number_alone_or_named_is_the_ratio(text, sign, number):
    assert digits(text) == {Quantity.RATIO: (sign, Decimal(number))}


def test_a_report_in_one_sentence_gives_all_its_numbers():
    said = "Ratio 2.5, HER2 copies 5.0, CEP17 copies 2.0, 40 cells counted"
    assert {q: n for q, (_, n) in digits(said).items()} == {
        Quantity.RATIO: Decimal("2.5"),
        Quantity.COPIES: Decimal("5.0"),
        Quantity.CEP17: Decimal("2.0"),
        Quantity.CELLS: Decimal(40),
    }


@pytest.mark.parametrize("text", ["180%", "amplified cells: 30 %", "in 45 percent of cells"])
def test_a_percentage_is_no_ratio(text):
    said = read_ish_text(text)
    assert said.percent is not None
    assert said.numbers == {}


def test_a_year_and_the_name_of_the_gene_are_no_numbers():
    said = read_ish_text("HER2 FISH of 2024-05-01: not amplified")
    assert said.numbers == {}
    assert said.conclusion is IshConclusion.NOT_AMPLIFIED


@pytest.mark.parametrize(
    ("text", "number"), [("2.5", "2.5"), (" 5.2 copies/cell", "5.2"), ("> 6", "6"), ("4,1", "4.1")]
)
def test_a_plain_number_may_carry_its_unit(text, number):
    measured = read_plain_number(text)
    assert measured.digits == Decimal(number)


@pytest.mark.parametrize("text", ["about 2.5", "2.5 (see report)", "2.5%", "two", ""])
def test_anything_beside_a_plain_number_makes_it_unreadable(text):
    assert read_plain_number(text) is None


def test_a_range_stands_for_every_value_in_it():
    measured = read_plain_number("1.8-2.2")
    assert measured is not None
    assert (measured.interval.low, measured.interval.high) == (Fraction("1.8"), Fraction("2.2"))
    assert measured.exact is None


# A word that is denied does not count, and a number that is no ratio is none


@pytest.mark.parametrize(
    "text",
    [
        "No evidence of HER2 gene amplification",
        "no HER2 gene amplification",
        "absence of HER2 amplification",
        "amplification is absent",
        "amplification not seen",
        "amplification was not detected",
        "amplification not identified",
        "HER2 amplification: not detected",
        "HER2 amplification: negative",
        "negative for HER2 gene amplification",
        "without amplification",
        "gene amplification could not be demonstrated",
        "amplification excluded",
        "amplification ruled out",
        "not positive",
        "keine Amplifikation",
    ],
)
def test_amplification_that_is_denied_is_never_read_as_amplified(text):
    assert read_ish_text(text).conclusion is not IshConclusion.AMPLIFIED


@pytest.mark.parametrize(
    "text",
    [
        "no HER2 gene amplification",
        "No evidence of HER2 gene amplification",
        "negative for HER2 gene amplification",
        "HER2 amplification: not detected",
        "HER2 amplification: negative",
    ],
)
def test_the_usual_denials_of_amplification_are_a_result(text):
    assert read_ish_text(text).conclusion is IshConclusion.NOT_AMPLIFIED


@pytest.mark.parametrize(
    "text",
    [
        "group 5",
        "ISH group 4",
        "clone 5",
        "probe 17",
        "monosomy 17",
        "FISH performed on block 2",
        "positive for polysomy 17",
    ],
)
def test_a_number_that_names_something_else_is_no_ratio(text):
    assert Quantity.RATIO not in read_ish_text(text).numbers


@pytest.mark.parametrize(
    "text", ["ratio 1.8-2.2", "ratio 1.8 to 2.0", "ratio between 1.8 and 2.2", "ratio 2.0 - 2.2"]
)
def test_a_range_is_not_read_as_its_lower_end(text):
    number = read_ish_text(text).numbers.get(Quantity.RATIO)
    assert number is None or number.exact is None


def test_two_counts_written_as_a_fraction_are_not_read_as_cep17():
    said = read_ish_text("HER2/CEP17 = 4.0/2.0")
    assert Quantity.CEP17 not in said.numbers
