"""The laboratory's overall conclusion in words: what is denied is never affirmed."""

import pytest

from service.core.findings import Context, LabConclusion, Source
from service.fhir.coder import Coder
from service.fhir.her2_values import read_value
from service.fhir.values import ValueUnreadable
from tests.support.cases import library

LIBRARY = library()


def conclusion(text):
    """The conclusion of a 48676-1 whose value is this text."""
    found = read_value(
        "conclusion",
        {"valueString": text},
        Context(Source("Observation/1", "Observation")),
        Coder(LIBRARY.codes, LIBRARY.local_codes),
        LIBRARY.guidelines[0],
    )
    return found.findings[0].conclusion


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HER2 positive", LabConclusion.POSITIVE),
        ("Negative", LabConclusion.NEGATIVE),
        ("HER2-low", LabConclusion.LOW),
        ("HER2 negative (HER2-low)", LabConclusion.LOW),
        ("HER2 ultralow", LabConclusion.ULTRALOW),
        ("HER2 negative, not low", LabConclusion.NEGATIVE),
        ("not HER2-low, negative", LabConclusion.NEGATIVE),
        ("No evidence of HER2 overexpression or amplification", LabConclusion.NEGATIVE),
        ("HER2 non-amplified", LabConclusion.NEGATIVE),
        ("HER2 not positive", LabConclusion.INDETERMINATE),
        ("amplification cannot be excluded", LabConclusion.INDETERMINATE),
        ("Equivocal", LabConclusion.EQUIVOCAL),
        ("positive, negative", LabConclusion.INDETERMINATE),
        ("not tested", LabConclusion.NOT_DONE),
    ],
)
def test_a_conclusion_in_words(text, expected):
    assert conclusion(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3+", LabConclusion.POSITIVE),
        ("Score 1+", LabConclusion.NEGATIVE),
        ("2+", LabConclusion.EQUIVOCAL),
        ("1+ to 2+", LabConclusion.INDETERMINATE),
    ],
)
def test_a_conclusion_given_as_a_score_says_what_the_score_says(text, expected):
    assert conclusion(text) is expected


@pytest.mark.parametrize("text", ["see report", "done", "HER2"])
def test_a_conclusion_that_says_nothing_is_unreadable(text):
    with pytest.raises(ValueUnreadable):
        conclusion(text)
