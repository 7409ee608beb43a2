"""One ISH count: its group, what can be computed, and why it may be no use."""

import pytest

from service.core.findings import Probe, Quantity
from service.core.measure import shown
from service.core.table import MISSING
from tests.support.laboratory import reading


@pytest.mark.parametrize(
    ("ratio", "copies", "group"),
    [
        ("2.0", "4.0", "1"),
        ("2.0", "3.99", "2"),
        ("1.9999", "6.0", "3"),
        ("1.9999", "5.9999", "4"),
        ("1.9999", "4.0", "4"),
        ("1.9999", "3.9999", "5"),
        (">2", ">6", "1"),
        ("<2.0", ">=20", "3"),
        ("10.5", "21.4", "1"),
    ],
)
def test_two_numbers_fall_in_one_group(ratio, copies, group):
    assert reading(ratio, copies).groups == (group,)


@pytest.mark.parametrize(
    ("ratio", "copies", "groups"),
    [
        ("1.4", "", ("3", "4", "5")),
        ("2.6", "", ("1", "2")),
        ("", "3.0", ("2", "5")),
        ("", "5.0", ("1", "4")),
        ("", "6.4", ("1", "3")),
        (">=1.8", "4.5", ("1", "4")),
        ("<=2.0", "3.0", ("2", "5")),
        ("2.5", ">3.5", ("1", "2")),
        (">=1.8", ">3.5", ("1", "2", "3", "4", "5")),
    ],
)
def test_a_missing_or_straddling_number_leaves_groups_open(ratio, copies, groups):
    assert reading(ratio, copies).groups == groups


def test_a_straddling_number_is_missing_and_the_count_stays_satisfactory():
    said = reading(">=1.8", "4.5")
    assert said.ratio == MISSING
    assert said.unsatisfactory == ()
    assert "COMPARATOR" in said.flags


# What is computed


def test_the_ratio_is_computed_from_both_copies():
    said = reading(copies="6.0", cep17="3.0")
    assert said.groups == ("1",)
    assert "RATIO_COMPUTED" in said.flags
    assert shown(dict(said.shown)[Quantity.RATIO]) == 2


def test_a_computed_ratio_is_exact():
    assert reading(copies="5.9999", cep17="3.0").groups == ("4",)


def test_the_copies_are_computed_when_all_that_rounds_to_them_lies_in_one_band():
    said = reading("1.5", cep17="2.0")  # 1.45 x 1.95 = 2.83 to 1.55 x 2.05 = 3.18
    assert said.groups == ("5",)
    assert "COPIES_COMPUTED" in said.flags


def test_copies_are_not_computed_across_a_band():
    said = reading("2.0", cep17="2.0")  # 1.95 x 1.95 = 3.80 to 2.05 x 2.05 = 4.20
    assert said.groups == ("1", "2")
    assert "COPIES_COMPUTED" not in said.flags


def test_more_digits_can_settle_the_band():
    assert reading("2.050", cep17="2.000").groups == ("1",)


def test_nothing_is_computed_for_a_single_probe():
    said = reading(copies="5.0", cep17="2.0", probe=Probe.SINGLE)
    assert said.groups == ()
    assert "RATIO_COMPUTED" not in said.flags


# Quality


@pytest.mark.parametrize(
    ("cells", "bad"), [("19", True), ("20", False), ("<20", True), ("", False)]
)
def test_fewer_than_20_cells_are_too_few(cells, bad):
    assert ("Q01" in reading("2.5", "5.0", cells=cells).unsatisfactory) is bad


def test_cells_that_nobody_reported_are_accepted_and_said():
    assert "CELLS_NOT_REPORTED" in reading("2.5", "5.0").flags
    assert "CELLS_NOT_REPORTED" not in reading("2.5", "5.0", cells="40").flags


