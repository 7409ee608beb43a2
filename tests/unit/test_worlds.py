"""A condition that is said to hold makes known what it must, and no more."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.condition import All, Always, Compared, Not, Sign, Some, Stated
from service.core.facts import Stretch
from service.core.worlds import agree, both, worlds_of
from tests.support.suggesting import condition

ZERO, ONE, TWO = Decimal(0), Decimal(1), Decimal(2)
C = Compared("child_pugh", Sign.IS, "C")


def worlds(text, holds=True):
    return list(worlds_of(condition(text), holds))


# What a condition makes known


def test_a_truth_and_its_denial_are_known():
    assert worlds("metastatic") == [{"metastatic": True}]
    assert worlds("not metastatic") == [{"metastatic": False}]
    assert worlds("metastatic", holds=False) == [{"metastatic": False}]
    assert worlds("not not metastatic") == [{"metastatic": True}]


def test_what_always_holds_makes_nothing_known_and_cannot_fail():
    assert worlds_of(Always()) == ({},)
    assert worlds_of(Always(), holds=False) == ()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("n_mbc_her2_lines == 1", ONE),
        ("n_mbc_her2_lines >= 2", Stretch(TWO, None, includes_low=True)),
        ("relapse_months > 2", Stretch(TWO, None)),
        ("relapse_months <= 2", Stretch(ZERO, TWO, includes_low=True)),
        ("relapse_months < 2", Stretch(ZERO, TWO, includes_low=True, includes_high=False)),
        ("n_mbc_her2_lines <= 0", ZERO),
        ("child_pugh == 'C'", "C"),
        ("child_pugh != 'C'", "not C"),
    ],
)
def test_a_comparison_leaves_a_number_a_stretch_or_a_letter(text, known):
    (world,) = worlds(text)
    (value,) = world.values()
    assert value == known


def test_a_number_that_is_not_this_one_may_be_any_other():
    assert worlds("not n_mbc_her2_lines == 1") == [{}]
    assert worlds("n_mbc_her2_lines != 1", holds=False) == [{"n_mbc_her2_lines": ONE}]


def test_a_comparison_that_does_not_hold_leaves_the_other_side():
    assert worlds("relapse_months <= 6", holds=False) == worlds("relapse_months > 6")
    assert worlds("relapse_months < 6", holds=False) == worlds("relapse_months >= 6")
    assert worlds("relapse_months >= 6", holds=False) == worlds("relapse_months < 6")
    assert worlds("relapse_months > 6", holds=False) == worlds("relapse_months <= 6")


def test_no_number_is_below_nought():
    assert worlds("relapse_months < 0") == []
    assert worlds("relapse_months >= 0", holds=False) == []


def test_and_makes_all_known_and_or_leaves_several_ways():
    assert worlds("metastatic and n_mbc_her2_lines == 0") == [
        {"metastatic": True, "n_mbc_her2_lines": ZERO}
    ]
    assert worlds("chemo_mbc or rec_within6_adj_chemo") == [
        {"chemo_mbc": True},
        {"rec_within6_adj_chemo": True},
    ]
    assert worlds("not (chemo_mbc or rec_within6_adj_chemo)") == [
        {"chemo_mbc": False, "rec_within6_adj_chemo": False}
    ]
    assert worlds("not (chemo_mbc and metastatic)") == [{"chemo_mbc": False}, {"metastatic": False}]


def test_a_way_that_contradicts_itself_is_none():
    assert worlds("metastatic and not metastatic") == []
    assert worlds("(chemo_mbc or metastatic) and not metastatic") == [
        {"chemo_mbc": True, "metastatic": False}
    ]
    assert worlds("pN == 0 and pN >= 1") == []


def test_two_bounds_make_one_stretch():
    (world,) = worlds("relapse_months > 6 and relapse_months <= 12")
    assert world == {"relapse_months": Stretch(Decimal(6), Decimal(12))}
    (met,) = worlds("pN >= 1 and pN <= 1")
    assert met == {"pN": ONE}


def test_second_line_is_one_line_or_an_early_relapse():
    early = Stretch(ZERO, Decimal(6), includes_low=True)
    assert worlds(
        "metastatic and (n_mbc_her2_lines == 1 or (n_mbc_her2_lines == 0 and adj_her2_given"
        " and relapse_months <= 6))"
    ) == [
        {"metastatic": True, "n_mbc_her2_lines": ONE},
        {
            "metastatic": True,
            "n_mbc_her2_lines": ZERO,
            "adj_her2_given": True,
            "relapse_months": early,
        },
    ]


def test_a_condition_of_an_unknown_kind_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="no world"):
        worlds_of("metastatic")


# What two statements leave


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        (True, True, True),
        (True, False, None),
        (ONE, 1, ONE),
        (ONE, TWO, None),
        ("B", "B", "B"),
        ("B", "C", None),
        ("C", "not C", None),
        ("B", "not C", "B"),
        (Stretch(ONE, TWO), TWO, TWO),
        (Stretch(ONE, TWO), ONE, None),
        (Stretch(ONE, TWO, includes_low=True), ONE, ONE),
        (Stretch(ONE, TWO, includes_high=False), TWO, None),
        (Stretch(ONE, None), Decimal(99), Decimal(99)),
        (Stretch(ONE, None), ONE, None),
        (Stretch(ZERO, ONE), Stretch(ONE, TWO), None),
        (Stretch(ZERO, ONE), Stretch(ONE, TWO, includes_low=True), ONE),
        (
            Stretch(ZERO, ONE, includes_high=False),
            Stretch(ONE, TWO, includes_low=True),
            None,
        ),
        (Stretch(ZERO, TWO), Stretch(ONE, None), Stretch(ONE, TWO)),
        (Stretch(ONE, None), Stretch(TWO, None), Stretch(TWO, None)),
        (Stretch(ZERO, ONE), True, None),
        (Stretch(ZERO, ONE), "C", None),
    ],
)
def test_two_statements_leave_what_fits_both(one, other, left):
    assert both(one, other) == left
    assert both(other, one) == left
    assert agree(one, other) is (left is not None)
    assert agree(other, one) is agree(one, other)


numbers = st.integers(0, 8).map(lambda n: Decimal(n) / 2)
stretches = st.builds(
    lambda ends, closed: Stretch(*ends, *closed),
    st.tuples(numbers, st.one_of(st.none(), numbers)).filter(lambda e: e[1] is None or e[0] < e[1]),
    st.tuples(st.booleans(), st.booleans()),
)


@given(stretches, stretches, numbers)
def test_a_number_fits_what_is_left_when_it_fits_both(one, other, number):
    left = both(one, other)
    assert agree(one, other) is (left is not None)
    fits = agree(one, number) and agree(other, number)
    assert fits is (left is not None and agree(left, number))


# Every way, and nothing but ways

TRUTHS = ("metastatic", "chemo_mbc", "adj_her2_given")
leaves = st.one_of(
    st.sampled_from(TRUTHS).map(Stated),
    st.builds(
        Compared,
        st.sampled_from(["relapse_months", "pT_cm"]),
        st.sampled_from([Sign.BELOW, Sign.AT_MOST, Sign.ABOVE, Sign.AT_LEAST]),
        st.integers(1, 3).map(Decimal),
    ),
    st.sampled_from([C, Compared("child_pugh", Sign.IS_NOT, "C")]),
)


def _larger(smaller):
    several = st.lists(smaller, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, smaller), st.builds(All, several), st.builds(Some, several))


trees = st.recursive(leaves, _larger, max_leaves=6)
patients = st.fixed_dictionaries(
    {name: st.booleans() for name in TRUTHS}
    | dict.fromkeys(("relapse_months", "pT_cm"), numbers)
    | {"child_pugh": st.sampled_from("ABC")}
)


@given(trees, patients, st.booleans())
def test_a_condition_holds_of_a_patient_who_fits_one_of_its_ways(tree, patient, holds):
    ways = worlds_of(tree, holds)
    fits = any(all(agree(patient[f], value) for f, value in way.items()) for way in ways)
    assert fits is (tree.evaluate(patient.get) is holds)


@given(trees)
def test_a_condition_is_true_in_each_of_its_ways(tree):
    assert {tree.evaluate(way.get) for way in worlds_of(tree)} <= {True}
    assert {tree.evaluate(way.get) for way in worlds_of(tree, holds=False)} <= {False}
