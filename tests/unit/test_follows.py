"""What follows from what is known is filled in, and never changes what was said."""

from decimal import Decimal

import pytest

from service.core.facts import Stretch
from service.core.follows import Follows, follow
from service.core.worlds import both, worlds_of
from tests.support.cases import library
from tests.support.suggesting import condition

RULES = library().regimens.follows
LEAST_ONE = Stretch(Decimal(1), None, includes_low=True)


def rule(when, then, always=False):
    (world,) = worlds_of(condition(then))
    return Follows(condition(when), world, always, "the test")


def known(facts, rules=RULES, unsettled=()):
    world = dict(facts)
    follow(world, rules, unsettled)
    return world


# How it follows


def test_nothing_follows_from_nothing():
    assert known({}) == {}


def test_a_conclusion_is_a_premise_of_the_next_whatever_the_order():
    first, second = rule("pregnant", "lactating"), rule("lactating", "sex_male")
    everything = {"pregnant": True, "lactating": True, "sex_male": True}
    assert known({"pregnant": True}, [first, second]) == everything
    assert known({"pregnant": True}, [second, first]) == everything


def test_what_is_known_stays():
    contradicted = rule("pregnant", "not lactating and not sex_male")
    world = known({"pregnant": True, "lactating": True}, [contradicted])
    assert world == {"pregnant": True, "lactating": True, "sex_male": False}


def test_what_cannot_be_otherwise_is_so_whatever_was_said_or_left_open():
    by_definition = rule("pregnant", "not lactating", always=True)
    denied = {"pregnant": True, "lactating": False}
    assert known({"pregnant": True, "lactating": True}, [by_definition]) == denied
    assert known({"pregnant": True}, [by_definition], {"lactating"}) == denied
    assert known({"lactating": True}, [by_definition]) == {"lactating": True}


def test_what_the_record_leaves_open_stays_open():
    told = [rule("pregnant", "not lactating and not sex_male")]
    assert known({"pregnant": True}, told, {"lactating"}) == {"pregnant": True, "sex_male": False}


def test_a_premise_that_is_not_known_concludes_nothing():
    told = [rule("pregnant and lactating", "sex_male")]
    assert known({"pregnant": True}, told) == {"pregnant": True}
    assert known({"pregnant": True, "lactating": False}, told) == {
        "pregnant": True,
        "lactating": False,
    }


def test_a_stretch_is_narrowed_and_not_contradicted():
    told = [rule("pregnant", "pT_cm <= 2")]
    wide = Stretch(Decimal(1), Decimal(5))
    assert known({"pregnant": True, "pT_cm": wide}, told)["pT_cm"] == Stretch(
        Decimal(1), Decimal(2)
    )
    far = Stretch(Decimal(2), Decimal(5))
    assert known({"pregnant": True, "pT_cm": far}, told)["pT_cm"] == far


# The shipped rules


@pytest.mark.parametrize("shipped", RULES, ids=lambda rule: str(rule.when)[:60])
def test_a_shipped_rule_contradicts_no_other(shipped):
    """From each way in which it holds, everything that follows agrees with all that follows."""
    for way in worlds_of(shipped.when):
        world = known(way)
        for other in RULES:
            if other.when.evaluate(world.get) is True:
                for fact, value in other.then.items():
                    assert both(world[fact], value) is not None, (fact, other.when)


