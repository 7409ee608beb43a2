"""The statements of the mission that the present service shows, by their names."""

import pytest

from tests.support.cases import code_in, is_summary, resources, said_of
from tests.support.evidence import (
    DCIS,
    GENE,
    IHC,
    NEGATIVE,
    POSITIVE,
    SCORES,
    answer_of,
    asked,
    condition,
    copies,
    ihc,
    observation,
    patient,
    ratio,
    specimen,
)

WOMAN = [patient(), condition(), specimen("core"), specimen("excision")]
AMPLIFIED = observation(GENE, answer_of(POSITIVE))
NOT_AMPLIFIED = observation(GENE, answer_of(NEGATIVE))


def said(*results, record=WOMAN):
    """What the patient's summary says."""
    observations = resources(asked(*record, *results), "Observation")
    (summary,) = [said_of(o) for o in observations if is_summary(o)]
    return summary


def plan(*results, record=WOMAN):
    """(kind, every activity's text, drug records) of the patient's plan."""
    answer = asked(*record, *results)
    (made,) = resources(answer, "CarePlan")
    texts = [a["detail"]["code"].get("text", "") for a in made.get("activity", [])]
    kind = code_in(made["category"][0], "her2-plan-kind")
    return kind, texts, resources(answer, "MedicationKnowledge")


def test_m01_ihc_grades_the_protein_and_ish_counts_the_genes():
    """M01: IHC grades receptor protein, 3+ is too much; ISH counts HER2 genes."""
    assert said(ihc("3+"))["category"] == "positive"
    assert said(observation(IHC, answer_of(SCORES["3+"])))["category"] == "positive"
    assert said(ratio(3), copies(9))["category"] == "positive"
    assert said(ratio(1), copies(2))["binary"] == "negative"
    assert said(AMPLIFIED)["category"] == "positive"


@pytest.mark.parametrize("negative", [ihc("1+", sample="excision"), ihc("0", sample="excision")])
@pytest.mark.parametrize("positive", [[ihc("3+", name="core")], [AMPLIFIED], [ratio(3), copies(9)]])
def test_m02_one_positive_sample_makes_her2_positive(positive, negative):
    """M02: HER2-positive: IHC 3+ or ISH amplified in at least one tumour sample."""
    assert said(*positive, negative)["category"] == "positive"


@pytest.mark.parametrize(
    ("results", "category"),
    [
        ([ihc("1+")], "low"),
        ([ihc("2+"), NOT_AMPLIFIED], "low"),
        ([ihc("2+"), ratio(1), copies(2)], "low"),
        ([ihc("0 without staining")], "null"),
        ([ihc("0 with faint membrane staining in 5%")], "ultralow"),
        ([ihc("0")], "zero-unspecified"),
    ],
)
def test_m03_low_is_1_plus_or_2_plus_without_amplification(results, category):
    """M03: HER2-low: IHC 1+, or 2+ with ISH negative; IHC 0 is negative; ultralow is below low."""
    summary = said(*results)
    assert summary["category"] == category
    assert summary["binary"] == "negative"


def test_m03_2_plus_alone_is_not_low_yet():
    assert said(ihc("2+"))["category"] == "equivocal-pending"


@pytest.mark.parametrize("receptor", [POSITIVE, NEGATIVE])
def test_m04_a_negative_tumour_stays_negative_with_any_hormone_receptor(receptor):
    """M04: HER2-negative may be HR-positive or triple-negative; no anti-HER2 drug for it."""
    er = observation("85337-4", answer_of(receptor))
    pr = observation("85339-0", answer_of(receptor))
    assert said(ihc("0 without staining"), er, pr)["category"] == "null"
    kind, _, drugs = plan(ihc("0 without staining"), er, pr)
    assert (kind, drugs) == ("no-her2-therapy", [])


@pytest.mark.parametrize("score", ["3+", "2+", "1+"])
def test_m22_her2_in_dcis_is_no_reason_for_her2_directed_therapy(score):
    """M22: DCIS expresses HER2 more often; HER2-directed therapy is not supported there."""
    record = [patient(), condition(DCIS), specimen("core")]
    assert said(ihc(score), record=record)["category"] == "not-applicable-in-situ"
    kind, texts, drugs = plan(ihc(score), record=record)
    assert (kind, texts, drugs) == ("no-her2-therapy", [], [])


def test_m22_dcis_beside_an_invasive_tumour_does_not_make_it_positive():
    record = [*WOMAN, condition(DCIS, "dcis")]
    focus = {"focus": [{"reference": "Condition/anna-dcis"}]}
    in_situ = ihc("3+", name="dcis", sample="excision", **focus)
    assert said(ihc("1+"), in_situ, record=record)["category"] == "low"
