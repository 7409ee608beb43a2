"""IHC results in words and digits: the digit is the score, a contradiction is never resolved."""

import pytest

from service.core.findings import IhcScore as Score
from service.fhir.ihc_text import read_ihc_text
from tests.support.cases import library

(GUIDELINE,) = library().guidelines


def score(text):
    return read_ihc_text(text, GUIDELINE).score


@pytest.mark.parametrize(
    "text",
    ["2+ (equivocal)", "++", "IHC 2+", "HER2 2+", "Score: 2", "equivocal (2+)", "2 +", "2+."],
)
def test_spellings_of_2_plus(text):
    assert score(text) is Score.TWO_PLUS


@pytest.mark.parametrize(
    "text",
    [
        "3+",
        "Score 3+",
        "+++",
        "3 plus",
        "IHC 3",
        "\uff13\uff0b",
        "positive (3+)",
        "HER2/neu: 3+",
        "HER-2 3+",
        "c-erbB-2 3+",
        "score 3+ in 80% of cells",
        "3+ (100%)",
        "POSITIVE, 3+",
    ],
)
def test_spellings_of_3_plus(text):
    assert score(text) is Score.THREE_PLUS


@pytest.mark.parametrize("text", ["negative (1+)", "1+", "+", "Score 1", "HER2 negativ (Score 1+)"])
def test_spellings_of_1_plus(text):
    assert score(text) is Score.ONE_PLUS


@pytest.mark.parametrize("text", ["IHC 0", "0", "Negative, score 0", "0+", "Score: 0", "HER2 0"])
def test_a_0_without_a_word_on_staining_is_neither_null_nor_ultralow(text):
    assert score(text) is Score.ZERO


@pytest.mark.parametrize(
    "text",
    [
        "0 with faint membrane staining in 5%",
        "IHC 0 (>0<1+)",
        "IHC 0, HER2-ultralow",
        "0 (ultra-low)",
        "0, faint incomplete staining in 10% of cells",
    ],
)
def test_a_0_with_faint_staining_is_faint(text):
    assert score(text) is Score.ZERO_FAINT


@pytest.mark.parametrize(
    "text", ["0, no staining", "0 without any membrane staining", "IHC 0 (null)"]
)
def test_a_0_without_staining_is_absent(text):
    assert score(text) is Score.ZERO_ABSENT


@pytest.mark.parametrize("text", ["HER2-ultralow", "ultralow", "HER2 low"])
def test_low_and_ultralow_without_a_score_give_none(text):
    assert score(text) is Score.INDETERMINATE


@pytest.mark.parametrize(
    "text", ["HER2 1+ to 2+", "2-3+", "HER2 (2-3+)", "1+/2+", "2+ or 3+", "0-1+"]
)
def test_a_range_over_two_scores_is_indeterminate(text):
    assert score(text) is Score.INDETERMINATE


def test_a_range_of_one_score_is_that_score():
    assert score("3+ to 3+") is Score.THREE_PLUS


@pytest.mark.parametrize("text", ["negative (3+)", "negative, 2+", "3+, not overexpressed"])
def test_a_high_score_called_negative_contradicts_itself(text):
    assert score(text) is Score.INCONSISTENT_HIGH


@pytest.mark.parametrize("text", ["positive (0)", "positive (1+)"])
def test_a_low_score_called_positive_contradicts_itself_and_may_be_high(text):
    assert score(text) is Score.INCONSISTENT_HIGH


@pytest.mark.parametrize("text", ["0 with faint incomplete staining in 15%", "1+, no staining"])
def test_a_low_score_with_the_staining_of_another_is_inconsistent(text):
    assert score(text) is Score.INCONSISTENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("incomplete faint membrane staining in 10% of cells", Score.ZERO_FAINT),
        ("incomplete faint membrane staining in 10.01% of cells", Score.ONE_PLUS),
        ("complete intense membrane staining in >10% of cells", Score.THREE_PLUS),
        ("complete intense membrane staining in 10% of cells", Score.TWO_PLUS),
        ("moderate complete staining in 40% of tumour cells", Score.TWO_PLUS),
        ("intense but incomplete basolateral staining", Score.TWO_PLUS),
        ("no membrane staining", Score.ZERO_ABSENT),
    ],
)
def test_a_described_pattern_has_the_score_of_figure_1(text, expected):
    assert score(text) is expected


