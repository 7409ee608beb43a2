"""The R5 door says of every fixture case what the R4 door says, in R5's forms."""

from collections import Counter

import pytest
from fhir.resources import get_fhir_model_class

from service.core.errors import Unreadable
from service.fhir.json import decode, encode
from service.fhir.version import FhirVersion
from tests.support.as_r5 import as_r5
from tests.support.cases import (
    BASE,
    assessed,
    cases,
    differences,
    resources,
    subject_of,
)
from tests.support.doors import by_command, by_http, comparable, flags_of, run
from tests.support.plans import read_plan

R5 = FhirVersion.R5
CASES = cases()
#: Reading with fhir.resources, and each door, cost more than an answer: a fixed share of them.
SHARE = CASES[::5]
DEVICE = {"system": f"{BASE}/sid/software", "value": "her2-service|"}
R4_ONLY = {"author", "detail", "reasonCode", "reasonReference", "medicationCodeableConcept"}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def answer(case):
    return assessed(case, R5)


def plans(answer):
    return resources(answer, "CarePlan")


def parents(answer):
    return [p for p in plans(answer) if "partOf" not in p]


def requests(plan):
    return [r for r in plan.get("contained", []) if r["id"] != "choice"]


def keys_in(value):
    """Every name of an element in a value."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from keys_in(inner)


def test_a_case_is_answered_as_it_expects_and_as_in_r4(case, answer):
    assert differences(case, answer) == []
    other = assessed(case)
    for kind in ("Observation", "OperationOutcome"):
        assert resources(answer, kind) == resources(other, kind)
    said = [read_plan(p, answer) for p in parents(answer)]
    assert said == [read_plan(p, other) for p in parents(other)]
    assert [e["fullUrl"] for e in answer["entry"]] == [e["fullUrl"] for e in other["entry"]]


def test_evidence_in_r5_forms_gives_the_same_answer(case, answer):
    posted = as_r5(decode(case.body))
    assert comparable(assessed(case, R5, posted)) == comparable(answer)


def test_a_plan_has_r5_forms_and_none_of_r4(answer):
    for plan in plans(answer):
        assert not R4_ONLY & set(keys_in(plan))
        assert plan["custodian"]["type"] == "Device"
        assert plan["status"] == "draft"
        assert plan["intent"] == ("option" if "partOf" in plan else "proposal")


def test_every_contained_request_is_planned_once_in_its_order_after_the_choice(answer):
    for plan in plans(answer):
        named = [a["plannedActivityReference"]["reference"] for a in plan.get("activity", [])]
        assert named == [f"#{r['id']}" for r in plan.get("contained", [])]
        assert len(named) == len(set(named))
        assert "#choice" not in named[1:]
        for inner in plan.get("contained", []):
            assert inner["subject"] == plan["subject"]
            assert inner["intent"] == "proposal"
        for choice in plan.get("contained", [])[:1]:
            if choice["id"] == "choice":
                assert choice["resourceType"] == "RequestOrchestration"
                assert choice["status"] == "draft"


def test_a_request_is_a_draft_or_on_hold_with_the_reason(answer):
    for plan in plans(answer):
        for request in requests(plan):
            assert (request["status"] == "on-hold") is ("statusReason" in request)
            assert request["status"] in ("draft", "on-hold")
            if "partOf" in plan:
                assert request["resourceType"] == "MedicationRequest"
                assert "doNotPerform" not in request
            else:
                assert request["resourceType"] == "ServiceRequest"
                assert "statusReason" not in request
            if request.get("doNotPerform"):
                said = [r["concept"] for r in request["reason"] if "concept" in r]
                assert said
                assert all(concept["text"] for concept in said)


def test_the_record_of_each_drug_comes_once_and_a_provenance_names_its_patient(answer, case):
    drugs = [r["id"] for r in resources(answer, "MedicationKnowledge")]
    assert set(Counter(drugs).values()) <= {1}
    subjects = sorted(subject_of({"subject": p.get("patient", {})}) for p in provenances(answer))
    told = {subject_of(o) for o in resources(answer, "Observation")}
    assert subjects == sorted(told)


def provenances(answer):
    return resources(answer, "Provenance")


@pytest.mark.parametrize("case", SHARE, ids=lambda case: case.name)
def test_each_door_gives_the_same_r5_answer(case):
    answer = comparable(assessed(case, R5))
    assert by_http(case, R5) == answer
    assert by_command(case, R5) == answer


@pytest.mark.parametrize("case", SHARE[::10], ids=lambda case: case.name)
def test_the_command_prints_the_same_table(case):
    asked = ["assess", "--format", "table", *flags_of(case.query, case.lenient)]
    file = str(case.folder / "bundle.json")
    in_r4, in_r5 = (
        run(*asked, "--fhir", version.value, file, concept_map=case.concept_map)
        for version in FhirVersion
    )
    assert in_r5.exit_code == 0
    assert in_r5.stdout == in_r4.stdout


@pytest.mark.parametrize("case", SHARE, ids=lambda case: case.name)
def test_an_answer_is_valid_r5_in_both_forms(case):
    model = get_fhir_model_class("Bundle")
    model.model_validate(assessed(case, R5))
    try:
        stored = assessed(case, R5, bundle_type="transaction")
    except Unreadable:
        return  # test_bodies_are_fhir says which, and for what
    model.model_validate(stored)
    for entry in stored["entry"]:
        assert "id" not in entry["resource"]
        assert "profile" not in entry["resource"]["meta"]
        kind, request = entry["resource"]["resourceType"], entry["request"]
        assert kind in ("Observation", "CarePlan", "Provenance")
        assert request["method"] == ("POST" if kind == "Provenance" else "PUT")


@pytest.mark.parametrize("case", SHARE, ids=lambda case: case.name)
def test_an_answer_in_r5_holds_nothing_empty(case):
    def check(value):
        assert value not in (None, "", [], {})
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                check(inner)

    check(decode(encode(assessed(case, R5))))
