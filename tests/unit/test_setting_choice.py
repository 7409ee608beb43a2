"""A patient is in the first setting that is true; what may be true before it is doubted."""

from decimal import Decimal

import pytest

from service.core.assessment import Category
from service.core.fact_book import FactBook
from service.core.setting_choice import find_setting, stated_row
from tests.support.cases import library

THERAPY = library().regimens
POSITIVE, LOW = Category.POSITIVE, Category.LOW
M0 = {"in_situ_only": False, "invasive": True, "metastatic": False, "local_recurrence": False}
M1 = {"in_situ_only": False, "invasive": True, "metastatic": True}
IDLE = {**M1, "on_active_line": False}
EARLY = {**M0, "adj_her2_complete": False, "postop_her2_started": False, "prior_systemic": False}
AFTER = {**EARLY, "prior_systemic": True, "surgery_done": True, "neoadjuvant_given": True}
THP = {"on_active_line": True, "progressed": False, "n_mbc_her2_lines": 1, "induction_thp": True}
ENDED = {**M0, "adj_her2_complete": True}
MONTHS = "months_since_trastuzumab_end"


def found(facts, category=POSITIVE):
    return find_setting(THERAPY, category, FactBook((facts,)))


@pytest.mark.parametrize(
    ("facts", "category", "name"),
    [
        ({"in_situ_only": True}, POSITIVE, "DCIS"),
        ({"in_situ_only": True}, LOW, "DCIS"),
        ({**M1, "chemo_mbc": True}, LOW, "MBC_AFTER_CHEMO"),
        ({**M1, "rec_within6_adj_chemo": True}, Category.ULTRALOW, "MBC_AFTER_CHEMO"),
        (
            {**M1, "chemo_mbc": False, "rec_within6_adj_chemo": False, "et_lines_mbc": 1},
            LOW,
            "MBC_HR_POS_AFTER_ET",
        ),
        (
            {**M1, "chemo_mbc": False, "rec_within6_adj_chemo": False, "et_lines_mbc": 0},
            LOW,
            "MBC_1L",
        ),
        ({**M1, **THP, "induction_cycles": 4}, POSITIVE, "MBC_1L_MAINTENANCE"),
        ({**M1, **THP, "induction_cycles": 3}, POSITIVE, "MBC_ON_TREATMENT"),
        (
            {**M1, **THP, "induction_cycles": 6, "n_mbc_her2_lines": 2},
            POSITIVE,
            "MBC_ON_TREATMENT",
        ),
        (
            {**M1, **THP, "induction_thp": False, "induction_cycles": 6},
            POSITIVE,
            "MBC_ON_TREATMENT",
        ),
        ({**M1, **THP, "progressed": True}, POSITIVE, "MBC_2L"),
        ({**IDLE, "n_mbc_her2_lines": 3}, POSITIVE, "MBC_3L_PLUS"),
        ({**IDLE, "n_mbc_her2_lines": 2}, POSITIVE, "MBC_3L_PLUS"),
        ({**IDLE, "n_mbc_her2_lines": 1}, POSITIVE, "MBC_2L"),
        (
            {**IDLE, "n_mbc_her2_lines": 0, "adj_her2_given": True, "relapse_months": Decimal(6)},
            POSITIVE,
            "MBC_2L",
        ),
        (
            {**IDLE, "n_mbc_her2_lines": 0, "adj_her2_given": True, "relapse_months": Decimal(7)},
            POSITIVE,
            "MBC_1L",
        ),
        ({**IDLE, "n_mbc_her2_lines": 0, "adj_her2_given": False}, POSITIVE, "MBC_1L"),
        ({**M0, "local_recurrence": True}, POSITIVE, "LOCAL_RECURRENCE"),
        ({**M0, "local_recurrence": True}, LOW, "LOCAL_RECURRENCE"),
        ({**ENDED, MONTHS: Decimal(12)}, POSITIVE, "EXTENDED_ADJUVANT"),
        ({**ENDED, MONTHS: Decimal("12.1")}, POSITIVE, "FOLLOW_UP"),
        ({**EARLY, "postop_her2_started": True}, POSITIVE, "EARLY_ON_TREATMENT"),
        (
            {**EARLY, "prior_systemic": True, "neoadjuvant_given": False},
            POSITIVE,
            "EARLY_ON_TREATMENT",
        ),
        ({**AFTER, "surgery_done": False}, POSITIVE, "EARLY_ON_TREATMENT"),
        ({**AFTER, "ypInvasive": True}, POSITIVE, "POST_NEOADJ_RESIDUAL"),
        ({**AFTER, "ypInvasive": False}, POSITIVE, "POST_NEOADJ_PCR"),
        ({**AFTER, "ypInvasive": False}, LOW, "POST_NEOADJ_PCR"),
        (
            {**EARLY, "surgery_done": True, "neoadjuvant_given": False},
            POSITIVE,
            "ADJUVANT_UPFRONT",
        ),
        ({**EARLY, "surgery_done": False, "neoadjuvant_given": False}, POSITIVE, "NEOADJUVANT"),
    ],
)
def test_the_first_row_that_is_true_is_the_setting(facts, category, name):
    answer = found(facts, category)
    assert answer.row.name == name
    assert category in answer.row.categories
    assert answer.doubtful == ()
    assert answer.missing == ()


