"""Numbers as laboratories give them: exact, compared whole, never rounded."""

from decimal import Decimal
from fractions import Fraction

import pytest

from service.core.measure import Interval, compared, counted, exactly, readable, shown

AT_LEAST_2 = Interval(Fraction(2), None)
BELOW_2 = Interval(None, Fraction(2), high_open=True)
FOUR_TO_SIX = Interval(Fraction(4), Fraction(6), high_open=True)


def test_one_point_nine_nine_nine_nine_is_below_two():
    assert exactly(Decimal("1.9999")).interval.inside(BELOW_2)
    assert not exactly(Decimal("1.9999")).interval.overlaps(AT_LEAST_2)


@pytest.mark.parametrize("written", ["2", "2.0", "2.000", "2E0", "20e-1"])
def test_two_however_written_is_not_below_two(written):
    assert exactly(Decimal(written)).interval.inside(AT_LEAST_2)
    assert not exactly(Decimal(written)).interval.inside(BELOW_2)


def test_ten_point_five_is_more_than_two():
    assert exactly(Decimal("10.5")).interval.inside(AT_LEAST_2)


@pytest.mark.parametrize(
    ("number", "inside"),
    [
        ("3.99", False),
        ("3.999999999999999999999999999999", False),
        ("4.0", True),
        ("5.99", True),
        ("6.0", False),
    ],
)
def test_the_band_of_four_to_six_holds_its_lower_end_only(number, inside):
    assert exactly(Decimal(number)).interval.inside(FOUR_TO_SIX) is inside


@pytest.mark.parametrize(
    ("sign", "number", "at_least_2", "below_2"),
    [
        (">", "2", True, False),
        (">=", "2.0", True, False),
        ("<", "2.0", False, True),
        ("<=", "2.0", False, False),
        (">=", "1.8", False, False),
        (">", "1.9999", False, False),
        ("<=", "1.9999", False, True),
    ],
)
def test_a_comparator_lies_on_one_side_of_a_threshold_or_on_neither(
    sign, number, at_least_2, below_2
):
    interval = compared(sign, Decimal(number)).interval
    assert interval.inside(AT_LEAST_2) is at_least_2
    assert interval.inside(BELOW_2) is below_2


def test_what_is_below_a_number_does_not_reach_below_zero():
    interval = compared("<", Decimal(4)).interval
    assert interval.low == 0
    assert not interval.overlaps(Interval(None, Fraction(0), high_open=True))


def test_a_word_that_is_no_comparator_is_refused():
    with pytest.raises(ValueError, match="about"):
        compared("about", Decimal(2))


def test_stretches_that_only_touch_at_an_open_end_do_not_overlap():
    closed = Interval(Fraction(2), Fraction(4))
    assert not closed.overlaps(Interval(Fraction(4), Fraction(6), low_open=True))
    assert closed.overlaps(Interval(Fraction(4), Fraction(6)))


def test_a_stretch_without_an_end_is_inside_no_bounded_one():
    assert not Interval(None, None).inside(AT_LEAST_2)
    assert not Interval(Fraction(4), None).inside(FOUR_TO_SIX)
    assert AT_LEAST_2.inside(Interval(None, None))


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("1.9", "1.85", "1.95"),
        ("1.90", "1.895", "1.905"),
        ("2", "1.5", "2.5"),
        ("20", "19.5", "20.5"),
    ],
)
def test_what_rounds_to_a_number_is_half_a_unit_of_its_last_place_on_either_side(
    written, low, high
):
    rounding = exactly(Decimal(written)).rounding
    assert (rounding.low, rounding.high) == (Fraction(low), Fraction(high))
    assert rounding.high_open
    assert not rounding.low_open


def test_a_fraction_of_counts_is_exact_and_stands_for_itself():
    three = counted(Fraction(120, 40))
    assert three.exact == 3
    assert three.rounding == three.interval


def test_a_number_is_shown_with_the_digits_it_was_sent_with():
    assert str(shown(exactly(Decimal("2.50")))) == "2.50"
    assert str(shown(compared(">", Decimal("6.0")))) == "6.0"


def test_a_number_read_from_words_with_a_comparator_is_never_shown():
    assert shown(compared("<", Decimal("1.8"), from_words=True)) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [("3", "3"), ("39999/20000", "1.9999"), ("199999/100000", "1.9999"), ("2/3", "0.6666")],
)
def test_a_computed_number_is_cut_and_never_rounded_up_to_a_threshold(value, said):
    assert shown(counted(Fraction(value))) == Decimal(said)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1E+31", "1E-40"])
def test_what_no_laboratory_measures_is_not_readable(number):
    assert not readable(Decimal(number))


@pytest.mark.parametrize("number", ["0", "-1", "2.5", "1E+30"])
def test_a_number_that_can_be_judged_is_readable(number):
    assert readable(Decimal(number))
