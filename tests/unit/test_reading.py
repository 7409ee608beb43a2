"""From posted resources to each patient's specimens; nothing is guessed or dropped in silence."""

from datetime import date

import pytest

from service.core.errors import RequestRefused
from service.core.findings import IhcScore, Quantity
from tests.support.cases import FIXTURES, remarks, resources, said_of, specimen_of, subject_of
from tests.support.evidence import (
    CARCINOMA,
    DCIS,
    GENE,
    IHC,
    LOINC,
    NEGATIVE,
    PANEL,
    POSITIVE,
    RATIO,
    SCORES,
    SERUM,
    SNOMED,
    answer_of,
    answered,
    asked,
    bundle,
    concept,
    condition,
    copies,
    ihc,
    observation,
    patient,
    quantity,
    ratio,
    specimen,
)
from tests.support.reading import findings, read, refusal

LOCAL = "https://lab.example/codes"
MAP = FIXTURES / "concept-maps" / "local-lab.json"


def specimens(*posted, **more):
    """key -> specimen of the one patient."""
    (person,) = read(*posted, **more).patients
    return {e.specimen.key: e.specimen for e in person.specimens}


def told(*posted, **more):
    """Where the remarks on a reading point to."""
    return [remark.where for remark in read(*posted, **more).remarks]


# Whose and what


def test_each_patient_has_their_own_evidence():
    people = read(ihc("3+", of="anna"), ihc("1+", of="berta")).patients
    assert [p.subject.key for p in people] == ["Patient/anna", "Patient/berta"]


def test_a_patient_without_a_result_is_there_and_has_no_specimen():
    (person,) = read(patient()).patients
    assert person.specimens == ()


def test_a_relative_and_an_absolute_reference_name_one_patient():
    absolute = {"reference": "https://hospital.example/fhir/Patient/anna"}
    people = read(patient(), ihc("2+"), ihc("2+", name="again", subject=absolute)).patients
    assert len(people) == 1


def test_a_subject_by_identifier_is_a_patient():
    by_identifier = {"identifier": {"system": "https://hospital.example/mrn", "value": "X-1"}}
    (person,) = read(ihc("3+", subject=by_identifier)).patients
    assert person.subject.identifier == ("https://hospital.example/mrn", "X-1")


def test_a_urn_subject_with_an_identifier_is_the_same_person_in_every_message():
    def assessed_as(urn):
        person = {k: v for k, v in patient().items() if k != "id"}
        result = ihc("3+", subject={"reference": urn}, specimen=None)
        posted = bundle(result)
        posted["entry"].append({"fullUrl": urn, "resource": person})
        answer = answered(posted)
        assert {subject_of(o) for o in resources(answer, "Observation")} == {urn}
        return {e["fullUrl"] for e in answer["entry"]}

    first = assessed_as("urn:uuid:6a1b5a4e-7a69-4c2f-9d7b-000000000001")
    second = assessed_as("urn:uuid:6a1b5a4e-7a69-4c2f-9d7b-000000000002")
    assert first & second


def test_a_result_without_a_subject_has_a_specimen_and_no_summary():
    answer = asked(ihc("3+", subject=None))
    assert resources(answer, "CarePlan") == []
    (only,) = resources(answer, "Observation")
    assert said_of(only)["category"] == "positive"
    assert "Bundle.entry[0].resource.subject" in remarks(answer)


# Specimens


def test_results_of_one_specimen_stand_together():
    (found,) = specimens(ihc("2+"), ratio(2), copies(5)).values()
    assert len(found.findings) == 3


def test_results_of_two_specimens_are_not_combined():
    assert len(specimens(ihc("2+"), ratio(2, sample="excision"))) == 2


def test_results_without_a_specimen_are_grouped_by_day_and_site():
    site = {"bodySite": concept(SNOMED, "80248007", "Left breast")}
    found = specimens(
        ihc("2+", sample="", **site),
        ratio(2, sample="", **site),
        copies(5, sample="", when="2026-06-01", **site),
    )
    assert sorted(len(s.findings) for s in found.values()) == [1, 2]
    assert all("SPECIMEN_UNKNOWN" in s.flags for s in found.values())


def test_a_contained_specimen_is_the_results_own():
    inside = {"resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/anna"}}
    accession = {"system": "https://lab.example/accession", "value": "B-17"}
    own = {
        "contained": [{**inside, "accessionIdentifier": accession}],
        "specimen": {"reference": "#s"},
    }
    (found,) = specimens(ihc("2+", **own), ratio(2, **own)).values()
    assert len(found.findings) == 2


def test_a_specimen_of_another_patient_is_doubtful():
    posted = [specimen(of="anna"), specimen(of="berta"), ihc("3+", of="anna")]
    posted[2]["specimen"] = {"reference": "Specimen/berta-core"}
    (person,) = [p for p in read(*posted).patients if p.specimens]
    (score,) = person.specimens[0].specimen.findings
    assert "Q10" in score.context.reasons
    assert score.score is IhcScore.INDETERMINATE


