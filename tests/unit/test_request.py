"""What a caller may ask, and how every fault is told at its place."""

from datetime import date
from decimal import Decimal

import pytest

from service.core.errors import NotFhir
from service.core.facts import FactKind
from service.fhir.request import Vocabulary, read_request
from tests.support.evidence import bundle, ihc

TODAY = date(2026, 11, 22)
VOCABULARY = Vocabulary(
    ("MBC_1L", "RESIDUAL"),
    {
        "metastatic": FactKind.TRUTH,
        "history_complete": FactKind.TRUTH,
        "include_off_label": FactKind.TRUTH,
        "cT": FactKind.COUNT,
        "lvef": FactKind.NUMBER,
        "child_pugh": FactKind.LETTER,
    },
)
EVIDENCE = {"name": "resource", "resource": bundle(ihc("3+"))}


def parameters(*given):
    return {"resourceType": "Parameters", "parameter": [EVIDENCE, *given]}


def read(*given, query=None):
    return read_request(parameters(*given), query or {}, VOCABULARY, TODAY, "us")


def faults(posted, query=None):
    with pytest.raises(NotFhir) as caught:
        read_request(posted, query or {}, VOCABULARY, TODAY, "us")
    return [fault.where for fault in caught.value.faults]


def fact(name, **value):
    said = [{"name": "name", "valueString": name}, {"name": "value", **value}]
    return {"name": "context", "part": said}


def test_without_parameters_the_defaults_hold():
    said = read()
    assert (said.jurisdiction, said.as_of, said.transaction) == ("us", TODAY, False)
    assert (said.include_off_label, said.facts.history_complete) == (False, False)
    assert (said.facts.setting, said.facts.stated) == ("", {})


@pytest.mark.parametrize("region", ["us", "eu", "cn"])
def test_the_label_region_is_one_of_three(region):
    assert read({"name": "jurisdiction", "valueCode": region}).jurisdiction == region
    assert read(query={"jurisdiction": [region]}).jurisdiction == region


def test_a_code_of_ours_is_the_tables_word_in_lower_case_with_hyphens():
    assert read({"name": "setting", "valueCode": "mbc-1l"}).facts.setting == "MBC_1L"


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-11-22", TODAY), ("2024-02-29", date(2024, 2, 29))]
)
def test_the_assessment_day_is_a_day(day, expected):
    assert read({"name": "as-of", "valueDate": day}).as_of == expected


@pytest.mark.parametrize(
    "day", ["2026-11-23", "2026-02-30", "2026-11", "20261122", "22.11.2026", "yesterday", ""]
)
def test_a_day_in_the_future_or_of_another_form_is_refused(day):
    assert faults(parameters({"name": "as-of", "valueDate": day})) == [
        "Parameters.parameter[1].value"
    ]


@pytest.mark.parametrize(
    ("name", "value", "stated"),
    [
        ("metastatic", {"valueBoolean": False}, False),
        ("cT", {"valueInteger": 2}, 2),
        ("lvef", {"valueInteger": 55}, 55),
        ("lvef", {"valueDecimal": Decimal("55.5")}, Decimal("55.5")),
        ("child_pugh", {"valueString": "C"}, "C"),
    ],
)
def test_a_fact_is_stated_in_the_form_of_its_kind(name, value, stated):
    assert read(fact(name, **value)).facts.stated.get(name) == stated


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metastatic", {"valueString": "true"}),
        ("metastatic", {"valueInteger": 1}),
        ("metastatic", {}),
        ("cT", {"valueInteger": -1}),
        ("cT", {"valueBoolean": True}),
        ("cT", {"valueDecimal": Decimal("2.5")}),
        ("lvef", {"valueString": "55"}),
        ("child_pugh", {"valueString": "D"}),
        ("child_pugh", {"valueString": "A", "valueInteger": 1}),
    ],
)
def test_a_fact_in_another_form_is_refused_at_its_value(name, value):
    (where,) = faults(parameters(fact(name, **value)))
    assert where == "Parameters.parameter[1].part[1].value"


def test_a_fact_that_nobody_knows_is_refused_at_its_name():
    (where,) = faults(parameters(fact("mood", valueBoolean=True)))
    assert where.startswith("Parameters.parameter[1].part[0].value")


