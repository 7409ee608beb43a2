"""A condition over facts is read strictly, and true, false or not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.condition import All, Always, Compared, Not, Sign, Some, Stated, parse
from service.core.errors import KnowledgeError
from service.core.facts import FactKind, Stretch

KINDS = {
    "metastatic": FactKind.TRUTH,
    "pregnant": FactKind.TRUTH,
    "prior_tdxd": FactKind.TRUTH,
    "lines": FactKind.COUNT,
    "lvef": FactKind.NUMBER,
    "size": FactKind.NUMBER,
    "child_pugh": FactKind.LETTER,
}
TRUTHS = [name for name, kind in KINDS.items() if kind is FactKind.TRUTH]


def read(text):
    return parse(text, KINDS, "regimens.csv line 7, column when")


def told(text, **facts):
    return read(text).evaluate(facts.get)


# Reading


def test_a_condition_is_read_as_a_tree():
    assert read("metastatic and (lines == 1 or not child_pugh != 'C')") == All(
        (
            Stated("metastatic"),
            Some(
                (
                    Compared("lines", Sign.IS, Decimal(1)),
                    Not(Compared("child_pugh", Sign.IS_NOT, "C")),
                )
            ),
        )
    )


def test_a_number_keeps_its_digits():
    assert str(read("lvef < 50.00").value) == "50.00"
    assert read("lvef < 0.1").value == Decimal("0.1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no condition"),
        ("metastatic and", "no condition"),
        ("(metastatic", "no condition"),
        ("metastatic; pregnant", "';' has no place"),
        ("metastatic # or pregnant", "'#' has no place"),
        ("metastatic\nand pregnant", "has no place"),
        ("lvef < -1", "'-' has no place"),
        ("lvef < 25 + 25", "'+' has no place"),
        ("lvef < 5\N{FULLWIDTH DIGIT ZERO}", "has no place"),
        ("metastat\N{LATIN SMALL LETTER DOTLESS I}c", "has no place"),
        ("relapsed", "no fact 'relapsed'"),
        ("relapsed > 6", "no fact 'relapsed'"),
        ("Metastatic", "no fact 'Metastatic'"),
        ("metastatic > 1", "metastatic is a truth"),
        ("metastatic == True", "neither a number"),
        ("lines", "lines is a count, not a truth"),
        ("not lvef", "lvef is a number, not a truth"),
        ("metastatic and lines", "lines is a count, not a truth"),
        ("1 <= lines <= 2", "compares twice"),
        ("50 > lvef", "does not begin with a fact"),
        ("lvef == lvef", "neither a number"),
        ("lvef < 1e3", "neither a number"),
        ("lvef < 0x1F", "neither a number"),
        ("lvef < 1_000", "neither a number"),
        ("lvef < .5", "neither a number"),
        ("lvef < '50'", "neither a number"),
        ("lvef == 'C'", "lvef is a number"),
        ("lines >= 1.5", "lines is a count"),
        ("child_pugh == 3", "child_pugh is a letter"),
        ("child_pugh > 'A'", "compared with == or !="),
        ("child_pugh == ''", "neither a number"),
        ("lines in (1, 2)", "compares with none of"),
        ("metastatic is pregnant", "compares with none of"),
        ("lvef(1)", "neither a fact"),
        ("metastatic.real", "neither a fact"),
        ("metastatic[0]", "neither a fact"),
        ("metastatic if pregnant else prior_tdxd", "neither a fact"),
        ("'metastatic'", "neither a fact"),
        ("False", "neither a fact"),
        ("None", "neither a fact"),
        ("1", "neither a fact"),
        ("not True", "True stands alone"),
        ("True and metastatic", "True stands alone"),
        ("(" * 400 + "metastatic" + ")" * 400, "no condition"),
        ("metastatic and " * 200 + "metastatic", "2000 characters"),
    ],
)
def test_anything_else_is_refused_with_its_place(text, why):
    with pytest.raises(KnowledgeError) as refusal:
        read(text)
    assert str(refusal.value).startswith("regimens.csv line 7, column when: ")
    assert why in str(refusal.value)


# Evaluating


def test_true_asks_nothing():
    assert told("True") is True
    assert read("True").facts() == ()


@pytest.mark.parametrize(
    ("facts", "both", "either"),
    [
        ({}, None, None),
        ({"metastatic": True}, None, True),
        ({"metastatic": False}, False, None),
        ({"metastatic": True, "pregnant": True}, True, True),
        ({"metastatic": True, "pregnant": False}, False, True),
        ({"metastatic": False, "pregnant": False}, False, False),
    ],
)
def test_and_is_false_and_or_is_true_as_soon_as_one_part_is(facts, both, either):
    assert told("metastatic and pregnant", **facts) is both
    assert told("pregnant and metastatic", **facts) is both
    assert told("metastatic or pregnant", **facts) is either
    assert told("not (metastatic and pregnant)", **facts) is (None if both is None else not both)


@pytest.mark.parametrize(
    ("text", "value", "true"),
    [
        ("lvef < 50", Decimal("49.9"), True),
        ("lvef < 50", 50, False),
        ("lvef <= 50", Decimal("50.0"), True),
        ("lvef > 50", Decimal("50.0"), False),
        ("lvef > 10.5", Decimal("2.0"), False),
        ("lvef >= 2.0", Decimal("10.5"), True),
        ("lines == 1", 1, True),
        ("lines != 1", 1, False),
        ("child_pugh == 'C'", "C", True),
        ("child_pugh == 'C'", "B", False),
        ("child_pugh != 'C'", "B", True),
        ("child_pugh != 'C'", "C", False),
    ],
)
def test_a_comparison_is_exact(text, value, true):
    condition = read(text)
    assert condition.evaluate({condition.fact: value}.get) is true
    assert condition.evaluate({}.get) is None


@pytest.mark.parametrize(
    ("text", "true"),
    [
        # T1b: above 0.5, up to and with 1.0 cm
        ("size > 0.4", True),
        ("size > 0.5", True),
        ("size > 0.7", None),
        ("size > 1.0", False),
        ("size >= 0.5", True),
        ("size >= 0.7", None),
        ("size >= 1.0", None),
        ("size >= 1.1", False),
        ("size <= 0.5", False),
        ("size <= 0.7", None),
        ("size <= 1.0", True),
        ("size < 0.5", False),
        ("size < 1.0", None),
        ("size < 1.1", True),
        ("size == 0.5", False),
        ("size == 1.0", None),
        ("size == 1.1", False),
        ("size != 0.5", True),
        ("size != 1.0", None),
        ("size != 1.1", True),
    ],
)
def test_a_stretch_is_compared_when_every_number_in_it_agrees(text, true):
    assert told(text, size=Stretch(Decimal("0.5"), Decimal("1.0"))) is true


def test_a_stretch_holds_something():
    with pytest.raises(ValueError, match="nothing"):
        Stretch(Decimal("1.0"), Decimal("1.0"))


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("metastatic", "metastatic", 1),
        ("lines > 1", "lines", True),
        ("lines > 1", "lines", "C"),
        ("child_pugh == 'C'", "child_pugh", 3),
    ],
)
def test_a_fact_of_another_kind_is_a_mistake_of_the_program(text, fact, value):
    with pytest.raises(TypeError, match=fact):
        read(text).evaluate({fact: value}.get)


# What is missing


def test_facts_are_named_once_in_their_order():
    assert read("lvef > 3 and (metastatic or lvef < 10)").facts() == ("lvef", "metastatic")


def test_a_fact_of_a_decided_part_is_not_missing():
    condition = read("(metastatic or prior_tdxd) and (lvef < 50 or pregnant)")
    assert condition.missing({}.get) == ("metastatic", "prior_tdxd", "lvef", "pregnant")
    assert condition.missing({"metastatic": True}.get) == ("lvef", "pregnant")
    assert condition.missing({"metastatic": True, "lvef": 40}.get) == ()
    assert condition.missing({"metastatic": False, "prior_tdxd": False}.get) == ()


def test_a_stretch_that_is_too_wide_is_missing():
    assert read("size > 1.0").missing({"size": Stretch(Decimal(0), Decimal(2))}.get) == ("size",)


# Saying it


def test_a_condition_is_said_in_plain_english():
    words = {
        "metastatic": "metastatic disease",
        "not metastatic": "no metastatic disease",
        "pregnant": "pregnant",
        "lvef": "LVEF (%)",
    }
    condition = read("not metastatic and (lvef < 50 or not pregnant) and not (lines == 1)")
    assert condition.sentence(words) == (
        "no metastatic disease and (LVEF (%) below 50 or not pregnant) and not (lines is 1)"
    )
    assert read("True").sentence(words) == "always"
    assert read("not prior_tdxd").sentence({}) == "not prior_tdxd"


# Properties

numbers = st.decimals(0, 100, allow_nan=False, allow_infinity=False, places=2)
leaves = st.one_of(
    st.sampled_from(TRUTHS).map(Stated),
    st.builds(Compared, st.sampled_from(["lvef", "size"]), st.sampled_from(Sign), numbers),
    st.builds(Compared, st.just("lines"), st.sampled_from(Sign), st.integers(0, 5).map(Decimal)),
    st.builds(
        Compared,
        st.just("child_pugh"),
        st.sampled_from([Sign.IS, Sign.IS_NOT]),
        st.sampled_from("ABC"),
    ),
)


def _larger(smaller):
    several = st.lists(smaller, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, smaller), st.builds(All, several), st.builds(Some, several))


trees = st.recursive(leaves, _larger, max_leaves=8)
stretches = st.tuples(numbers, numbers).filter(lambda n: n[0] < n[1]).map(lambda n: Stretch(*n))
VALUES = {
    FactKind.TRUTH: st.booleans(),
    FactKind.COUNT: st.integers(0, 5),
    FactKind.NUMBER: st.one_of(numbers, stretches),
    FactKind.LETTER: st.sampled_from("ABC"),
}
worlds = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in KINDS.items()})


@given(st.one_of(trees, st.just(Always())))
def test_what_is_printed_is_read_back_the_same(tree):
    assert read(str(tree)) == tree


@st.composite
def learnings(draw):
    """Some facts, and the same facts with more learnt: new ones, and stretches narrowed."""
    less = draw(worlds)
    more = {**draw(worlds), **less}
    for name, value in less.items():
        if isinstance(value, Stretch):
            inside = draw(numbers)
            if value.low < inside <= value.high:
                more[name] = inside
    return less, more


@given(trees, learnings())
def test_learning_a_fact_never_changes_what_is_decided(tree, learning):
    less, more = learning
    decided = tree.evaluate(less.get)
    assert decided is None or tree.evaluate(more.get) is decided


@given(trees, worlds, worlds)
def test_only_the_missing_facts_can_decide(tree, known, learnt):
    missing = tree.missing(known.get)
    assert bool(missing) is (tree.evaluate(known.get) is None)
    assert set(missing) <= set(tree.facts())
    assert all(isinstance(known.get(name), Stretch | None) for name in missing)
    others = {name: value for name, value in learnt.items() if name not in missing}
    assert not missing or tree.evaluate({**others, **known}.get) is None
