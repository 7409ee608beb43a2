"""A table is proved by trying every combination of regions and codes."""

from fractions import Fraction

import pytest

from service.core.measure import Interval
from service.core.table import MISSING, Cell, Row, Table
from service.core.table_check import prove


def bound(low=None, high=None, **ends):
    low, high = (None if n is None else Fraction(n) for n in (low, high))
    return Cell(bounds=Interval(low, high, **ends))


BELOW_2, AT_LEAST_2 = bound(high=2, high_open=True), bound(low=2)
CODES = {"ihc": ("1+", "2+")}
ANY = Cell()


def only(*codes):
    return Cell(codes=frozenset(codes))


def proof(*cells, numbers=("ratio",)):
    inputs = {"ratio": (), **CODES}
    rows = tuple(Row(f"R-{i}", given, {}, "a source") for i, given in enumerate(cells, 1))
    return prove(Table("ratio.csv", inputs, frozenset(numbers), rows))


def test_a_whole_table_is_proved_and_its_combinations_counted():
    said = proof((BELOW_2, ANY), (AT_LEAST_2, only("1+")), (AT_LEAST_2, only("2+")))
    assert said.faults == ()
    assert (said.rows, said.combinations) == (3, 6)  # below, at and above 2, by two codes


@pytest.mark.parametrize(
    ("low", "high", "met"),
    [
        (BELOW_2, bound(low=2, low_open=True), "ratio=2, ihc=1+ meets no row"),
        (bound(high=2), AT_LEAST_2, "ratio=2, ihc=1+ meets rows R-1, R-2"),
        (BELOW_2, bound(low="2.1"), "ratio=41/20, ihc=1+ meets no row"),
        (bound(high="2.1", high_open=True), AT_LEAST_2, "ratio=41/20, ihc=1+ meets rows R-1, R-2"),
    ],
)
def test_a_gap_and_an_overlap_are_told_with_the_combination(low, high, met):
    assert f"ratio.csv: {met}" in proof((low, ANY), (high, ANY)).faults


def test_a_code_that_no_row_takes_is_a_gap():
    faults = proof((ANY, only("1+"))).faults
    assert any("ihc=2+ meets no row" in fault for fault in faults)


def test_a_row_that_nothing_meets_is_told():
    faults = proof((ANY, ANY), (ANY, only("3+"))).faults
    assert faults == ("ratio.csv: row R-2 is never met",)


def test_a_missing_number_is_an_input_of_its_own():
    inputs = {"copies": (MISSING,)}
    rows = (Row("R-1", (bound(low=0),), {}, "a source"),)
    said = prove(Table("copies.csv", inputs, frozenset({"copies"}), rows))
    assert any("copies=missing meets no row" in fault for fault in said.faults)


def test_many_faults_are_counted_instead_of_all_told():
    inputs = {"ihc": tuple(f"code-{i}" for i in range(30))}
    rows = (Row("R-1", (only("code-0"),), {}, "a source"),)
    said = prove(Table("ihc.csv", inputs, frozenset(), rows))
    assert len(said.faults) == 6
    assert "24 more" in said.faults[-1]
