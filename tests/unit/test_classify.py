"""The category of one specimen, asked of the guideline's tables."""

import pytest

from service.core.assessment import Binary, Category
from service.core.findings import Probe, Quantity, Source, Standing
from tests.support.laboratory import GUIDELINE, assessed, coded, concluded, ihc, ish, said

PENDING = {"standing": Standing.PENDING}
ONE = {"probe": Probe.SINGLE}
GROUPS = {
    "1": ("2.5", "5.0"),
    "2": ("2.5", "3.5"),
    "3": ("1.5", "6.5"),
    "4": ("1.5", "5.0"),
    "5": ("1.5", "3.0"),
}
LEVELS = {
    "0-absent": "NULL",
    "0-faint": "ULTRALOW",
    "0": "ZERO_UNSPECIFIED",
    "1+": "LOW",
    "negative": "NEG_IHC_UNKNOWN",
}


@pytest.mark.parametrize(("score", "category"), LEVELS.items())
def test_a_negative_ihc_has_its_level(score, category):
    assert said(ihc(score))[0] == category


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("3+", ("POSITIVE", "IH-3", "NONE")),
        ("positive", ("POSITIVE", "IH-3", "NONE")),
        ("2+", ("EQUIVOCAL_PENDING", "IH-2", "REFLEX_ISH")),
        ("indeterminate", ("INDETERMINATE", "IH-I", "REPEAT_IHC_OR_NEW_SPECIMEN")),
        ("inconsistent", ("INDETERMINATE", "IH-I", "REPEAT_IHC_OR_NEW_SPECIMEN")),
        ("none", ("NOT_TESTED", "IH-X", "ORDER_IHC")),
    ],
)
def test_ihc_alone(score, expected):
    assert said(ihc(score)) == expected


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(("score", "category"), LEVELS.items())
def test_a_negative_ihc_decides_every_group_but_the_first(group, score, category):
    expected = "POSITIVE" if group == "1" else category
    assert said(ihc(score), ish(*GROUPS[group]))[0] == expected


@pytest.mark.parametrize("group", GROUPS)
def test_ihc_3_plus_is_positive_in_every_group(group):
    outcome = assessed(ihc("3+"), ish(*GROUPS[group])).outcome
    assert outcome.category is Category.POSITIVE
    assert ("DISCORDANT_IHC3_ISHNEG" in outcome.flags) is (group == "5")


@pytest.mark.parametrize(
    ("group", "category"),
    [
        ("1", "POSITIVE"),
        ("2", "EQUIVOCAL_PENDING"),
        ("3", "EQUIVOCAL_PENDING"),
        ("4", "EQUIVOCAL_PENDING"),
        ("5", "LOW"),
    ],
)
def test_ihc_2_plus_with_each_group(group, category):
    assert said(ihc("2+"), ish(*GROUPS[group]))[0] == category


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("1", ("POSITIVE", "NONE")),
        ("2", ("EQUIVOCAL_PENDING", "PERFORM_IHC_SAME_TISSUE")),
        ("3", ("EQUIVOCAL_PENDING", "PERFORM_IHC_SAME_TISSUE")),
        ("4", ("EQUIVOCAL_PENDING", "PERFORM_IHC_SAME_TISSUE")),
        ("5", ("NEG_IHC_UNKNOWN", "PERFORM_IHC_FOR_LEVEL")),
    ],
)
def test_each_group_without_ihc(group, expected):
    category, _, step = said(ish(*GROUPS[group]))
    assert (category, step) == expected


@pytest.mark.parametrize(
    ("numbers", "score", "expected"),
    [
        (("1.4", ""), "1+", ("LOW", "DP-MA", "NONE")),
        (("1.4", ""), "0", ("ZERO_UNSPECIFIED", "DP-MA", "REQUEST_MEMBRANE_DETAIL")),
        (("2.6", ""), "2+", ("INDETERMINATE", "DP-MX", "REQUEST_MISSING_ISH_COMPONENT")),
        (("2.6", ""), "1+", ("INDETERMINATE", "DP-MX", "REQUEST_MISSING_ISH_COMPONENT")),
        (("1.4", ""), "2+", ("INDETERMINATE", "DP-MX", "REQUEST_MISSING_ISH_COMPONENT")),
        (("", "6.4"), "1+", ("INDETERMINATE", "DP-MX", "REQUEST_MISSING_ISH_COMPONENT")),
        (("2.6", ""), "3+", ("POSITIVE", "DP-MA", "NONE")),
        (("1.3", ""), "3+", ("POSITIVE", "DP-MA", "NONE")),
        ((">=1.8", "4.5"), "1+", ("INDETERMINATE", "DP-MX", "REQUEST_MISSING_ISH_COMPONENT")),
    ],
)
def test_a_missing_number_decides_only_when_every_completion_agrees(numbers, score, expected):
    assert said(ihc(score), ish(*numbers)) == expected


