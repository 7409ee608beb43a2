"""A plan asks for what decides the setting, and not for what the record says already."""

from service.usecases.assess import assess
from tests.support.cases import HOUSE, caller, code_in, library, resources

LOINC = "http://loinc.org"


def observation(name, code, **value):
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-10-01",
        **value,
    }


def plan(*others):
    """The CarePlan of a patient with IHC 3+ and other resources."""
    ihc = observation("ihc", "85319-2", valueString="3+")
    entries = [{"resource": r} for r in (ihc, *others)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (found,) = resources(assess(bundle, caller(), library(), HOUSE), "CarePlan")
    return found


def asked(found):
    return [code_in(a["detail"]["code"], "her2-fact") for a in found["activity"]]


M0 = observation("m", "21907-1", valueCodeableConcept={"text": "cM0"})
SURGERY = {
    "resourceType": "Procedure",
    "id": "surgery",
    "status": "completed",
    "code": {"text": "Mastectomy"},
    "subject": {"reference": "Patient/p"},
    "performedDateTime": "2026-10-10",
}


def test_what_nothing_says_is_asked_for_the_most_telling_first():
    found = asked(plan())
    assert found[0] == "metastatic"
    assert {"surgery-done", "prior-systemic", "n-mbc-her2-lines"} <= set(found)


def test_what_the_record_says_is_not_asked_for_and_its_resource_is_named():
    found = plan(M0, SURGERY)
    assert "prior-systemic" in asked(found)
    assert not {"metastatic", "surgery-done"} & set(asked(found))
    facts = found["note"][-1]["text"]
    assert "- metastatic = false: M0 or stage 0-III stated [Observation/m]" in facts
    assert "Procedure/surgery" in facts


def test_the_plan_is_never_read_as_advice_against_therapy():
    assert "not advice against HER2-directed therapy" in plan()["note"][0]["text"]


def test_only_the_tumours_grade_doubts_a_positive_result():
    """A neuropathy grade 1 was once read as a tumour grade 1."""
    ductal = {
        "resourceType": "Condition",
        "id": "c",
        "code": {"text": "Infiltrating ductal carcinoma of breast"},
        "subject": {"reference": "Patient/p"},
    }
    receptors = [
        observation("er", "85329-1", valueQuantity={"value": 90, "unit": "%"}),
        observation("pr", "85325-9", valueQuantity={"value": 80, "unit": "%"}),
    ]
    neuropathy = observation("n", "0-0", valueInteger=1)
    neuropathy["code"] = {"text": "Peripheral neuropathy grade (CTCAE)"}
    grade = {**neuropathy, "id": "g", "code": {"text": "Histologic grade of tumour"}}
    assert kind(plan(ductal, *receptors, neuropathy)) == "clarify"
    assert kind(plan(ductal, *receptors, grade)) == "review-first"


def kind(found):
    return code_in(found["category"][0], "her2-plan-kind")
