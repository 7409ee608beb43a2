"""Specimens to tumours to patient."""

import pytest

from service.core.assessment import Category
from service.core.classify import classify
from service.core.findings import Source, Standing
from service.core.rollup import held, roll_up
from tests.support.laboratory import GUIDELINE, day, ihc, ish, specimen

LEVELS = ["1+", "0-faint", "0", "negative", "0-absent"]


def sample(score, key="core", on=1, **more):
    """An assessed specimen with one IHC result, taken on a day."""
    found = (ihc(score, on=on),) if isinstance(score, str) else score
    more = {"collected": day(on)} | more
    return classify(specimen(*found, key=key, **more), GUIDELINE)


def rolled(*samples):
    return roll_up(samples, GUIDELINE).outcome


def test_without_a_specimen_the_patient_is_not_tested():
    outcome = rolled()
    assert (outcome.category, outcome.next_step) == (Category.NOT_TESTED, "ORDER_IHC")


@pytest.mark.parametrize("other", [*LEVELS, "2+", "indeterminate", "none"])
def test_one_positive_sample_makes_the_patient_positive(other):
    outcome = rolled(sample("3+"), sample(other, "excision", on=9))
    assert outcome.category is Category.POSITIVE
    assert ("PATIENT_DISCORDANT" in outcome.flags) is (other in LEVELS)
    assert ("PENDING_ELSEWHERE" in outcome.flags) is (other in ("2+", "indeterminate"))


@pytest.mark.parametrize("at", range(4))
def test_of_negative_samples_the_highest_level_ever_counts(at):
    higher, lower = LEVELS[at], LEVELS[at + 1]
    outcome = rolled(sample(higher), sample(lower, "excision", on=9))
    assert outcome.category is sample(higher).category
    assert "PATIENT_DISCORDANT" in outcome.flags


@pytest.mark.parametrize("open_score", ["2+", "indeterminate"])
@pytest.mark.parametrize("definite", LEVELS)
def test_an_open_sample_keeps_a_negative_patient_open(open_score, definite):
    outcome = rolled(sample(open_score), sample(definite, "excision"))
    assert outcome.category is sample(open_score).category
    assert "PENDING_ELSEWHERE" in outcome.flags


def test_an_untested_sample_does_not_lower_a_definite_one():
    assert rolled(sample("1+"), sample("none", "excision")).category is Category.LOW


def test_in_situ_samples_never_enter_the_roll_up():
    outcome = rolled(sample("1+"), sample("3+", "dcis", in_situ=True))
    assert outcome.category is Category.LOW
    assert "PATIENT_DISCORDANT" not in outcome.flags
    assert rolled(sample("3+", in_situ=True)).category is Category.NOT_APPLICABLE_IN_SITU


def test_a_lost_receptor_in_the_newest_metastasis_holds_and_stays_positive():
    assessment = roll_up([sample("3+"), sample("1+", "liver", on=9, metastasis=True)], GUIDELINE)
    assert assessment.outcome.category is Category.POSITIVE
    assert "HER2_LOST_IN_LATEST_METASTASIS" in assessment.outcome.flags
    assert assessment.outcome.next_step == "PATHOLOGY_REVIEW"
    assert held(assessment) == ("HER2_LOST_IN_LATEST_METASTASIS",)


@pytest.mark.parametrize(
    ("liver", "bone"),
    [(("1+", 5), ("3+", 9)), (("1+", 5), ("2+", 4))],
)
def test_the_newest_definite_metastasis_says_whether_it_is_lost(liver, bone):
    samples = [
        sample("3+"),
        sample(liver[0], "liver", on=liver[1], metastasis=True),
        sample(bone[0], "bone", on=bone[1], metastasis=True),
    ]
    lost = "HER2_LOST_IN_LATEST_METASTASIS" in rolled(*samples).flags
    assert lost is (bone[0] != "3+")


def test_a_pending_newest_metastasis_does_not_hide_an_older_lost_one():
    samples = [
        sample("3+"),
        sample("1+", "liver", on=5, metastasis=True),
        sample("2+", "bone", on=9, metastasis=True),
    ]
    assert "HER2_LOST_IN_LATEST_METASTASIS" in rolled(*samples).flags


def test_a_negative_core_with_a_positive_excision_does_not_hold():
    assessment = roll_up([sample("1+"), sample("3+", "excision", on=9)], GUIDELINE)
    assert "PATIENT_DISCORDANT" in assessment.outcome.flags
    assert held(assessment) == ()


def test_a_residual_tumour_that_re_tests_negative_is_a_conversion_and_does_not_hold():
    assessment = roll_up(
        [sample("3+"), sample("1+", "residual", on=9, post_neoadjuvant=True)], GUIDELINE
    )
    assert assessment.outcome.category is Category.POSITIVE
    assert "POST_NEOADJ_CONVERSION" in assessment.outcome.flags
    assert held(assessment) == ()


def test_two_tumours_are_not_mixed_and_the_patient_follows_the_higher():
    assessment = roll_up(
        [sample("3+", "a", tumour="right"), sample("1+", "b", tumour="left")], GUIDELINE
    )
    assert [(t.key, t.outcome.category) for t in assessment.tumours] == [
        ("left", Category.LOW),
        ("right", Category.POSITIVE),
    ]
    assert assessment.outcome.category is Category.POSITIVE
    assert "PATIENT_DISCORDANT" not in assessment.outcome.flags


@pytest.mark.parametrize(
    ("findings", "flag"),
    [
        ((ihc("3+"), *ish("1.5", "3.0")), "DISCORDANT_IHC3_ISHNEG"),
        ((ihc("1+"), *ish("2.5", "5.0")), "DISCORDANT_IHCNEG_ISHPOS"),
    ],
)
def test_tests_that_disagree_hold(findings, flag):
    assert held(roll_up([sample(findings)], GUIDELINE)) == (flag,)


def test_discordance_that_is_not_excluded_does_not_hold():
    assessment = roll_up([sample((ihc("3+"), *ish("1.3")))], GUIDELINE)
    assert "DISCORDANCE_NOT_EXCLUDED" in assessment.outcome.flags
    assert held(assessment) == ()


def test_an_unreadable_result_of_any_sample_is_said_of_the_patient():
    broken = sample("1+", "excision", unreadable=(Source("Observation/x", "Bundle.entry[1]"),))
    outcome = rolled(sample("3+"), broken)
    assert outcome.category is Category.POSITIVE
    assert "UNREADABLE_EVIDENCE" in outcome.flags


def test_samples_are_listed_newest_first():
    assessment = roll_up(
        [sample("1+", "a", on=1), sample("1+", "b", on=9), sample("1+", "c", on=5)], GUIDELINE
    )
    assert [s.specimen.key for s in assessment.specimens] == ["b", "c", "a"]


def test_the_order_in_which_samples_came_plays_no_part():
    samples = [sample("1+", "a"), sample("3+", "b"), sample("2+", "c", on=4)]
    assert roll_up(samples, GUIDELINE) == roll_up(samples[::-1], GUIDELINE)


def test_a_sample_whose_result_is_pending_does_not_count_as_negative():
    waiting = sample((ihc("1+", on=2, standing=Standing.PENDING),), "excision", on=2)
    outcome = rolled(sample("3+"), waiting)
    assert outcome.category is Category.POSITIVE
    assert "PATIENT_DISCORDANT" not in outcome.flags


def test_a_flag_of_the_patient_is_added():
    assessment = roll_up([sample("3+")], GUIDELINE, ["ER_LOW"])
    assert "ER_LOW" in assessment.outcome.flags
