"""Evidence is read in the version of its base: what is FHIR of the other one only is refused."""

import pytest

from service.core.errors import NotFhir
from service.fhir.version import FhirVersion
from tests.support.cases import code_in, remarks, resources
from tests.support.evidence import answered, bundle, ihc, patient, specimen
from tests.support.records import given

R4, R5 = FhirVersion
R5_ONLY = {"triggeredBy": [{"observation": {"reference": "Observation/x"}, "type": "reflex"}]}
SITE = {"text": "Left breast"}
R4_ONLY = {
    "contained": [{"resourceType": "Specimen", "id": "s", "collection": {"bodySite": SITE}}],
    "specimen": {"reference": "#s"},
}


@pytest.mark.parametrize(
    ("more", "wrong", "right"), [(R5_ONLY, R4, R5), (R4_ONLY, R5, R4)], ids=["r5", "r4"]
)
def test_evidence_of_the_other_version_is_refused_with_the_base_that_reads_it(more, wrong, right):
    posted = bundle(patient(), specimen(), ihc("3+", **more))
    with pytest.raises(NotFhir) as caught:
        answered(posted, version=wrong)
    first, *others = caught.value.faults
    assert first.where == "Bundle.entry[2].resource"
    assert right.base in first.text
    assert f"FHIR {right.name}" in first.text
    assert others
    assert all(f.where.startswith(first.where) for f in others)
    answer = answered(posted, version=right)
    found = resources(answer, "Observation")[0]
    assert code_in(found["valueCodeableConcept"], "her2-category") == "positive"


def test_what_is_no_fhir_at_all_is_sent_to_no_other_base():
    posted = bundle(patient(), specimen(), ihc("3+", nonsense=True))
    for version in FhirVersion:
        with pytest.raises(NotFhir) as caught:
            answered(posted, version=version)
        assert not any("/fhir/" in f.text for f in caught.value.faults)


def test_leniently_it_is_set_aside_like_anything_unreadable():
    posted = bundle(patient(), specimen(), ihc("3+", **R5_ONLY))
    answer = answered(posted, lenient=True)
    found = resources(answer, "Observation")[0]
    assert code_in(found["valueCodeableConcept"], "her2-category") == "indeterminate"
    assert "Bundle.entry[2].resource" in remarks(answer)


def test_the_rest_of_the_record_is_read_in_either_form():
    posted = bundle(patient(), specimen(), ihc("3+"), given("Docetaxel", "2026-02-01"))
    for version in FhirVersion:
        assert resources(answered(posted, version=version), "CarePlan")