@pytest.mark.parametrize(
    ("said", "follows"),
    [
        ({"prior_systemic": False}, {"prior_tdxd": False, "n_mbc_her2_lines": 0}),
        ({"prior_systemic": False}, {"adj_her2_complete": False, "n_her2_regimens": 0}),
        ({"prior_systemic": False}, {"progressed_on_et": False, "chemo_mbc": False}),
        ({"neoadjuvant_given": True}, {"prior_systemic": True}),
        ({"on_active_line": True}, {"prior_systemic": True}),
        ({"chemo_mbc": True}, {"prior_systemic": True}),
        ({"et_lines_mbc": 1}, {"prior_systemic": True}),
        ({"postop_her2_started": True}, {"adj_her2_given": True, "surgery_done": True}),
        ({"adj_her2_complete": True}, {"adj_her2_given": True, "prior_systemic": True}),
        ({"surgery_done": False}, {"postop_her2_started": False}),
        ({"adj_her2_given": False}, {"adj_her2_complete": False, "postop_her2_started": False}),
        ({"metastatic": True}, {"invasive": True, "in_situ_only": False}),
        ({"in_situ_only": True}, {"invasive": False}),
        ({"ypN": 1}, {"ypInvasive": True}),
        ({"cN": 1}, {"start_node_positive": True, "high_risk_stage": True}),
        ({"cN": 0}, {"start_node_positive": False}),
        ({"cT": 2}, {"high_risk_stage": True}),
        ({"pN": 1}, {"high_risk_stage": True}),
        ({"pT_cm": Decimal("0.2")}, {"pT1mic": False, "pT4": False}),
        ({"pN": 0}, {"pN1mi": False}),
        ({"pN": 2}, {"pN1mi": False}),
        ({"pN1mi": True}, {"pN": 1}),
        ({"induction_thp": True}, {"prior_trastuzumab": True, "prior_taxane": True}),
        ({"induction_thp": True}, {"prior_pertuzumab": True}),
        ({"n_mbc_her2_lines": 0, "adj_her2_given": False}, {"n_her2_regimens": 0}),
        ({"n_mbc_her2_lines": 1, "adj_her2_given": False}, {"n_her2_regimens": 1}),
        ({"n_mbc_her2_lines": 0}, {"induction_thp": False}),
        ({"et_lines_mbc": 0}, {"progressed_on_et": False}),
        ({"cns_only_progression": True}, {"progressed": True}),
        ({"sex_male": True}, {"pregnant": False, "pregnancy_possible": False, "lactating": False}),
        (
            {"alt_xuln": Decimal(1), "ast_xuln": Decimal("2.5"), "bilirubin_xuln": Decimal("1.5")},
            {"child_pugh": "not C"},
        ),
    ],
)
def test_what_a_fact_means_follows_from_it(said, follows):
    world = known(said)
    assert {fact: world.get(fact) for fact in follows} == follows


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({"n_mbc_her2_lines": 1}, LEAST_ONE),
        ({"n_mbc_her2_lines": 2}, Stretch(Decimal(2), None, includes_low=True)),
        (
            {"n_mbc_her2_lines": 1, "adj_her2_given": True},
            Stretch(Decimal(2), None, includes_low=True),
        ),
    ],
)
def test_so_many_lines_are_at_least_so_many_regimens(said, left):
    assert known(said)["n_her2_regimens"] == left


@pytest.mark.parametrize(
    ("said", "not_known"),
    [
        ({"metastatic": False}, "invasive"),
        ({"invasive": False}, "in_situ_only"),
        ({"surgery_done": True}, "postop_her2_started"),
        ({"cT": 1, "cN": 0}, "high_risk_stage"),
        ({"ypN": 0}, "ypInvasive"),
        ({"pN": 1}, "pN1mi"),
        ({"pN": 1}, "start_node_positive"),
        ({"pT_cm": Decimal("0.1")}, "pT1mic"),
        ({"pT_cm": Stretch(Decimal(0), Decimal(2))}, "pT1mic"),
        ({"et_lines_mbc": 1}, "progressed_on_et"),
        ({"prior_systemic": True}, "prior_trastuzumab"),
        ({"sex_male": False}, "pregnant"),
        ({"alt_xuln": Decimal(1), "ast_xuln": Decimal(1)}, "child_pugh"),
    ],
)
def test_what_a_fact_leaves_open_stays_unknown(said, not_known):
    assert not_known not in known(said)