def test_group_5_among_the_completions_of_a_3_plus_leaves_discordance_open():
    assert "DISCORDANCE_NOT_EXCLUDED" in assessed(ihc("3+"), ish("1.3")).outcome.flags
    assert "DISCORDANCE_NOT_EXCLUDED" not in assessed(ihc("3+"), ish("2.6")).outcome.flags


@pytest.mark.parametrize(
    ("copies", "score", "expected"),
    [
        ("3.99", "2+", ("LOW", "SP-L-2", "NONE")),
        ("4.0", "2+", ("EQUIVOCAL_PENDING", "SP-M46-2", "DUAL_PROBE_ISH")),
        ("5.99", "3+", ("POSITIVE", "SP-M46-3", "NONE")),
        ("5.1", "0-faint", ("ULTRALOW", "SP-M46-N", "NONE")),
        ("6.0", "2+", ("POSITIVE", "SP-H-2", "NONE")),
        ("6.3", "0", ("POSITIVE", "SP-H-N", "PATHOLOGY_REVIEW_AND_DUAL_PROBE")),
        (">=3.5", "2+", ("INDETERMINATE", "SP-M-2", "REQUEST_MISSING_ISH_COMPONENT")),
    ],
)
def test_a_single_probe_by_its_copies(copies, score, expected):
    assert said(ihc(score), ish(copies=copies, **ONE)) == expected


def test_dual_probe_counts_stand_before_single_probe():
    both = ish(copies="5.0", **ONE), ish("1.5", "3.0", on=2, probe=Probe.DUAL)
    assert said(ihc("2+"), *both)[1] == "DP-G5-2"


@pytest.mark.parametrize(
    ("word", "score", "rule"),
    [
        ("amplified", "2+", "CD-P-2"),
        ("amplified", "1+", "CD-P-N"),
        ("not-amplified", "2+", "CD-N-2"),
        ("not-amplified", "3+", "CD-N-3"),
        ("equivocal", "3+", "CD-E-3"),
        ("equivocal", "1+", "CD-E-N"),
        ("unsatisfactory", "2+", "IH-2"),
        ("not-done", "2+", "IH-2"),
    ],
)
def test_a_coded_ish_without_numbers(word, score, rule):
    assert said(ihc(score), coded(word))[1] == rule


def test_numbers_stand_before_a_coded_conclusion():
    assert said(ihc("2+"), ish("1.5", "3.0"), coded("not-amplified"))[1] == "DP-G5-2"
    assert said(ihc("2+"), ish("1.5", "4.8"), coded("amplified"))[1] == "DP-G4-2a"


@pytest.mark.parametrize(
    ("numbers", "word"), [(("1.5", "3.0"), "amplified"), (("2.5", "6.0"), "not-amplified")]
)
def test_numbers_and_a_conclusion_that_exclude_each_other_are_never_resolved(numbers, word):
    assert said(ihc("2+"), ish(*numbers), coded(word))[:2] == ("INDETERMINATE", "QU-2")
    assert said(ihc("1+"), ish(*numbers), coded(word))[:2] == ("INDETERMINATE", "QU-Na")
    assert said(ihc("3+"), ish(*numbers), coded(word))[:2] == ("POSITIVE", "QU-3")


@pytest.mark.parametrize(
    ("score", "numbers", "expected"),
    [
        ("3+", ("1.1", "2.0"), ("POSITIVE", "QU-3", "NONE")),
        ("2+", ("1.1", "2.0"), ("INDETERMINATE", "QU-2", "REPEAT_ISH")),
        ("1+", ("1.1", "2.0"), ("LOW", "QU-Nb", "NONE")),
        ("1+", ("2.5", "6.0"), ("INDETERMINATE", "QU-Na", "REPEAT_ISH")),
        ("none", ("2.5", "6.0"), ("INDETERMINATE", "QU-0", "REPEAT_IHC_AND_ISH")),
    ],
)
def test_an_unsatisfactory_ish(score, numbers, expected):
    assert said(ihc(score), ish(*numbers, cells="12")) == expected


def test_two_counts_in_different_groups_are_unsatisfactory_and_it_is_told():
    outcome = assessed(ihc("2+"), ish("2.5", "5.0"), ish("1.5", "3.0", on=4))
    assert outcome.outcome.rule == "QU-2"
    assert any("Q08" in remark.text for remark in outcome.remarks)


def test_two_counts_in_the_same_group_agree():
    assert said(ihc("2+"), ish("2.5", "5.0"), ish("2.4", "5.1", on=4))[1] == "DP-G1-2"


def test_a_second_population_that_is_amplified_decides():
    found = assessed(
        ihc("2+"), ish("1.1", "2.0"), ish("4.0", "9.0", cells="24", second_population=True)
    )
    assert found.category is Category.POSITIVE
    assert "HETEROGENEOUS" in found.outcome.flags


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("positive", "POSITIVE"),
        ("negative", "NEG_IHC_UNKNOWN"),
        ("low", "LOW"),
        ("ultralow", "ULTRALOW"),
        ("equivocal", "EQUIVOCAL_PENDING"),
        ("indeterminate", "INDETERMINATE"),
        ("not-done", "NOT_TESTED"),
    ],
)
def test_a_conclusion_alone_is_the_laboratorys(word, category):
    assert said(concluded(word))[0] == category


