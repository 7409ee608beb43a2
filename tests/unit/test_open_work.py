"""A plan asks for what is missing, orders what is open, and says what a person must solve."""

from service.core.open_work import asked_for, monitored, ordered, unsolved
from service.core.suggestion import Asked, ChosenSetting, Sentence
from tests.support.cases import library
from tests.support.suggesting import HEALTHY, recorded, scales

THERAPY = library().regimens
FIRST = {
    **HEALTHY,
    "her2_positive": True,
    "her2_pending": False,
    "metastatic": True,
    "n_mbc_her2_lines": 0,
    "adj_her2_given": False,
    "chemo_mbc": False,
    "prior_tdxd": False,
    "hr_status": "POSITIVE",
}


def without(*names):
    return {fact: value for fact, value in FIRST.items() if fact not in names}


def options(facts, *rules):
    weighing = scales(facts, says=recorded())
    return [weighing.option(THERAPY.rules[rule]) for rule in rules], weighing.book


def work(facts, *rules):
    """Work-up that is open, with the blockers that it solves."""
    weighed, book = options(facts, *rules)
    return {o.work_up.id: o.blockers for o in ordered(weighed, book, THERAPY)}


# What is asked


def test_what_the_setting_waits_for_is_asked_first_and_each_fact_once():
    weighed, _ = options(without("adj_her2_given", "chemo_mbc"), "M1-01", "M1-02")
    setting = ChosenSetting(missing=("on_active_line", "chemo_mbc"))
    assert asked_for(setting, weighed, ()) == (
        Asked("on_active_line", ()),
        Asked("chemo_mbc", ("TDXD-P",)),
        Asked("adj_her2_given", ("TDXD-P", "THP")),
        Asked("relapse_months", ("TDXD-P", "THP")),
    )


def test_nothing_is_asked_when_nothing_is_missing():
    weighed, _ = options(FIRST, "M1-01", "M1-02")
    assert asked_for(ChosenSetting("MBC_1L"), weighed, ()) == ()


def test_what_a_sentence_waits_for_is_asked_only_where_there_is_no_regimen():
    sentence = Sentence(THERAPY.rules["NEO-07"], ("cT", "cN"))
    weighed, _ = options(FIRST, "M1-02")
    assert asked_for(ChosenSetting(), weighed, [sentence]) == ()
    assert asked_for(ChosenSetting(), (), [sentence]) == (Asked("cT", ()), Asked("cN", ()))


# What is ordered


def test_work_up_that_is_done_is_not_ordered():
    assert not {"W1", "W2", "W3", "W4", "W5", "W6"} & set(work(FIRST, "M1-01"))


def test_work_up_that_nothing_in_a_record_shows_is_always_ordered():
    assert {"W8", "W10"} <= set(work(FIRST, "M1-01"))


def test_an_open_test_is_ordered_with_what_it_solves():
    assert work(without("lvef_age_days"), "M1-02")["W3"] == ("B06",)
    assert work({**FIRST, "lvef_age_days": 29}, "M1-02")["W3"] == ("B06",)
    assert work(without("pregnancy_possible"), "M1-02")["W2"] == ("B04",)
    assert work({**FIRST, "hbv_tested": False}, "M1-02")["W5"] == ("B21",)
    assert work(without("ild_history"), "M1-01")["W7"] == ("B08",)


def test_receptors_that_are_not_known_are_tested_and_solve_nothing():
    assert work(without("hr_status"), "M1-02")["W1"] == ()
    assert "W1" not in work({**FIRST, "hr_status": "NEGATIVE"}, "M1-02")


def test_a_result_that_only_informs_while_it_is_missing_is_ordered_and_solves_nothing():
    assert work(without("anc"), "M1-02")["W6"] == ()


def test_what_two_regimens_need_is_ordered_once_in_the_order_of_the_table():
    found = work(without("lvef_age_days", "pregnancy_possible"), "M1-02", "M1-01")
    assert list(found) == [name for name in THERAPY.workup if name in found]
    assert found["W3"] == ("B06",)


def test_work_up_is_ordered_for_the_regimens_that_need_it():
    facts = without("ild_history")
    assert "B08" not in THERAPY.rules["M1-02"].blockers
    assert "W7" in work(facts, "M1-01")
    assert "W7" not in work(facts, "M1-02")


# What is watched


def test_what_is_watched_with_any_regimen_stands_once_in_the_order_of_the_table():
    weighed, _ = options(FIRST, "M1-02", "M1-01")
    found = [m.id for m in monitored(weighed, THERAPY)]
    wanted = {*THERAPY.rules["M1-01"].monitoring, *THERAPY.rules["M1-02"].monitoring}
    assert found == [name for name in THERAPY.monitoring if name in wanted]
    assert monitored((), THERAPY) == ()


# What a person solves


def test_a_hold_that_no_test_solves_is_for_a_person_and_said_once():
    facts = {**without("lvef_age_days"), "ecog": 3}
    weighed, book = options(facts, "M1-01", "M1-02")
    open_ = ordered(weighed, book, THERAPY)
    assert unsolved(weighed, open_) == (("B20", THERAPY.blockers["B20"].sentence),)


def test_what_excludes_a_regimen_is_not_solved_and_its_holds_are_not_said():
    weighed, book = options({**FIRST, "ecog": 3, "pregnant": True}, "M1-02")
    assert unsolved(weighed, ordered(weighed, book, THERAPY)) == ()