@pytest.mark.parametrize(
    ("ratio", "copies", "cep17", "bad"),
    [
        ("2.5", "4.0", "3.8", True),
        ("1.9", "4.0", "2.1", False),
        ("1.9", "4.04", "2.07", False),  # 4.035/2.075 = 1.9446 lies in [1.85, 1.95)
        ("1.9", "4.05", "2.07", False),  # 4.045/2.075 = 1.9494
        ("1.9", "4.06", "2.07", True),  # 4.055/2.075 = 1.9542
        ("2.00", "4.0", "2.0", False),
        ("2", "5.0", "2.0", False),  # [1.5, 2.5) and [4.95/2.05, 5.05/1.95]
        ("2.6", "5.0", "2.0", False),  # [2.55, 2.65) and up to 2.5897
        ("2.7", "5.0", "2.0", True),
        ("2.3", "5.0", "2.0", True),  # up to 2.35, and from 2.4146
    ],
)
def test_a_ratio_agrees_with_its_counts_within_their_rounding(ratio, copies, cep17, bad):
    assert ("Q02" in reading(ratio, copies, cep17).unsatisfactory) is bad


@pytest.mark.parametrize(
    ("numbers", "bad"),
    [
        ({"ratio": "0"}, True),
        ({"ratio": "50"}, False),
        ({"ratio": "50.1"}, True),
        ({"copies": "150"}, False),
        ({"copies": "151"}, True),
        ({"copies": "0"}, True),
        ({"cep17": "0.5", "copies": "1.0"}, False),
        ({"cep17": "0.49", "copies": "1.0"}, True),
        ({"cep17": "30", "copies": "60"}, False),
        ({"cep17": "30.1", "copies": "60"}, True),
        ({"copies": ">20"}, False),
        ({"ratio": ">60"}, True),
    ],
)
def test_an_implausible_number_makes_the_count_unsatisfactory(numbers, bad):
    assert ("Q03" in reading(**numbers).unsatisfactory) is bad


@pytest.mark.parametrize("reason", ["Q04", "Q06", "Q08", "Q09", "Q10", "Q11", "Q12"])
def test_a_reason_against_the_count_leaves_no_group(reason):
    said = reading("2.5", "5.0", reasons=(reason,))
    assert said.unsatisfactory == (reason,)
    assert said.groups == ()


def test_a_ratio_to_another_probe_is_not_used_and_the_count_stays_satisfactory():
    said = reading("2.5", "5.0", reasons=("Q07",))
    assert said.unsatisfactory == ()
    assert said.groups == ("1", "4")


@pytest.mark.parametrize(
    ("ratio", "copies", "near"),
    [
        ("1.8", "10", True),
        ("2.2", "10", True),
        ("1.79", "10", False),
        ("2.21", "10", False),
        ("5", "3.8", True),
        ("5", "4.2", True),
        ("5", "5.8", True),
        ("5", "6.2", True),
        ("5", "6.21", False),
        ("5", "3.79", False),
        (">1.9", "10", False),
    ],
)
def test_a_number_near_a_threshold_is_said(ratio, copies, near):
    assert ("NEAR_THRESHOLD" in reading(ratio, copies).flags) is near


@pytest.mark.parametrize(
    ("ratio", "copies", "suspected"),
    [("2.0", "3.0", True), ("1.9", "6.0", True), ("1.9", "5.9", False), (">1.5", "3.0", True)],
)
def test_raw_numbers_of_an_unusable_count_may_suggest_amplification(ratio, copies, suspected):
    said = reading(ratio, copies, cells="5")
    assert said.unsatisfactory == ("Q01",)
    assert said.amplification_suspected is suspected


@pytest.mark.parametrize(
    "numbers", [{"copies": "5.0"}, {"ratio": "2.0"}, {"copies": "5.0", "cep17": "2.0"}]
)
def test_an_assay_that_nobody_names_is_dual_probe(numbers):
    assert not reading(**numbers).single


def test_the_laboratorys_word_for_the_assay_wins():
    assert reading(copies="5.0", probe=Probe.SINGLE).single
