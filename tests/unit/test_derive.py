from datetime import UTC, datetime

import pytest

from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.settings import Settings
from service.usecases.record import derive as deriving
from service.usecases.record.derive import derive
from service.usecases.record.found_by import derived_found_by, found_by
from service.wiring import house_of, library_of
from tests.bench.record_messages import HER2, transaction_of

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "id": "1"}


@pytest.fixture
def standing():
    results = [e["resource"] for e in decode(transaction_of(HER2))["entry"][1 : 1 + len(HER2)]]
    subject = {"reference": "Patient/1"}
    evidence = [r | {"id": f"r{i}", "subject": subject} for i, r in enumerate(results)]
    return derive([PATIENT, *evidence], "Patient/1", library_of(""), house_of(Settings()), NOW)


def test_what_is_derived_refers_to_where_it_is_kept(standing):
    for forms in (standing.resources, standing.as_r5()):
        assert "urn:uuid:" not in str(forms)
        [provenance] = [r for r in forms.values() if r["resourceType"] == "Provenance"]
        targets = [t["reference"] for t in provenance["target"]]
        assert targets == [reference for reference in forms if reference != address(provenance)]


def test_each_resource_has_both_forms(standing):
    assert list(standing.resources) == list(standing.as_r5())
    assert all(reference == address(r) for reference, r in standing.as_r5().items())


def test_the_r5_forms_are_written_when_they_are_asked_for_and_once(monkeypatch, standing):
    written = []
    write = deriving._written
    monkeypatch.setattr(deriving, "_written", lambda *of: written.append(of) or write(*of))
    assert standing.as_r5() is standing.as_r5()
    assert [writing.version for *_, writing in written] == [FhirVersion.R5]


def test_what_both_forms_say_alike_is_found_as_if_each_were_read(standing):
    as_r5 = standing.as_r5()
    for reference, as_r4 in standing.resources.items():
        each = {*found_by(as_r4, FhirVersion.R4), *found_by(as_r5[reference], FhirVersion.R5)}
        told = derived_found_by(as_r4, as_r5[reference])
        assert set(told) == each
        assert len(told) == len(each)


def address(resource):
    return f"{resource['resourceType']}/{resource['id']}"