def test_in_situ_is_what_focus_says_then_the_site_then_the_text_then_the_diagnoses():
    def in_situ(*posted):
        (found,) = specimens(*posted).values()
        return found.in_situ

    focus = {"focus": [{"reference": "Condition/anna-dcis"}]}
    both = [condition(), condition(DCIS, "dcis")]
    assert not in_situ(*both, ihc("3+"))
    assert in_situ(*both, ihc("3+", **focus))
    assert in_situ(*both, specimen(type={"text": "DCIS"}), ihc("3+"))
    assert in_situ(*both, ihc("3+", note=[{"text": "In the DCIS component."}]))
    assert in_situ(condition(DCIS), ihc("3+"))
    assert not in_situ(ihc("3+"))


def test_a_refuted_diagnosis_does_not_count():
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    refuted = {**condition(DCIS), "verificationStatus": concept(system, "refuted")}
    (found,) = specimens(refuted, ihc("3+")).values()
    assert not found.in_situ


@pytest.mark.parametrize(
    ("site", "metastasis"),
    [("Liver", True), ("Bone metastasis", True), ("Axillary lymph node", False), ("Breast", False)],
)
def test_a_distant_site_is_a_metastasis_and_a_regional_node_is_not(site, metastasis):
    taken = specimen(collection={"bodySite": {"text": site}})
    (found,) = specimens(taken, ihc("3+")).values()
    assert found.metastasis is metastasis


# Panels and reports


def test_a_member_of_a_panel_inherits_what_the_panel_says():
    member = ratio(2, sample="", subject=None, when=None)
    panel = observation(PANEL, {}, hasMember=[{"reference": f"Observation/{member['id']}"}])
    (found,) = specimens(member, panel).values()
    (number,) = found.findings
    assert found.key == "Specimen/anna-core"
    assert number.context.panel == f"Observation/{panel['id']}"
    assert str(number.context.effective.day) == "2026-05-01"


def test_a_result_of_a_report_inherits_its_specimen_and_subject():
    member = ratio(2, sample="", subject=None)
    report = {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "status": "final",
        "code": {"text": "HER2"},
        "subject": {"reference": "Patient/anna"},
        "specimen": [{"reference": "Specimen/anna-core"}],
        "result": [{"reference": f"Observation/{member['id']}"}],
    }
    assert list(specimens(member, report)) == ["Specimen/anna-core"]


def test_numbers_of_components_are_counted_together():
    parts = [
        {"code": concept(LOINC, RATIO), **quantity(2)},
        {"code": concept(LOINC, "74860-8"), **quantity(5)},
    ]
    found = findings(observation(GENE, {}, component=parts))
    assert {n.quantity for n in found} == {Quantity.RATIO, Quantity.COPIES}
    assert len({n.context.panel for n in found}) == 1


# What does not count


def test_results_of_after_the_assessment_day_are_left_out_and_named():
    early, late = ihc("1+", when="2026-01-01"), ihc("3+", name="late", when="2026-03-01")
    day = date(2026, 2, 1)
    (found,) = specimens(early, late, day=day).values()
    assert [f.score for f in found.findings] == [IhcScore.ONE_PLUS]
    assert told(early, late, day=day) == ["Bundle.entry[1].resource"]


def test_a_result_of_the_assessment_day_itself_counts():
    assert specimens(ihc("3+", when="2026-02-01"), day=date(2026, 2, 1))


def test_a_result_issued_after_the_assessment_day_is_left_out():
    late = ihc("3+", when="2026-01-01", issued="2026-03-01T08:00:00Z")
    assert specimens(late, day=date(2026, 2, 1)) == {}


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_void_result_is_named_and_not_used(status):
    assert specimens(patient(), ihc("3+", status=status)) == {}
    assert told(patient(), ihc("3+", status=status)) == ["Bundle.entry[1].resource.status"]


def test_serum_her2_is_named_and_not_used():
    serum = observation(SERUM, {"valueQuantity": {"value": 18, "unit": "ng/mL"}})
    assert specimens(patient(), serum) == {}
    assert told(patient(), serum) == ["Bundle.entry[1].resource.code"]


def test_a_result_without_a_date_counts_and_it_is_named():
    undated = ihc("3+", when=None, meta={"lastUpdated": "2026-04-01T08:00:00Z"})
    assert specimens(undated)
    assert told(undated) == ["Bundle.entry[0].resource.effective"]


