"""A number known by its ends: each end may belong to it or not, and the upper may be missing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.condition import Compared, Sign
from service.core.facts import Stretch

T, F, N = True, False, None
SIGNS = ("<", "<=", ">", ">=", "==", "!=")
OPEN = Stretch(Decimal(30), Decimal(60), includes_high=False)
CLOSED = Stretch(Decimal(30), Decimal(60), includes_low=True)
HALF = Stretch(Decimal(30), Decimal(60))
BELOW_SIXTY = Stretch(Decimal(30), Decimal(60), includes_low=True, includes_high=False)
ENDLESS = Stretch(Decimal(30), None)
ENDLESS_CLOSED = Stretch(Decimal(30), None, includes_low=True)


def compared(stretch, sign, number):
    """A stretch beside a number."""
    return Compared("crcl", Sign(sign), Decimal(number)).evaluate({"crcl": stretch}.get)


@pytest.mark.parametrize(
    ("stretch", "number", "answers"),
    [
        # beside the lower end                 <  <= >  >= == !=
        (OPEN, "29", (F, F, T, T, F, T)),
        (OPEN, "30", (F, F, T, T, F, T)),
        (HALF, "30", (F, F, T, T, F, T)),
        (ENDLESS, "30", (F, F, T, T, F, T)),
        (CLOSED, "30", (F, N, N, T, N, N)),
        (BELOW_SIXTY, "30", (F, N, N, T, N, N)),
        (ENDLESS_CLOSED, "30", (F, N, N, T, N, N)),
        (CLOSED, "29.99", (F, F, T, T, F, T)),
        (ENDLESS_CLOSED, "29.99", (F, F, T, T, F, T)),
        # inside
        (OPEN, "45", (N, N, N, N, N, N)),
        (CLOSED, "30.01", (N, N, N, N, N, N)),
        (ENDLESS, "30.01", (N, N, N, N, N, N)),
        (ENDLESS_CLOSED, "9999", (N, N, N, N, N, N)),
        # beside the upper end
        (OPEN, "59.99", (N, N, N, N, N, N)),
        (OPEN, "60", (T, T, F, F, F, T)),
        (BELOW_SIXTY, "60", (T, T, F, F, F, T)),
        (HALF, "60", (N, T, F, N, N, N)),
        (CLOSED, "60", (N, T, F, N, N, N)),
        (CLOSED, "60.01", (T, T, F, F, F, T)),
    ],
)
def test_a_stretch_is_beside_a_number_when_every_number_in_it_is(stretch, number, answers):
    assert {s: compared(stretch, s, number) for s in SIGNS} == dict(
        zip(SIGNS, answers, strict=True)
    )


def test_a_stretch_without_upper_limit_holds_something():
    assert ENDLESS.high is None
    with pytest.raises(ValueError, match="nothing"):
        Stretch(Decimal(60), Decimal(30), includes_low=True)


def test_a_stretch_is_open_below_and_closed_above_unless_it_says_otherwise():
    assert (HALF.includes_low, HALF.includes_high) == (False, True)


numbers = st.integers(0, 20).map(lambda n: Decimal(n) / 2)


@st.composite
def held(draw):
    """A stretch and two numbers in it."""
    low, high = sorted(draw(st.tuples(numbers, numbers).filter(lambda n: n[0] != n[1])))
    stretch = Stretch(
        low, draw(st.sampled_from([high, None])), *draw(st.tuples(*2 * [st.booleans()]))
    )
    top = high if stretch.high is not None else Decimal(99)
    steps = int((top - low) * 4)
    first, last = int(not stretch.includes_low), steps - int(not stretch.includes_high)
    inside = st.integers(first, last).map(lambda n: low + Decimal(n) / 4)
    return stretch, draw(inside), draw(inside)


@given(held(), st.sampled_from(SIGNS), numbers)
def test_what_a_stretch_answers_each_of_its_numbers_answers(held, sign, number):
    stretch, one, other = held
    decided = compared(stretch, sign, number)
    answers = {compared(one, sign, number), compared(other, sign, number)}
    assert decided is None or answers == {decided}
