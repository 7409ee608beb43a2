"""What a laboratory says around a value; a word that is denied does not count."""

import pytest

from service.core.findings import Probe
from service.fhir.lab_words import (
    IN_SITU,
    INVASIVE,
    cells_counted,
    is_blinded,
    is_recount,
    is_second_population,
    preanalytic_caution,
    probe,
    reasons,
)


@pytest.mark.parametrize(
    "said",
    ["blinded recount, 24 cells", "re-count by a second reader", "counted again", "second count"],
)
def test_a_recount_that_was_done_is_one(said):
    assert is_recount(said)


@pytest.mark.parametrize(
    "said",
    [
        "no recount needed",
        "recount not required",
        "recount recommended",
        "recount to follow",
        "recount pending",
        "awaiting recount",
        "without a recount",
        "recount is advised",
        "recount was not performed",
        "before the recount",
        "a recount should be performed",
        "20 cells counted",
    ],
)
def test_a_recount_that_is_denied_or_wanted_is_none(said):
    assert not is_recount(said)


@pytest.mark.parametrize("said", ["blinded recount", "counted blind", "reader was blinded to it"])
def test_a_blinded_count_is_said(said):
    assert is_blinded(said)


@pytest.mark.parametrize("said", ["not blinded", "unblinded recount", "non-blinded", "recount"])
def test_a_count_that_was_not_blinded_is_heard(said):
    assert not is_blinded(said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("single-probe ish", Probe.SINGLE),
        ("dual probe fish", Probe.DUAL),
        ("dual-color probe", Probe.DUAL),
        ("single probe and dual probe", Probe.UNSTATED),
        ("fish", Probe.UNSTATED),
    ],
)
def test_the_assay_is_what_the_words_name(said, expected):
    assert probe(said) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("failed hybridisation", ("Q06",)),
        ("hybridization failed", ("Q06",)),
        ("controls failed", ("Q06",)),
        ("autofluorescence", ("Q06",)),
        ("insufficient tumour", ("Q06",)),
        ("no autofluorescence", ()),
        ("without evidence of failed hybridisation", ()),
        ("ratio to rai1", ("Q07",)),
        ("alternative chromosome 17 probe", ("Q07",)),
        ("lis1", ("Q07",)),
        ("the in situ component was counted", ("Q09",)),
        ("lymphocytes were counted", ("Q09",)),
        ("in situ component not counted", ()),
        ("gastric scoring", ("Q11",)),
        ("40 cells counted", ()),
        ("her2 fluorescence in situ hybridization, 40 nuclei counted", ()),
    ],
)
def test_reasons_not_to_use_a_count(said, expected):
    assert reasons(said) == expected


@pytest.mark.parametrize(
    ("said", "digits"),
    [("40 cells counted", "40"), ("20 tumour nuclei", "20"), ("18 invasive tumour cells", "18")],
)
def test_the_cells_counted_are_read_from_a_note(said, digits):
    assert cells_counted(said) == digits


def test_a_percentage_of_cells_is_no_count_of_them():
    assert cells_counted("30% of cells") is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a second population of 30% of cells", True),
        ("discrete area of amplified cells", True),
        ("a second population of 10% of cells", False),
        ("a second population of >10% of cells", True),
        ("scattered amplified cells", False),
    ],
)
def test_a_second_population_is_discrete_and_more_than_a_tenth(said, expected):
    assert is_second_population(said) is expected


@pytest.mark.parametrize(
    "said",
    [
        "fixed for 4 hours",
        "fixation 96 h in 10% nbf",
        "bouin's fixative",
        "cold ischaemia 90 minutes",
        "ischemic time: 2 h",
        "section cut 8 weeks earlier",
        "acid decalcified",
    ],
)
def test_handling_outside_the_limits_is_a_caution(said):
    assert preanalytic_caution(said)


@pytest.mark.parametrize(
    "said",
    [
        "fixed for 6 hours",
        "fixation 72 h",
        "cold ischaemia 60 minutes",
        "ischaemia 1 h",
        "section cut 6 weeks earlier",
        "edta decalcified",
        "not decalcified",
        "no decalcification",
        "10% neutral buffered formalin",
    ],
)
def test_handling_within_the_limits_is_none(said):
    assert not preanalytic_caution(said)


def test_in_situ_hybridisation_is_no_in_situ_carcinoma():
    assert not IN_SITU.search("fluorescence in situ hybridization")
    assert not IN_SITU.search("in-situ hybridisation")
    assert IN_SITU.search("ductal carcinoma in situ")
    assert IN_SITU.search("dcis")
    assert INVASIVE.search("invasive carcinoma")