def test_observations_about_other_things_are_never_a_reason_to_refuse():
    odd = {"resourceType": "Observation", "id": "odd", "status": "bogus", "valueString": ""}
    assert refusal(ihc("3+"), odd) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"status": ["final"]},
        {"status": {"code": "final"}},
        {"code": {"coding": [{"system": ["x"], "code": "y"}]}},
        {"code": {"coding": [{"system": {}, "code": {}}]}},
        {"identifier": [{"system": ["x"], "value": "y"}]},
        {"meta": {"tag": [{"system": {"x": 1}, "code": "y"}]}},
        {"interpretation": [{"coding": [{"system": [1], "code": [2]}]}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("code", [IHC, "85337-4", "1234-5"])
def test_a_list_or_object_where_a_code_should_stand_never_makes_the_reading_fail(odd, code):
    broken = observation(code, {"valueString": "3+"}, name="odd") | odd
    places = refusal(patient(), ihc("3+"), broken)
    assert all(place.startswith("Bundle.entry[2].resource") for place in places)
    assert asked(patient(), ihc("3+"), broken, lenient=True)["entry"]


@pytest.mark.parametrize("status", [["completed"], {}, 3])
def test_a_treatment_with_an_odd_status_never_makes_the_reading_fail(status):
    odd = {
        "resourceType": "MedicationStatement",
        "status": status,
        "subject": {"reference": "Patient/anna"},
        "medicationCodeableConcept": {"text": "trastuzumab"},
    }
    assert asked(patient(), ihc("3+"), odd)["entry"]


# Local codes


def test_a_local_code_without_a_map_is_told_and_never_guessed():
    local = {**ihc("3+"), "code": {**concept(LOCAL, "HER2-IHC"), "text": "HER2 IHC"}}
    assert specimens(patient(), local) == {}
    assert told(patient(), local) == ["Bundle.entry[1].resource.code"]


def test_a_mapped_local_code_counts_as_what_the_map_says_and_it_is_told():
    local = {**ihc("3+"), "code": concept(LOCAL, "HER2-IHC")}
    (score,) = findings(local, concept_map=MAP)
    assert score.score is IhcScore.THREE_PLUS
    assert told(local, concept_map=MAP) == ["Bundle.entry[0].resource.code"]


# Refusals


def test_every_unreadable_result_is_named_in_one_refusal():
    broken = [ihc("see report"), ratio(2, valueString="see report", valueQuantity=None)]
    assert sorted(refusal(patient(), *broken)) == [
        "Bundle.entry[1].resource.value",
        "Bundle.entry[2].resource.value",
    ]


def test_leniently_the_specimen_of_an_unreadable_result_stays_open():
    answer = asked(
        patient(), ihc("see report"), ihc("1+", name="other", sample="excision"), lenient=True
    )
    categories = {
        specimen_of(o): said_of(o)["category"]
        for o in resources(answer, "Observation")
        if "specimen" in o
    }
    assert categories == {
        "Specimen/anna-core": "indeterminate",
        "Specimen/anna-excision": "low",
    }
    assert "Bundle.entry[1].resource.value" in remarks(answer)


def test_a_result_that_is_no_fhir_is_refused_before_what_cannot_be_read():
    with pytest.raises(RequestRefused) as caught:
        asked(ihc("see report"), ratio(2, status="bogus"))
    assert [f.where for f in caught.value.faults] == [
        "Bundle.entry[1].resource.status",
        "Bundle.entry[0].resource.value",
    ]


def test_two_answers_of_two_systems_that_agree_are_one_result():
    said = concept(LOINC, NEGATIVE)
    said["coding"].append({"system": SNOMED, "code": "260385009"})
    (found,) = findings(observation(IHC, {"valueCodeableConcept": said}))
    assert found.score is IhcScore.CODED_NEGATIVE


def test_two_answers_in_one_value_that_differ_contradict_each_other():
    said = concept(LOINC, SCORES["1+"])
    said["coding"].append({"system": LOINC, "code": POSITIVE})
    (found,) = findings(observation(IHC, {"valueCodeableConcept": said}))
    assert found.score is IhcScore.INCONSISTENT_HIGH


def test_in_situ_hybridisation_in_a_method_does_not_spoil_the_count():
    """The method's name holds the words of an in-situ carcinoma, and cells were counted."""
    method = {
        "method": {"text": "Dual-probe fluorescence in situ hybridization, 40 nuclei counted"}
    }
    answer = asked(
        patient(),
        condition(CARCINOMA),
        ihc("2+"),
        ratio(4, **method),
        copies(9, **method),
    )
    (found,) = [o for o in resources(answer, "Observation") if "specimen" in o]
    assert said_of(found)["category"] == "positive"


def test_a_sentence_that_a_recount_should_follow_is_no_recount():
    note = {"note": [{"text": "A recount by a second reader should follow."}]}
    found = findings(ratio(2, **note))
    assert not any(n.context.recount for n in found)


def test_answers_are_not_read_from_a_code_of_another_system():
    elsewhere = {"valueCodeableConcept": concept("https://other.example/codes", SCORES["3+"])}
    assert refusal(observation(IHC, elsewhere)) == ["Bundle.entry[0].resource.value"]
    assert answer_of(SCORES["3+"])["valueCodeableConcept"]["coding"][0]["system"] == LOINC