@pytest.mark.parametrize(
    "text", ["complete intense staining", "faint incomplete staining", "weak staining"]
)
def test_a_pattern_that_could_be_two_scores_is_indeterminate(text):
    assert score(text) is Score.INDETERMINATE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("positive", Score.CODED_POSITIVE),
        ("negative", Score.CODED_NEGATIVE),
        ("equivocal", Score.TWO_PLUS),
        ("indeterminate", Score.INDETERMINATE),
        ("not done", Score.NOT_DONE),
        ("not overexpressed", Score.CODED_NEGATIVE),
        ("overexpressed", Score.CODED_POSITIVE),
    ],
)
def test_a_word_alone_is_the_laboratorys_conclusion(text, expected):
    assert score(text) is expected


@pytest.mark.parametrize("text", ["30%", "30 % of cells", "90 percent"])
def test_a_percentage_alone_is_no_score(text):
    said = read_ihc_text(text, GUIDELINE)
    assert said.percent_only
    assert said.score is Score.NOT_DONE


@pytest.mark.parametrize("text", ["see report", "pending", "n/a", "7", "2.5", "HER2", "4+", "12"])
def test_what_says_no_score_is_not_readable(text):
    assert score(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2+, reported 2024-03-01",
        "2+ (clone 4B5)",
        "grade 3 tumour, HER2 2+",
        "pT1c, HER2 2+",
        "2+ (20 cells)",
        "HER2 2+ ER 90%",
    ],
)
def test_other_numbers_of_a_report_are_no_scores(text):
    assert score(text) is Score.TWO_PLUS


# A word that is denied does not count, and a score of something else is none

HIGH = {Score.THREE_PLUS, Score.CODED_POSITIVE}


@pytest.mark.parametrize(
    "text",
    [
        "No evidence of HER2 overexpression",
        "HER2 overexpression not detected",
        "overexpression absent",
        "HER2 overexpression: none",
        "without overexpression",
        "not positive",
        "no positive staining",
    ],
)
def test_overexpression_that_is_denied_is_never_read_as_positive(text):
    assert score(text) not in HIGH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Negative for HER2 overexpression (1+)", Score.ONE_PLUS),
        ("HER2 overexpression: negative (1+)", Score.ONE_PLUS),
        ("No HER2 overexpression, 1+", Score.ONE_PLUS),
        ("HER2 overexpression not identified (1+)", Score.ONE_PLUS),
        ("Negative for overexpression, score 0", Score.ZERO),
    ],
)
def test_a_denied_overexpression_agrees_with_a_low_score(text, expected):
    assert score(text) is expected


@pytest.mark.parametrize("text", ["2+ of 3+", "Score 2 of 3", "1 of 3+", "1+ out of 3+", "2/3"])
def test_the_end_of_the_scale_is_not_the_score(text):
    assert score(text) not in HIGH


@pytest.mark.parametrize("text", ["positive control 3+; tumour 0", "control 3+, tumour 1+"])
def test_the_score_of_a_control_is_not_the_tumours(text):
    assert score(text) not in HIGH


def test_the_definition_of_score_0_says_nothing_of_which_0_it_is():
    """The words of the CAP form for 0: `no staining, or ...` is not `no staining`."""
    text = (
        "Negative (Score 0): No staining is observed or membrane staining that is incomplete "
        "and is faint/barely perceptible and in <=10% of tumor cells"
    )
    assert score(text) is Score.ZERO


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No 3+ staining identified", "inconsistent-high"),
        ("not 3+", "inconsistent-high"),
        ("3+?", "inconsistent-high"),
        ("possibly 3+", "inconsistent-high"),
        ("0, not ultralow", "0"),
        ("Positive (3+), not equivocal", "3+"),
        ("HER2 3+, no further testing required", "3+"),
        ("1+, no reflex ISH", "1+"),
        ("0 no membrane staining", "0-absent"),
    ],
)
def test_a_denied_or_doubted_score_is_not_taken_for_the_score(text, expected):
    assert score(text) == expected
