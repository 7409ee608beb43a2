"""A decision table finds the one row that the facts meet."""

from decimal import Decimal
from fractions import Fraction

import pytest

from service.core.errors import KnowledgeError
from service.core.measure import Interval, compared, exactly
from service.core.table import MISSING, Cell, Row, Table

BELOW_4 = Cell(bounds=Interval(None, Fraction(4), high_open=True))
AT_LEAST_4 = Cell(bounds=Interval(Fraction(4), None))
NOT_REPORTED = Cell(codes=frozenset({MISSING}))
ANY = Cell()


def row(line, *given):
    return Row(line, given, {"said": line}, "a source")


def table(*rows):
    inputs = {"copies": (MISSING,), "ihc": ("1+", "2+")}
    return Table("copies.csv", inputs, frozenset({"copies"}), rows)


WHOLE = table(
    row("LOW", BELOW_4, ANY),
    row("HIGH", AT_LEAST_4, ANY),
    row("MISSING.1", NOT_REPORTED, Cell(codes=frozenset({"1+"}))),
    row("MISSING.2", NOT_REPORTED, Cell(codes=frozenset({"2+"}))),
)


def number(text):
    return exactly(Decimal(text))


@pytest.mark.parametrize(
    ("copies", "line"), [("3.9999", "LOW"), ("4", "HIGH"), ("4.0", "HIGH"), ("1000", "HIGH")]
)
def test_a_number_meets_the_row_whose_bound_it_satisfies(copies, line):
    assert WHOLE.meet(copies=number(copies), ihc="1+").line == line


def test_a_number_that_was_not_reported_meets_the_row_for_missing():
    assert WHOLE.meet(copies=MISSING, ihc="2+").line == "MISSING.2"


def test_the_lines_of_one_rule_share_its_name():
    assert WHOLE.meet(copies=MISSING, ihc="1+").rule == "MISSING"


def test_the_same_codes_meet_the_same_row_again():
    assert WHOLE.meet(copies=MISSING, ihc="1+") is WHOLE.meet(ihc="1+", copies=MISSING)


def test_a_stretch_that_a_threshold_divides_meets_no_row():
    straddling = compared(">", Decimal("3.5"))
    assert not WHOLE.banded("copies", straddling)
    with pytest.raises(KnowledgeError, match=r"copies\.csv: 0 rows"):
        WHOLE.meet(copies=straddling, ihc="1+")


@pytest.mark.parametrize(("sign", "at"), [("<", "4"), (">=", "4"), (">", "4"), (">", "20")])
def test_a_stretch_on_one_side_of_every_threshold_is_in_one_band(sign, at):
    assert WHOLE.banded("copies", compared(sign, Decimal(at)))


@pytest.mark.parametrize(("sign", "at"), [("<=", "4"), (">", "3.99"), ("<", "4.01")])
def test_a_stretch_over_a_threshold_is_in_no_band(sign, at):
    assert not WHOLE.banded("copies", compared(sign, Decimal(at)))


def test_a_star_takes_anything_and_listed_codes_only_themselves():
    assert ANY.meets("1+")
    assert ANY.meets(number("3"))
    assert NOT_REPORTED.meets(MISSING)
    assert not NOT_REPORTED.meets(number("3"))
    assert not BELOW_4.meets(MISSING)


def test_one_value_stands_for_each_region_that_the_bounds_cut():
    exact = [value.exact for value in WHOLE.regions["copies"]]
    assert exact == [2, 4, 5]
