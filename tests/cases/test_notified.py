"""Cases through the door of notifications: the record is at a hospital's server, which tells us of
the Observations alone; the rest is read there.

Those whose resources a server can keep as they are: with ids, in one message, by address.
"""

import pytest

from service.usecases.record.kept import EVIDENCE
from tests.cases.test_kept import ASKED, asked_about, of_the_record
from tests.support.cases import differences
from tests.support.hospital import hospital

#: One in so many, which is enough to see that this door adds nothing of its own.
EVERY = 8


def resources_of(case):
    """What a server would have of a case; None where it could not keep that as it is."""
    roots, _ = case.posted
    if len(roots) != 1 or roots[0]["resourceType"] != "Bundle":
        return None
    found = [entry.get("resource") or {} for entry in roots[0].get("entry", [])]
    keys = [(r.get("resourceType"), r.get("id")) for r in found]
    patients = {f"Patient/{id}" for kind, id in keys if kind == "Patient"}
    if len(set(keys)) < len(keys) or not all(id and not id.isdigit() for _, id in keys):
        return None
    if not all(kind in EVIDENCE for kind, _ in keys) or not all(map(about(patients), found)):
        return None
    return found


def about(patients):
    """It is a Patient, about one of these by address, or about nobody."""

    def met(resource):
        subject = resource.get("subject") or resource.get("patient") or {}
        by_address = subject.get("reference") in patients and "identifier" not in subject
        nobodys = not subject and resource["resourceType"] in ("Patient", "Specimen")
        return by_address or nobodys

    return met


FIT = [case for case in ASKED if not case.lenient and resources_of(case)]
TOLD = FIT[::EVERY]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    with hospital(f"sqlite:///{tmp_path_factory.mktemp('told') / 'her2.db'}") as clinic:
        yield clinic


@pytest.fixture
def empty(clinic):
    """Nothing is known on either side."""
    clinic.endpoint.clear()
    clinic.endpoint.store.desk.settle_in([("hapi", clinic.source.at.base, None)])
    clinic.server.fhir.kept.newest.clear()
    return clinic


def test_most_cases_could_be_told_of():
    assert len(FIT) > 0.7 * len(ASKED)


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case.name)
def test_a_case_that_is_told_of_is_answered_as_it_expects(empty, case):
    kept = [empty.put(resource) for resource in resources_of(case)]
    for resource in kept:
        if resource["resourceType"] == "Observation":
            assert empty.notify(resource).status_code == 204
    empty.work()
    said = asked_about(empty.endpoint, case, case.posted[1])
    assert differences(of_the_record(case), said) == []
