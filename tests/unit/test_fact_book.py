"""The caller is believed first, then the stated setting, the record, and what follows from them."""

from decimal import Decimal

import pytest

from service.core.fact_book import (
    NOT_TO_STATE,
    Conflict,
    FactBook,
    Origin,
    Said,
    fact_book,
)
from service.core.facts import Stretch
from tests.support.cases import library
from tests.support.suggesting import condition, recorded

FOLLOWS = library().regimens.follows
SECOND_LINE = next(s.condition for s in library().regimens.settings if s.name == "MBC_2L")
EVENTS = library().words.events


def book(stated=None, says=None, setting="", complete=False, assessed=None):
    said = Said(stated or {}, says or recorded(), assessed or {}, EVENTS if complete else {})
    return fact_book(said, FOLLOWS, condition(setting) if setting else None)


def value(fact, **said):
    return book(**said)[0].value(fact)


# Who is believed


def test_what_nobody_says_is_not_known():
    known, conflicts = book()
    assert known.value("metastatic") is None
    assert conflicts == ()


def test_the_caller_wins_over_the_record_and_it_is_told():
    known, conflicts = book({"metastatic": True}, recorded({"metastatic": False}))
    assert known.value("metastatic") is True
    assert conflicts == (Conflict("metastatic", True, Origin.STATED, False, Origin.RECORD),)


def test_the_caller_wins_over_the_setting_and_it_is_told():
    known, conflicts = book({"metastatic": False}, setting="metastatic")
    assert known.value("metastatic") is False
    assert conflicts == (Conflict("metastatic", False, Origin.STATED, True, Origin.SETTING),)


def test_the_setting_wins_over_the_record_and_it_is_told():
    known, conflicts = book(says=recorded({"metastatic": False}), setting="metastatic")
    assert known.value("metastatic") is True
    assert conflicts == (Conflict("metastatic", True, Origin.SETTING, False, Origin.RECORD),)


def test_what_agrees_is_no_conflict():
    _, conflicts = book({"metastatic": True}, recorded({"metastatic": True}), "metastatic")
    assert conflicts == ()
    size = Stretch(Decimal(2), Decimal(5))
    _, conflicts = book({"pT_cm": Decimal(3)}, recorded({"pT_cm": size}))
    assert conflicts == ()


def test_another_letter_is_a_conflict():
    _, conflicts = book({"child_pugh": "A"}, recorded({"child_pugh": "C"}))
    assert conflicts == (Conflict("child_pugh", "A", Origin.STATED, "C", Origin.RECORD),)


def test_the_record_says_more_than_a_setting_that_it_agrees_with():
    known, conflicts = book(
        says=recorded({"relapse_months": Decimal(4)}), setting="relapse_months <= 6"
    )
    assert known.value("relapse_months") == Decimal(4)
    assert conflicts == ()


# What the results say


@pytest.mark.parametrize("fact", NOT_TO_STATE)
def test_what_the_results_and_the_request_settle_is_not_to_be_stated(fact):
    known, conflicts = book({fact: True}, assessed={fact: False})
    assert known.value(fact) is False
    assert conflicts == (Conflict(fact, False, Origin.RESULTS, True, Origin.STATED),)
    assert value(fact, stated={fact: True}) is None


def test_a_discordance_may_be_denied_by_a_person_who_reviewed_it_and_it_is_told():
    known, conflicts = book({"discordant_assay": False}, assessed={"discordant_assay": True})
    assert known.value("discordant_assay") is False
    assert conflicts == (Conflict("discordant_assay", False, Origin.STATED, True, Origin.RESULTS),)


def test_the_results_win_over_the_record():
    assert (
        value(
            "discordant_assay",
            says=recorded({"discordant_assay": False}),
            assessed={"discordant_assay": True},
        )
        is True
    )


# A complete history


def test_a_complete_history_denies_what_it_does_not_mention():
    assert value("prior_tdxd", complete=True) is False
    assert value("n_mbc_her2_lines", complete=True) == 0
    assert value("prior_tdxd", complete=False) is None


def test_a_complete_history_denies_events_only():
    for fact in ("metastatic", "progressed", "pregnant", "lvef"):
        assert value(fact, complete=True) is None


def test_what_the_record_leaves_open_is_not_denied():
    assert value("surgery_done", says=recorded(open_=["surgery_done"]), complete=True) is None


def test_what_follows_from_the_record_goes_before_what_a_complete_history_denies():
    says = recorded({"adj_her2_complete": True})
    for fact in ("adj_her2_given", "prior_systemic"):
        assert value(fact, says=says, complete=True) is True