def test_a_row_before_it_that_may_be_true_is_doubted_with_what_would_tell():
    answer = found({**M1, "n_mbc_her2_lines": 0, "adj_her2_given": False, "on_active_line": False})
    assert (answer.row.name, answer.doubtful) == ("MBC_1L", ())
    answer = found({"metastatic": True, "n_mbc_her2_lines": 2, "on_active_line": True})
    assert answer.row.name == "MBC_3L_PLUS"
    assert [row.name for row in answer.doubtful] == ["DCIS", "MBC_ON_TREATMENT"]
    assert set(answer.missing) == {"in_situ_only", "progressed"}


def test_a_row_of_another_category_is_neither_taken_nor_doubted():
    answer = found({**M1, "chemo_mbc": True, "n_mbc_her2_lines": 0, "adj_her2_given": False})
    assert answer.row.name == "MBC_1L"
    assert "MBC_AFTER_CHEMO" not in [row.name for row in answer.doubtful]


def test_without_a_true_row_the_most_telling_fact_is_missing_first():
    answer = found({})
    assert answer.row is None
    assert len(answer.doubtful) == sum(POSITIVE in row.categories for row in THERAPY.settings)
    assert answer.missing[0] == "metastatic"
    assert len(set(answer.missing)) == len(answer.missing)


def test_where_every_row_is_false_there_is_no_setting_and_nothing_to_ask():
    nothing = {"in_situ_only": False, "metastatic": False, "local_recurrence": False}
    answer = found({**nothing, "invasive": False})
    assert (answer.row, answer.doubtful, answer.missing) == (None, (), ())


def test_a_setting_that_two_rows_name_is_the_row_of_the_category():
    assert stated_row(THERAPY, "MBC_1L", LOW).order < stated_row(THERAPY, "MBC_1L", POSITIVE).order
    assert stated_row(THERAPY, "MBC_2L", POSITIVE).name == "MBC_2L"
    assert stated_row(THERAPY, "MBC_2L", LOW) is None
    assert stated_row(THERAPY, "MBC_9L", POSITIVE) is None


def test_a_setting_holds_in_every_world_or_not_at_all():
    first = {**IDLE, "n_mbc_her2_lines": 1}
    second = {**IDLE, "n_mbc_her2_lines": 2}
    answer = find_setting(THERAPY, POSITIVE, FactBook((first, second)))
    assert answer.row is None
    assert [row.name for row in answer.doubtful] == ["MBC_3L_PLUS", "MBC_2L"]
    assert answer.missing[0] == "n_mbc_her2_lines"
