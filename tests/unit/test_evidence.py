"""Which findings of a specimen count: what is final, what waits, which score stands."""

import pytest

from service.core.evidence import evidence_for
from service.core.findings import IhcScore, Standing
from tests.support.laboratory import coded, concluded, ihc, ish, specimen

PENDING = {"standing": Standing.PENDING}
AMENDED = {"standing": Standing.AMENDED}


def score(*findings):
    return evidence_for(specimen(*findings)).ihc


def awaited(*findings):
    return evidence_for(specimen(*findings)).awaiting


def test_without_a_test_nothing_is_done_and_nothing_awaited():
    said = evidence_for(specimen())
    assert (said.ihc, said.awaiting, said.used) == (IhcScore.NOT_DONE, False, ())


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (["positive", "3+"], IhcScore.THREE_PLUS),
        (["negative", "1+"], IhcScore.ONE_PLUS),
        (["negative", "0"], IhcScore.ZERO),
        (["0", "0-faint"], IhcScore.ZERO_FAINT),
        (["negative", "0", "0-absent"], IhcScore.ZERO_ABSENT),
        (["2+", "2+"], IhcScore.TWO_PLUS),
    ],
)
def test_of_scores_that_agree_the_more_precise_stands(scores, expected):
    assert score(*(ihc(s) for s in scores)) is expected
    assert score(*(ihc(s) for s in reversed(scores))) is expected


def test_of_scores_that_disagree_the_newest_stands_and_it_is_told():
    said = evidence_for(specimen(ihc("3+", on=1), ihc("1+", on=9)))
    assert said.ihc is IhcScore.ONE_PLUS
    assert [r.code for r in said.remarks] == ["conflict"]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (["3+", "1+"], IhcScore.INCONSISTENT_HIGH),
        (["2+", "0"], IhcScore.INCONSISTENT_HIGH),
        (["0", "1+"], IhcScore.INCONSISTENT),
        (["0-absent", "0-faint"], IhcScore.INCONSISTENT),
        (["positive", "negative"], IhcScore.INCONSISTENT_HIGH),
    ],
)
def test_scores_of_one_day_that_disagree_contradict_each_other(scores, expected):
    said = evidence_for(specimen(*(ihc(s) for s in scores)))
    assert said.ihc is expected
    assert said.remarks


def test_scores_of_unknown_time_cannot_be_ordered():
    assert score(ihc("3+", on=None), ihc("1+", on=5)) is IhcScore.INCONSISTENT_HIGH


def test_an_amended_score_of_the_same_day_stands():
    assert score(ihc("2+"), ihc("3+", **AMENDED)) is IhcScore.THREE_PLUS


def test_a_test_that_was_not_done_does_not_disagree():
    assert score(ihc("none"), ihc("2+")) is IhcScore.TWO_PLUS


@pytest.mark.parametrize("waits", [ihc("3+", **PENDING), coded("not-done", **PENDING)])
def test_a_pending_result_is_awaited_and_does_not_count(waits):
    said = evidence_for(specimen(waits))
    assert said.awaiting
    assert said.ihc is IhcScore.NOT_DONE
    assert said.coded == ()


def test_a_final_result_that_is_not_older_stands_in_place_of_a_pending_one():
    assert not awaited(ihc("3+", on=1, **PENDING), ihc("3+", on=2))
    assert not awaited(ihc("3+", on=1, **PENDING), ihc("3+", on=1))


def test_a_pending_result_after_a_final_one_is_awaited():
    assert awaited(ihc("3+", on=1), ihc("2+", on=5, **PENDING))


def test_a_final_ihc_does_not_stand_in_place_of_a_pending_ish():
    assert awaited(ihc("2+", on=2), coded("not-done", on=1, **PENDING))
    assert awaited(ihc("2+", on=2), ish("2.5", on=1, **PENDING))


def test_a_final_ratio_does_not_stand_in_place_of_pending_copies():
    assert awaited(ish("2.5", on=2), ish(copies="5.0", on=1, **PENDING))


def test_a_pending_conclusion_is_awaited_only_when_there_is_no_test():
    assert awaited(concluded("positive", **PENDING))
    assert not awaited(ihc("3+"), concluded("positive", on=4, **PENDING))


def test_what_was_used_is_named_once_in_an_order_of_its_own():
    findings = [ihc("2+", on=3), *ish("2.5", "5.0", on=1), ihc("3+", on=4, **PENDING)]
    one = evidence_for(specimen(*findings))
    other = evidence_for(specimen(*findings[::-1]))
    assert one == other
    assert len(one.used) == len(set(one.used)) == 4