def test_something_follows_from_what_a_complete_history_denies():
    assert value("progressed_on_et", complete=True) is False
    assert value("adj_her2_complete", complete=True) is False


def test_what_is_said_is_not_denied():
    assert value("prior_tdxd", stated={"prior_tdxd": True}, complete=True) is True
    assert value("prior_tdxd", says=recorded({"prior_tdxd": True}), complete=True) is True


# A stated setting that may hold in several ways


def test_each_way_of_a_setting_is_a_world_and_only_what_is_the_same_is_known():
    known, _ = fact_book(Said({}, recorded(), {}, {}), FOLLOWS, SECOND_LINE)
    assert len(known.worlds) == 2
    assert known.value("metastatic") is True
    assert known.value("n_mbc_her2_lines") is None
    assert known.evaluate(SECOND_LINE) is True
    assert known.evaluate(condition("n_mbc_her2_lines <= 1")) is True
    assert known.evaluate(condition("n_mbc_her2_lines == 1")) is None


def test_the_way_that_contradicts_the_record_the_least_is_taken():
    says = recorded({"n_mbc_her2_lines": 0})
    known, conflicts = fact_book(Said({}, says, {}, {}), FOLLOWS, SECOND_LINE)
    assert conflicts == ()
    assert known.value("n_mbc_her2_lines") == 0
    assert known.value("adj_her2_given") is True
    says = recorded({"n_mbc_her2_lines": 0, "adj_her2_given": False})
    known, conflicts = fact_book(Said({}, says, {}, {}), FOLLOWS, SECOND_LINE)
    assert len(known.worlds) == 2
    assert len(conflicts) == 1


def test_a_setting_that_cannot_hold_makes_nothing_known():
    known, conflicts = book(setting="metastatic and not metastatic")
    assert known.value("metastatic") is None
    assert conflicts == ()


# A line that the record does not know


def test_that_an_earlier_line_ended_does_not_end_a_later_one_which_only_the_caller_knows():
    says = recorded({"n_mbc_her2_lines": 1, "progressed": True, "on_active_line": False})
    for fact, said in (("progressed", True), ("on_active_line", False)):
        assert value(fact, says=says) is said
        assert value(fact, says=says, stated={"n_mbc_her2_lines": 1}) is said
        assert value(fact, says=says, stated={"n_mbc_her2_lines": 2}) is None


def test_that_a_line_runs_and_works_counts_whoever_counts_the_lines():
    says = recorded({"n_mbc_her2_lines": 1, "progressed": False, "on_active_line": True})
    for fact, said in (("progressed", False), ("on_active_line", True)):
        assert value(fact, says=says, stated={"n_mbc_her2_lines": 2}) is said


def test_a_record_without_lines_knows_of_none():
    says = recorded({"progressed": True})
    assert value("progressed", stated={"n_mbc_her2_lines": 1}, says=says) is None
    assert value("progressed", stated={"n_mbc_her2_lines": 0}, says=says) is True


# Asking the book


def test_a_rule_knows_more_than_the_patient():
    known = FactBook(({"pregnant": True},))
    assert known.evaluate(condition("authorised_here and pregnant"), {"authorised_here": True})
    assert known.evaluate(condition("pregnant"), {"pregnant": False}) is False
    assert known.missing(condition("authorised_here and pregnant")) == ("authorised_here",)


def test_worlds_that_disagree_settle_nothing_and_name_what_they_disagree_on():
    known = FactBook(({"chemo_mbc": True}, {"chemo_mbc": False}))
    assert known.evaluate(condition("chemo_mbc")) is None
    assert known.missing(condition("chemo_mbc")) == ("chemo_mbc",)
    assert known.value("chemo_mbc") is None


def test_only_what_worlds_disagree_on_can_settle_between_them():
    known = FactBook(({"n_mbc_her2_lines": 1}, {"n_mbc_her2_lines": 2}))
    asked = condition("n_mbc_her2_lines == 1 or (n_mbc_her2_lines == 0 and adj_her2_given)")
    assert known.missing(asked) == ("n_mbc_her2_lines",)


def test_what_is_missing_in_any_world_is_missing_once():
    known = FactBook(({"chemo_mbc": True}, {}))
    assert known.missing(condition("chemo_mbc and pregnant")) == ("pregnant", "chemo_mbc")
    assert known.missing(condition("chemo_mbc or not chemo_mbc")) == ("chemo_mbc",)


def test_nothing_is_missing_of_what_is_settled():
    known = FactBook(({"chemo_mbc": True}, {"chemo_mbc": True, "pregnant": True}))
    assert known.missing(condition("chemo_mbc or pregnant")) == ()