def test_a_conclusion_never_overrides_the_tests_and_a_difference_is_told():
    found = assessed(ihc("1+"), concluded("positive", on=3))
    assert found.category is Category.LOW
    assert any("differs" in remark.text for remark in found.remarks)


@pytest.mark.parametrize("findings", [(ihc("3+"),), (ish("2.5", "5.0"),), (concluded("positive"),)])
def test_in_situ_carcinoma_has_no_category(findings):
    found = assessed(*findings, in_situ=True)
    assert found.category is Category.NOT_APPLICABLE_IN_SITU
    assert found.outcome.binary is Binary.NONE
    assert found.outcome.rule == "SC-01"


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ((ihc("3+", **PENDING),), "EQUIVOCAL_PENDING"),
        ((ihc("3+", **PENDING), coded("not-amplified")), "EQUIVOCAL_PENDING"),
        ((ihc("1+"), coded("not-done", on=2, **PENDING)), "EQUIVOCAL_PENDING"),
        ((ihc("3+"), coded("not-done", on=2, **PENDING)), "POSITIVE"),
        ((ihc("2+"), coded("not-done", on=2, **PENDING)), "EQUIVOCAL_PENDING"),
    ],
)
def test_a_pending_result_keeps_the_answer_open_unless_it_is_positive_already(findings, expected):
    found = assessed(*findings)
    assert found.category == expected
    assert found.awaiting


@pytest.mark.parametrize("score", ["3+", "1+", "2+"])
def test_an_unreadable_result_keeps_the_answer_open_whatever_else_is_known(score):
    found = assessed(ihc(score), unreadable=(Source("Observation/x", "Bundle.entry[1]"),))
    assert found.category is Category.INDETERMINATE
    assert found.outcome.flags == ("UNREADABLE_EVIDENCE",)


@pytest.mark.parametrize("rule", ["DP-G5-0c", "SP-L-0c", "CD-N-0c"])
def test_a_high_score_that_contradicts_itself_is_not_made_negative_by_ish(rule):
    tests = {
        "DP-G5-0c": ish("1.5", "3.0"),
        "SP-L-0c": ish(copies="2.0", **ONE),
        "CD-N-0c": coded("not-amplified"),
    }
    expected = ("INDETERMINATE", rule, "REPEAT_IHC_OR_NEW_SPECIMEN")
    assert said(ihc("inconsistent-high"), tests[rule]) == expected
    assert said(ihc("inconsistent"), tests[rule])[0] == "NEG_IHC_UNKNOWN"


@pytest.mark.parametrize(
    ("score", "caution"), [("1+", True), ("0", True), ("3+", False), ("2+", False)]
)
def test_doubtful_handling_is_a_caution_on_a_negative_result_alone(score, caution):
    flags = assessed(ihc(score), preanalytic_caution=True).outcome.flags
    assert ("PREANALYTIC_CAUTION" in flags) is caution


def test_a_histology_that_doubts_a_positive_asks_for_a_repeat_and_keeps_the_category():
    found = assessed(ihc("3+"), suspicious_histology=True)
    assert found.category is Category.POSITIVE
    assert found.outcome.next_step == "REPEAT_TEST"
    assert "HISTOLOGY_DISCORDANT" in found.outcome.flags


def test_a_repeat_for_histology_never_replaces_another_next_step():
    found = assessed(ihc("1+"), ish("2.5", "5.0"), suspicious_histology=True)
    assert found.outcome.next_step == "PATHOLOGY_REVIEW"


def test_a_negative_result_is_not_doubted_by_histology():
    found = assessed(ihc("1+"), suspicious_histology=True)
    assert found.outcome.next_step == "NONE"
    assert "HISTOLOGY_DISCORDANT" not in found.outcome.flags


def test_numbers_of_another_unit_are_not_repeated_as_results():
    assert assessed(ihc("2+"), ish("180", reasons=("Q04",))).numbers == ()
    shown = dict(assessed(ihc("2+"), ish("2.5", "5.0", cells="12")).numbers)
    assert set(shown) == {Quantity.RATIO, Quantity.COPIES}


@pytest.mark.parametrize("group", ["2", "3", "4"])
def test_a_negative_of_groups_2_to_4_carries_its_comment(group):
    outcome = assessed(ihc("1+"), ish(*GROUPS[group])).outcome
    assert outcome.comment == GUIDELINE.comments[f"C-G{group}"]
    assert "NEGATIVE_WITH_COMMENT" in outcome.flags


def test_the_order_of_findings_plays_no_part():
    findings = [ihc("2+"), *ish("1.5", "4.8"), *ish("1.6", "4.9", on=3), coded("amplified")]
    assert assessed(*findings).outcome == assessed(*findings[::-1]).outcome
