"""The answer as a transaction: conditional, resolvable, and taking back what no longer holds."""

from importlib import import_module

import pytest

from service.core.errors import Unreadable
from service.fhir.labels import strictest
from service.fhir.own import derived_identifier, is_own
from service.fhir.version import FhirVersion
from tests.support.cases import BASE, resources
from tests.support.evidence import Resource as Json
from tests.support.evidence import answered, asked, bundle, condition, ihc, patient, specimen
from tests.support.records import given

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PERSON = "urn:uuid:6a1b5a4e-7a69-4c2f-9d7b-000000000001"
SAMPLE = "urn:uuid:6a1b5a4e-7a69-4c2f-9d7b-000000000002"
RESULT = "urn:uuid:6a1b5a4e-7a69-4c2f-9d7b-000000000003"


def stored(*posted, **more):
    return asked(*posted, bundle_type="transaction", **more)


def label(code):
    return {"system": CONFIDENTIALITY, "code": code}


def by_urn(person=True, sample=True, result=True) -> Json:
    """A record whose resources are known by nothing but urns, with identifiers where asked."""

    def named(resource, with_identifier):
        named = {k: v for k, v in resource.items() if k not in ("id", "identifier")}
        identifier = [{"system": "https://hospital.example/sid", "value": resource["id"]}]
        return named | ({"identifier": identifier} if with_identifier else {})

    found = ihc("3+", subject={"reference": PERSON}, specimen={"reference": SAMPLE})
    tissue = specimen(subject={"reference": PERSON})
    entries = [
        (PERSON, named(patient(), person)),
        (SAMPLE, named(tissue, sample)),
        (RESULT, named(found, result)),
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def references(value):
    """Every reference in a value."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def retracted(answer):
    return [
        e for e in answer["entry"] if e["resource"].get("status") in ("revoked", "entered-in-error")
    ]


# References


def test_a_urn_subject_becomes_a_search_for_the_patient():
    answer = answered(by_urn(), bundle_type="transaction")
    (plan,) = resources(answer, "CarePlan")
    sought = "Patient?identifier=https://hospital.example/sid|anna"
    assert plan["subject"] == {"reference": sought}


def test_other_urn_resources_become_logical_references():
    answer = answered(by_urn(), bundle_type="transaction")
    found = resources(answer, "Observation")[0]
    assert found["specimen"]["identifier"]["value"] == "anna-core"
    assert found["derivedFrom"][0]["identifier"]["value"] == "anna-85319-2"
    ours = {e["fullUrl"] for e in answer["entry"]}
    urns = {r for e in answer["entry"] for r in references(e["resource"]) if r.startswith("urn:")}
    assert urns <= ours


@pytest.mark.parametrize("lacks", ["person", "sample", "result"])
def test_a_urn_resource_without_an_identifier_is_refused_at_its_place(lacks):
    with pytest.raises(Unreadable) as caught:
        answered(by_urn(**{lacks: False}), bundle_type="transaction")
    at = ["person", "sample", "result"].index(lacks)
    assert {f.where for f in caught.value.faults} == {f"Bundle.entry[{at}].resource.identifier"}


def test_a_result_without_a_subject_is_refused_at_its_subject():
    with pytest.raises(Unreadable) as caught:
        stored(ihc("3+", subject=None))
    assert [f.where for f in caught.value.faults] == ["Bundle.entry[0].resource.subject"]


def test_references_to_what_a_server_holds_stay_the_callers_own():
    answer = stored(patient(), specimen(), ihc("3+"))
    found = resources(answer, "Observation")[0]
    assert found["subject"] == {"reference": "Patient/anna"}
    assert found["specimen"] == {"reference": "Specimen/anna-core"}
    assert found["derivedFrom"] == [{"reference": "Observation/anna-85319-2"}]


# What is said


def test_remarks_are_notes_of_the_summary():
    void = ihc("1+", name="void", status="cancelled")
    answer = stored(patient(), specimen(), ihc("3+"), void)
    (summary,) = [o for o in resources(answer, "Observation") if "hasMember" in o]
    assert any("not used" in note["text"] for note in summary["note"])
    assert resources(answer, "OperationOutcome") == []


def test_remarks_are_notes_of_the_summary_even_without_a_specimen():
    answer = stored(patient(), ihc("1+", status="cancelled"))
    (summary,) = resources(answer, "Observation")
    assert any("not used" in note["text"] for note in summary["note"])


def test_the_same_answer_has_the_same_tag_and_another_answer_another():
    def tag(*posted, **more):
        (made,) = resources(stored(*posted, **more), "Provenance")
        return made["meta"]["tag"][-1]["code"]

    record = [patient(), specimen(), ihc("3+")]
    assert tag(*record) == tag(*record, as_of="2026-10-01")
    assert tag(*record) != tag(patient(), specimen(), ihc("1+"))


# Retraction


OLD = [patient(), condition(), specimen(), ihc("3+"), ihc("1+", name="x", sample="liver")]


def again(*left, before=None):
    """What is stored now that only some evidence is left, and the earlier answer is there."""
    posted = bundle(*left)
    posted["entry"] += before or stored(*OLD)["entry"]
    return answered(posted, bundle_type="transaction")


def test_what_still_holds_is_not_taken_back():
    assert retracted(again(*OLD)) == []


def test_the_observation_of_a_specimen_that_is_gone_is_entered_in_error():
    (gone,) = retracted(again(*OLD[:4]))
    assert gone["resource"]["status"] == "entered-in-error"
    identity = gone["fullUrl"].removeprefix("urn:uuid:")
    assert gone["request"] == {
        "method": "PUT",
        "url": f"Observation?identifier={BASE}/sid/derived|{identity}",
    }


def test_a_plan_that_no_longer_holds_is_revoked():
    plan = resources(stored(*OLD), "CarePlan")[0]
    identity = "00000000-0000-5000-8000-000000000000"
    other = {**plan, "identifier": [{"system": f"{BASE}/sid/derived", "value": identity}]}
    (gone,) = retracted(again(*OLD, before=[{"fullUrl": "urn:uuid:x", "resource": other}]))
    assert gone["resource"]["status"] == "revoked"


def test_what_was_taken_back_already_is_left_alone():
    once = again(*OLD[:4])
    assert retracted(again(*OLD[:4], before=once["entry"])) == []


def test_a_retraction_keeps_the_strictest_label_of_what_it_takes_back():
    secret = [{**r, "meta": {"security": [label("R")]}} for r in OLD]
    before = stored(*secret)["entry"]
    (gone,) = retracted(again(*secret[:4], before=before))
    assert label("R") in gone["resource"]["meta"]["security"]


@pytest.mark.parametrize("meta", [3, True, "x", [1], {"security": 3}, {"security": [3]}])
def test_an_earlier_output_with_an_odd_meta_never_makes_the_answer_fail(meta):
    stale = [e for e in stored(*OLD)["entry"] if "specimen" in e["resource"]]
    odd = [{**e, "resource": {**e["resource"], "meta": meta}} for e in stale]
    assert retracted(again(*OLD[:4], before=odd))


def test_no_reference_of_a_retraction_is_left_hanging():
    """One of two tumours is gone, and only what was said of the tumours came back."""
    left, right = ({"bodySite": {"text": f"{side} breast"}} for side in ("Left", "Right"))
    both = [
        patient(),
        ihc("3+", name="a", sample="a", **left),
        ihc("1+", name="b", sample="b", **right),
    ]
    before = [e for e in stored(*both)["entry"] if "hasMember" in e["resource"]]
    assert len(before) == 3
    answer = again(*both[:2], before=before)
    assert len(retracted(answer)) == 2
    ours = {e["fullUrl"] for e in answer["entry"]}
    urns = {r for e in answer["entry"] for r in references(e["resource"]) if r.startswith("urn:")}
    assert urns <= ours


def test_the_retraction_for_a_urn_patient_finds_the_patient():
    before = answered(by_urn(), bundle_type="transaction")
    changed = by_urn()
    changed["entry"][2]["resource"]["status"] = "entered-in-error"
    kept = [
        {**e, "resource": {**e["resource"], "subject": {"reference": PERSON}}}
        for e in before["entry"]
        if "subject" in e["resource"]
    ]
    changed["entry"] += kept
    gone = retracted(answered(changed, bundle_type="transaction"))
    sought = "Patient?identifier=https://hospital.example/sid|anna"
    assert [e["resource"]["subject"]["reference"] for e in gone] == [sought]


# Recognising our own, and security labels


@pytest.mark.parametrize(
    "resource",
    [
        {"meta": {"tag": [{"system": f"{BASE}/CodeSystem/her2-provenance", "code": "derived"}]}},
        {"identifier": [{"system": f"{BASE}/sid/derived", "value": "x"}]},
        {"code": {"coding": [{"system": f"{BASE}/CodeSystem/her2-observable", "code": "flag"}]}},
    ],
)
def test_our_own_output_is_known_by_any_of_three_marks(resource):
    assert is_own(resource, BASE)
    assert is_own(resource, "https://another.example/fhir")


@pytest.mark.parametrize(
    "resource", [{}, {"meta": {}}, {"meta": {"tag": [3]}}, {"identifier": {}}, patient()]
)
def test_what_others_made_is_not_our_own(resource):
    assert not is_own(resource, BASE)
    assert derived_identifier(resource, BASE) == ""


@pytest.mark.parametrize(
    ("codes", "strict"), [(["N", "R"], "R"), (["V", "N"], "V"), (["L", "U"], "L"), (["N"], "N")]
)
def test_an_answer_is_as_confidential_as_its_strictest_evidence(codes, strict):
    record = [patient(), specimen(), ihc("3+"), ihc("3+", name="b", sample="b")]
    for resource, code in zip(record[2:], codes, strict=False):
        resource["meta"] = {"security": [label(code)]}
    for made in asked(*record)["entry"]:
        if made["resource"]["resourceType"] != "OperationOutcome":
            assert made["resource"]["meta"]["security"] == [label(strict)]


def test_evidence_without_labels_gives_an_answer_without_labels():
    assert strictest([]) == []
    for made in asked(patient(), specimen(), ihc("3+"))["entry"]:
        assert "security" not in made["resource"].get("meta", {})


@pytest.mark.parametrize("now", list(FhirVersion))
def test_a_plan_of_the_other_version_is_taken_back_without_what_this_one_does_not_have(now):
    record = bundle(*OLD, given("Trastuzumab", "2026-09-01"))
    before = answered(record, version=now.other, bundle_type="transaction")["entry"]
    plans = [e["resource"] for e in before if e["resource"]["resourceType"] == "CarePlan"]
    identity = "00000000-0000-5000-8000-000000000000"
    other = {**plans[0], "identifier": [{"system": f"{BASE}/sid/derived", "value": identity}]}
    posted = bundle(*OLD)
    posted["entry"].append({"fullUrl": "urn:uuid:x", "resource": other})
    answer = answered(posted, version=now, bundle_type="transaction")
    (gone,) = retracted(answer)
    assert gone["resource"]["status"] == "revoked"
    module = {FhirVersion.R4: "fhir.resources.R4B", FhirVersion.R5: "fhir.resources"}[now]
    import_module(module).get_fhir_model_class("Bundle").model_validate(answer)
