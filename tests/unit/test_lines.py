"""Lines and courses: what counts as one line, and what as the next."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from service.core.early_course import course_is_over, days_covered, last_day
from service.core.exposure import (
    Exposure,
    Kind,
    Origin,
    When,
    months_between,
    on,
    taxane_cycles,
    three_weekly_doses,
)
from service.core.findings import Source
from service.core.lines import courses_of, lines_of, unclear

KINDS = {
    "trastuzumab": Kind.ANTIBODY,
    "pertuzumab": Kind.ANTIBODY,
    "t-dxd": Kind.ADC,
    "t-dm1": Kind.ADC,
    "tucatinib": Kind.TKI,
    "neratinib": Kind.TKI,
    "docetaxel": Kind.CYTOTOXIC,
    "capecitabine": Kind.CYTOTOXIC,
    "letrozole": Kind.ENDOCRINE,
    "anastrozole": Kind.ENDOCRINE,
    "fulvestrant": Kind.ENDOCRINE,
    "palbociclib": Kind.CDK46,
}
FIRST = date(2026, 1, 5)
METASTATIC = on(date(2026, 1, 1))


def day(number):
    return FIRST + timedelta(number)


def dose(drug, number):
    when = on(day(number))
    source = Source(f"MedicationAdministration/{drug}-{number}", f"x.{drug}.{number}")
    return Exposure(drug, KINDS[drug], Origin.DOSE, when, when, False, False, source)


def doses(drug, start, count, every=21):
    return [dose(drug, start + i * every) for i in range(count)]


def history(drug, start, end=None, running=False):
    source = Source(f"MedicationStatement/{drug}-{start}", f"s.{drug}.{start}")
    return Exposure(
        drug,
        KINDS[drug],
        Origin.STATEMENT,
        on(day(start)) if start is not None else None,
        on(day(end)) if end is not None else None,
        running,
        not running,
        source,
    )


def lines(*exposures, progressions=()):
    flat = [e for part in exposures for e in (part if isinstance(part, list) else [part])]
    return [sorted(ln.drugs) for ln in lines_of(flat, METASTATIC, progressions)]


THP = [
    *doses("docetaxel", 0, 6),
    *doses("trastuzumab", 0, 12),
    *doses("pertuzumab", 0, 12),
]


def test_drugs_that_start_within_42_days_are_one_line():
    assert lines(dose("trastuzumab", 0), dose("docetaxel", 42)) == [["docetaxel", "trastuzumab"]]
    assert len(lines(dose("trastuzumab", 0), dose("docetaxel", 43))) == 2


def test_dropping_chemotherapy_and_adding_endocrine_therapy_is_no_new_line():
    assert len(lines(THP, history("letrozole", 140, running=True))) == 1


def test_a_conjugate_after_antibodies_is_the_second_line():
    assert lines(THP, doses("t-dxd", 300, 5))[1] == ["t-dxd"]


def test_antibodies_that_go_on_with_new_chemotherapy_are_carried_into_the_new_line():
    found = lines(doses("trastuzumab", 0, 20), dose("docetaxel", 0), dose("capecitabine", 200))
    assert found == [["docetaxel", "trastuzumab"], ["capecitabine", "trastuzumab"]]


def test_tucatinib_added_to_antibodies_without_progression_is_maintenance():
    tucatinib = history("tucatinib", 150, running=True)
    assert len(lines(THP, tucatinib)) == 1
    assert len(lines(THP, tucatinib, progressions=[day(140)])) == 2
    assert len(lines(THP, tucatinib, dose("capecitabine", 150))) == 2


def test_a_drug_that_is_resumed_in_its_line_opens_none():
    assert len(lines(doses("t-dxd", 0, 3), doses("t-dxd", 200, 3))) == 1


def test_therapy_before_metastasis_is_no_line_for_it():
    assert lines(dose("trastuzumab", -300), dose("t-dxd", 10)) == [["t-dxd"]]


def test_endocrine_drugs_that_replace_each_other_are_lines_and_partners_are_not():
    first = [history("letrozole", 0, 200), history("palbociclib", 60, 200)]
    assert len(lines(first)) == 1
    assert len(lines(first, history("fulvestrant", 210, running=True))) == 2
    assert len(lines(first, history("anastrozole", 210, running=True))) == 1


def test_the_order_of_records_plays_no_part():
    every = [*THP, *doses("t-dxd", 300, 5)]
    assert lines(every) == lines(every[::-1])


def test_a_pause_beyond_90_days_ends_a_course():
    assert len(courses_of([dose("trastuzumab", 0), dose("trastuzumab", 90)])) == 1
    assert len(courses_of([dose("trastuzumab", 0), dose("trastuzumab", 91)])) == 2


def test_undated_therapy_is_unclear_and_dated_therapy_is_not():
    assert unclear([history("trastuzumab", None)], METASTATIC, {Kind.ANTIBODY})
    assert not unclear([history("letrozole", None)], METASTATIC, {Kind.ANTIBODY})
    assert not unclear(THP, METASTATIC, set(Kind))
    year = When(date(2025, 1, 1), date(2025, 12, 31))
    vague = [Exposure("trastuzumab", Kind.ANTIBODY, Origin.STATEMENT, year, None, False, True,
                      Source("x", "x"))]  # fmt: skip
    assert not unclear(vague, METASTATIC, set(Kind))
    assert unclear(vague, on(date(2025, 6, 1)), set(Kind))


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2026-01-15", "2026-07-15", "6.00"),
        ("2026-01-15", "2026-07-16", "6.03"),
        ("2026-01-31", "2026-02-28", "1.00"),
        ("2026-07-15", "2026-01-15", "-6.00"),
        ("2026-05-01", "2026-05-01", "0.00"),
    ],
)
def test_months_are_calendar_months(first, last, months):
    found = months_between(date.fromisoformat(first), date.fromisoformat(last))
    assert found == Decimal(months)


def test_three_weekly_doses_make_one_three_weekly_one():
    assert three_weekly_doses([day(7 * i) for i in range(51)]) == 17
    assert three_weekly_doses([day(21 * i) for i in range(17)]) == 17


def test_taxane_cycles_are_doses_or_three_weekly_ones():
    assert taxane_cycles([day(21 * i) for i in range(6)]) == 6
    assert taxane_cycles([day(7 * i) for i in range(12)]) == 4
    assert taxane_cycles([]) == 0


SURGERY = on(day(150))
TODAY = day(700)


def over(exposures, surgery=SURGERY, today=TODAY):
    return course_is_over(exposures, surgery, today)


def test_17_three_weekly_doses_end_the_course():
    assert over([*doses("trastuzumab", 0, 6), *doses("trastuzumab", 180, 11)]) is True
    assert over([*doses("trastuzumab", 0, 6), *doses("trastuzumab", 180, 10)]) is None


def test_51_weeks_end_the_course_and_a_long_pause_is_left_out():
    assert over([history("trastuzumab", 160, 160 + 357)]) is True
    assert days_covered([history("trastuzumab", 0, 100), history("trastuzumab", 400, 500)]) == 200


def test_14_postoperative_conjugate_doses_end_the_course_and_13_do_not():
    assert over(doses("t-dm1", 180, 14)) is True
    assert over(doses("t-dm1", 180, 13)) is None


def test_a_postoperative_history_recorded_as_ended_ends_the_course():
    ended = history("trastuzumab", 180, 300)
    assert over([ended]) is True
    assert over([ended, dose("trastuzumab", 650)]) is None
    assert over([ended, dose("trastuzumab", 690)]) is False
    assert over([history("trastuzumab", 0, 100)], today=day(550)) is None


def test_a_course_that_runs_or_waits_for_surgery_is_not_over():
    assert over([history("trastuzumab", 600, running=True)]) is False
    assert over(doses("trastuzumab", 0, 6), today=day(150 + 98)) is False
    assert over(doses("trastuzumab", 0, 6), surgery=None) is None
    assert over([*doses("trastuzumab", 0, 6), dose("trastuzumab", 690)]) is False


def test_neratinib_after_the_year_does_not_reopen_it():
    assert over([*doses("t-dm1", 180, 14), history("neratinib", 600, running=True)]) is True


def test_a_history_without_an_end_has_no_last_day():
    assert last_day(doses("trastuzumab", 0, 3)) == day(42)
    assert last_day([*doses("trastuzumab", 0, 3), history("trastuzumab", 0)]) is None
