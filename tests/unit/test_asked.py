import pytest

from service.core.errors import NotFhir
from service.fhir.version import FhirVersion
from service.usecases.record.asked import MOST_CONDITIONS, MOST_VALUES, criteria, read_asked
from service.usecases.record.query import Chained, Clause, Start, Token, Value

OWN = "http://her2.example/fhir/r4"


def asked(kind="Observation", lenient=False, release=FhirVersion.R4, **sent):
    return listed(kind, sent, lenient, release)


def listed(kind, sent, lenient=False, release=FhirVersion.R4):
    query = {k: [v] if isinstance(v, str) else v for k, v in sent.items()}
    return read_asked(kind, release, query, OWN, lenient)


def refusal(sent, kind="Observation", lenient=False, release=FhirVersion.R4):
    with pytest.raises(NotFhir) as caught:
        listed(kind, sent, lenient, release)
    return [(fault.code, fault.text) for fault in caught.value.faults]


def clauses(sent, kind="Observation"):
    return listed(kind, sent).query.clauses


def test_repeated_parameters_are_and_and_commas_are_or():
    assert clauses({"code": ["a,b", "c"]}) == (
        Clause(("code",), (Token(None, "a"), Token(None, "b"))),
        Clause(("code",), (Token(None, "c"),)),
    )


def test_escapes_are_undone():
    assert clauses({"code": "a\\,b\\|c\\\\"}) == (Clause(("code",), (Token(None, "a,b|c\\"),)),)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Patient/1", "Patient/1"),
        (f"{OWN}/Patient/1", "Patient/1"),
        ("Patient/1/_history/4", "Patient/1"),
        ("http://other.example/Patient/1", "http://other.example/Patient/1"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("1", "Patient/1"),
    ],
)
def test_a_reference_may_be_written_in_many_ways(value, kept):
    assert clauses({"patient": value}) == (Clause(("patient",), (Value(kept),)),)


def test_an_id_alone_is_of_every_type_that_the_reference_can_lead_to():
    [clause] = clauses({"focus": "7"})
    assert Value("Condition/7") in clause.any_of
    assert Value("Specimen/7") in clause.any_of


def test_a_chain_leads_to_every_type_that_has_the_parameter():
    [clause] = clauses({"subject.family": "a"})
    assert clause == Clause(("subject",), (Chained("Patient", Clause(("family",), (Start("a"),))),))


def test_an_unknown_parameter_is_refused_with_those_there_are():
    [(code, text)] = refusal({"colour": "red"})
    assert code == "not-supported"
    assert "'colour'" in text
    assert "value-concept" in text
    assert "_revinclude" in text


def test_an_unknown_parameter_is_ignored_and_told_when_the_caller_is_lenient():
    search = asked(lenient=True, colour="red", code="a", **{"patient.colour": "blue"})
    assert search.ignored == ("colour", "patient.colour")
    assert search.used == (("code", "a"),)


def test_a_version_has_its_own_parameters():
    asked("MedicationAdministration", release=FhirVersion.R5, date="2026")
    assert refusal({"date": "2026"}, "MedicationAdministration")


@pytest.mark.parametrize(
    "key",
    [
        "code:in",
        "code:exact",
        "date:not",
        "date:contains",
        "subject:not",
        "subject:Specimen",
        "_id:missing",
        "code.text",
        "focus.code",
        "subject:Practitioner.name",
        "has-member.subject.name",
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_a_modifier_that_is_not_taken_is_always_refused(key, lenient):
    [(code, text)] = refusal({key: "1"}, lenient=lenient)
    assert code == "not-supported"
    assert repr(key) in text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("code", ""),
        ("code", "a,,b"),
        ("code", "a|b|c"),
        ("code", "|"),
        ("code", "a\0"),
        ("code:missing", "yes"),
        ("date", "yesterday"),
        ("date", "xx2026"),
        ("date", "2026-13"),
        ("subject", "what is this"),
        ("subject:Patient", "Group/1"),
        ("_count", "-1"),
        ("_count", "many"),
        ("_offset", "x"),
        ("_sort", "colour"),
        ("_sort", "date,,code"),
        ("_summary", "yes"),
        ("_total", "some"),
        ("_elements", "a.b"),
        ("_include", "subject"),
        ("_include", "Observation:code"),
        ("_include", "Observation:colour"),
        ("_include", "Specimen:subject"),
        ("_include", "Observation:subject:Specimen"),
        ("_revinclude", "*"),
        ("_revinclude", "Encounter:subject"),
        ("_revinclude", "DiagnosticReport:specimen"),
        ("_revinclude", "DiagnosticReport:result:Patient"),
    ],
)
def test_a_value_that_says_nothing_is_refused_and_not_repeated(key, value):
    [(code, text)] = refusal({key: value})
    assert code == "value"
    assert key in text
    assert "yesterday" not in text


def test_all_faults_are_told_at_once():
    assert len(refusal({"_count": "x", "colour": "red", "code:in": "a", "date": "x"})) == 4


def test_a_summary_of_text_takes_nothing_besides():
    assert refusal({"_summary": "text", "_include": "Observation:subject"}) == [
        ("not-supported", "_summary=text does not go with _include or _revinclude.")
    ]


def test_iterated_includes_are_not_supported():
    [(code, _)] = refusal({"_include:iterate": "Observation:subject"})
    assert code == "not-supported"


def test_every_reference_can_be_followed_at_once():
    names = {i.parameter.name for i in asked(_include="*").form.included}
    assert {"subject", "specimen", "derived-from", "has-member"} <= names
    assert asked(_include="Observation:*").form.included == asked(_include="*").form.included


def test_a_search_has_so_many_values_and_no_more():
    asked(code=",".join(["a"] * MOST_VALUES))
    [(code, _)] = refusal({"code": [",".join(["a"] * MOST_VALUES), "b"]})
    assert code == "too-costly"
    [(code, _)] = refusal({"code": ["a"] * (MOST_CONDITIONS + 1)})
    assert code == "too-costly"


def test_a_page_is_never_greater_than_the_greatest():
    assert asked(_count="1000000").query.count == 100
    assert asked().query.count == 50


@pytest.mark.parametrize("how", [{"_count": "0"}, {"_summary": "count", "_total": "none"}])
def test_only_the_number_may_be_asked_for(how):
    query = listed("Observation", how).query
    assert (query.count, query.total) == (0, True)


@pytest.mark.parametrize("text", ["identifier=urn:lab|S1", "identifier=urn%3Alab%7CS1"])
def test_a_condition_is_read_with_or_without_escapes(text):
    query = criteria("Specimen", FhirVersion.R4, text, OWN)
    assert query.clauses == (Clause(("identifier",), (Token("urn:lab", "S1"),)),)
    assert query.count == 2


@pytest.mark.parametrize("text", ["", "_format=json", "colour=red", "_count=1", "identifier="])
@pytest.mark.parametrize("release", FhirVersion)
def test_a_condition_that_names_nothing_is_refused(text, release):
    with pytest.raises(NotFhir):
        criteria("Specimen", release, text, OWN)


def test_a_condition_of_very_many_parts_is_refused():
    with pytest.raises(NotFhir):
        criteria("Specimen", FhirVersion.R4, "&".join(["status=x"] * 1000), OWN)
