"""A recount counts when it is another observer's, later, blinded, of 20 or more cells."""

import pytest

from service.core.findings import Standing
from tests.support.laboratory import assessed, concluded, ihc, ish, said

FIRST = ish("1.5", "4.8", performer="dr a")
SECOND = {"on": 3, "performer": "dr b", "recount": True, "blinded": True, "cells": "24"}
TWO_PLUS = ihc("2+")


def counted_again(ratio="1.6", copies="4.9", **more):
    return ish(ratio, copies, **(SECOND | more))


def rule(*findings):
    return said(TWO_PLUS, *findings)[1]


def test_without_a_recount_one_is_required():
    assert said(TWO_PLUS, FIRST) == ("EQUIVOCAL_PENDING", "DP-G4-2a", "RECOUNT_ISH_BLINDED")


def test_a_recount_in_the_same_group_settles_it():
    assert said(TWO_PLUS, FIRST, counted_again()) == ("LOW", "DP-G4-2f", "NONE")


@pytest.mark.parametrize(
    ("first", "again", "category", "rule"),
    [
        (("2.4", "3.5"), ("2.3", "3.6"), "LOW", "DP-G2-2f"),
        (("1.3", "6.4"), ("1.4", "6.2"), "POSITIVE", "DP-G3-2f"),
        (("1.5", "4.8"), ("1.6", "4.9"), "LOW", "DP-G4-2f"),
    ],
)
def test_group_3_becomes_positive_and_groups_2_and_4_negative(first, again, category, rule):
    numbers = ish(*first, performer="dr a"), counted_again(*again)
    assert said(TWO_PLUS, *numbers) == (category, rule, "NONE")


@pytest.mark.parametrize(
    "lacking",
    [
        {"performer": "dr a"},
        {"performer": ""},
        {"blinded": False},
        {"cells": "19"},
        {"cells": ""},
        {"on": 1},
        {"on": None},
        {"ratio": ">1.5"},
        {"copies": ""},
        {"reasons": ("Q06",)},
    ],
    ids=str,
)
def test_a_recount_that_lacks_one_condition_does_not_count(lacking):
    outcome = assessed(TWO_PLUS, FIRST, counted_again(**lacking)).outcome
    assert outcome.rule == "DP-G4-2b"
    assert outcome.next_step == "RECOUNT_ISH_BLINDED"
    assert "RECOUNT_INVALID" in outcome.flags


def test_exactly_20_cells_are_enough():
    assert rule(FIRST, counted_again(cells="20")) == "DP-G4-2f"


def test_a_recount_in_another_group_is_adjudicated():
    numbers = FIRST, counted_again("2.3", "5.0")
    assert said(TWO_PLUS, *numbers) == ("EQUIVOCAL_PENDING", "DP-G4-2c", "ADJUDICATE")


def test_a_later_count_without_the_word_is_no_recount():
    again = counted_again("1.6", "4.9", recount=False)
    assert rule(FIRST, again) == "DP-G4-2a"


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("positive", "DP-G4-2d"),
        ("negative", "DP-G4-2e"),
        ("low", "DP-G4-2e"),
        ("equivocal", "DP-G4-2a"),
        ("indeterminate", "DP-G4-2a"),
    ],
)
def test_a_conclusion_signed_out_after_the_ish_adjudicates(word, rule):
    assert said(TWO_PLUS, FIRST, concluded(word, on=5))[1] == rule


def test_a_conclusion_of_the_day_of_the_ish_adjudicates():
    assert rule(FIRST, concluded("negative", on=1)) == "DP-G4-2e"


@pytest.mark.parametrize("on", [None, 0])
def test_a_conclusion_of_before_the_ish_or_of_unknown_time_does_not(on):
    early = ish("1.5", "4.8", on=2)
    assert rule(early, concluded("negative", on=1 if on == 0 else on)) == "DP-G4-2a"


def test_a_preliminary_conclusion_does_not_adjudicate():
    outcome = assessed(
        TWO_PLUS, FIRST, concluded("negative", on=5, standing=Standing.PENDING)
    ).outcome
    assert outcome.rule == "DP-G4-2a"


def test_the_conclusion_of_before_a_changed_recount_does_not_settle_it():
    numbers = FIRST, counted_again("2.3", "5.0", on=9)
    assert rule(*numbers, concluded("negative", on=5)) == "DP-G4-2c"
    assert rule(*numbers, concluded("negative", on=9)) == "DP-G4-2e"


def test_time_that_passes_is_no_recount():
    assert (
        rule(ish("1.5", "4.8", on=1), ihc("1+", on=None, standing=Standing.PENDING)) == "DP-G4-2a"
    )