def test_a_fact_stated_twice_alike_is_one_and_differently_is_refused():
    twice = [fact("cT", valueInteger=2), fact("cT", valueInteger=2)]
    assert read(*twice).facts.stated.get("cT") == 2
    assert faults(parameters(fact("cT", valueInteger=2), fact("cT", valueInteger=3)))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"name": "jurisdiction", "valueCode": "uk"}, "Parameters.parameter[1].value"),
        ({"name": "jurisdiction"}, "Parameters.parameter[1].value"),
        ({"name": "jurisdiction", "valueBoolean": True}, "Parameters.parameter[1].value"),
        ({"name": "setting", "valueCode": "MBC_1L"}, "Parameters.parameter[1].value"),
        ({"name": "history-complete", "valueString": "true"}, "Parameters.parameter[1].value"),
        ({"name": "bundle-type", "valueCode": "searchset"}, "Parameters.parameter[1].value"),
        ({"name": "patience", "valueCode": "x"}, "Parameters.parameter[1].name"),
        ({"name": "resource"}, "Parameters.parameter[1]"),
        ({"valueCode": "x"}, "Parameters.parameter[1]"),
        ("jurisdiction", "Parameters.parameter[1]"),
        (None, "Parameters.parameter[1]"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused_at_its_place(given, where):
    assert faults(parameters(given)) == [where]


def test_all_faults_are_told_together():
    assert faults(
        parameters({"name": "jurisdiction", "valueCode": "uk"}, {"name": "patience"}),
        {"as-of": ["soon"]},
    ) == ["Parameters.parameter[2].name", "Parameters.parameter[1].value", ""]


@pytest.mark.parametrize(
    "query",
    [
        {"jurisdictoin": ["us"]},
        {"history-complete": ["yes"]},
        {"jurisdiction": ["us", "eu"]},
        {"context": ["metastatic"]},
        {"resource": ["x"]},
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query):
    assert faults(bundle(ihc("3+")), query) == [""]


def test_the_form_of_the_answer_is_the_doors_business():
    assert read(query={"_format": ["json"], "_pretty": ["true"]}).jurisdiction == "us"


@pytest.mark.parametrize("posted", [None, 3, "x", True, [], [{}], {}, {"resourceType": 3}])
def test_what_is_no_resource_is_refused(posted):
    assert len(faults(posted)) == 1


@pytest.mark.parametrize("kind", ["Patient", "Condition", "Nonsense"])
def test_another_resource_is_refused_with_what_to_post(kind):
    assert faults({"resourceType": kind}) == ["resourceType"]


@pytest.mark.parametrize("kind", ["collection", "transaction", "batch", "message", "searchset"])
def test_a_bundle_of_any_type_is_opened(kind):
    posted = {**bundle(ihc("3+")), "type": kind}
    assert len(read_request(posted, {}, VOCABULARY, TODAY, "us").opened.resources) == 1


def test_bundles_in_parameters_in_bundles_are_opened_at_their_places():
    inner = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": ihc("3+")}]}
    outer = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": inner}]}
    (found,) = read({"name": "resource", "resource": outer}).opened.resources[1:]
    assert found.where == "Parameters.parameter[1].resource.entry[0].resource.entry[0].resource"


def test_bundles_nested_too_deeply_are_refused():
    nested = bundle(ihc("3+"))
    for _ in range(12):
        nested = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": nested}]}
    assert len(faults(nested)) == 1


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        (None, "Bundle.entry[0]"),
        ({}, "Bundle.entry[0]"),
        (3, "Bundle.entry[0]"),
        ({"resource": None}, "Bundle.entry[0].resource"),
        ({"resource": {}}, "Bundle.entry[0].resource.resourceType"),
        ({"resource": {"resourceType": 3}}, "Bundle.entry[0].resource.resourceType"),
        ({"resource": {"resourceType": "Observatoin"}}, "Bundle.entry[0].resource.resourceType"),
        ({"resource": ihc("3+"), "fullUrl": 3}, "Bundle.entry[0].fullUrl"),
        (
            {"resource": ihc("3+", contained=[{"resourceType": "Specimem"}])},
            "Bundle.entry[0].resource.contained[0].resourceType",
        ),
        ({"resource": ihc("3+", contained={})}, "Bundle.entry[0].resource.contained"),
    ],
)
def test_an_entry_that_holds_no_resource_is_refused_at_its_place(entry, where):
    posted = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    assert faults(posted) == [where]


def test_an_entry_that_only_asks_for_something_is_passed_over():
    entry = {"request": {"method": "DELETE", "url": "Observation/1"}}
    posted = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert read_request(posted, {}, VOCABULARY, TODAY, "us").opened.resources == []


@pytest.mark.parametrize(("parameter", "stated"), [(False, True), (True, False), (True, True)])
def test_a_complete_history_and_off_label_uses_may_be_stated_as_facts(parameter, stated):
    said = read(
        {"name": "history-complete", "valueBoolean": parameter},
        {"name": "include-off-label", "valueBoolean": parameter},
        fact("history_complete", valueBoolean=stated),
        fact("include_off_label", valueBoolean=stated),
    )
    assert said.facts.history_complete is stated
    assert said.include_off_label is stated
