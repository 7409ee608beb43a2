"""Every case through the door that keeps: posted to the base as it is, then asked about.

Those whose patient has no address of his own, or that need a ConceptMap, are left to the others.
"""

from dataclasses import replace

import pytest

from service.fhir.json import decode
from tests.support.cases import cases, differences
from tests.support.endpoint import Endpoint

#: Cases whose message cannot be kept whole, with the reason.
NOT_KEPT = {
    "a-resolved-pneumonitis-as-adverse-event-excludes-t-dxd": "AdverseEvent is not kept",
    "odd-observations-about-other-things": "what is not FHIR is not kept",
}
LENIENT = {"Prefer": "handling=lenient"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    endpoint = Endpoint(f"sqlite:///{tmp_path_factory.mktemp('kept') / 'her2.db'}")
    yield endpoint
    endpoint.close()


@pytest.fixture
def empty(endpoint):
    """The endpoint, and nothing is kept there."""
    endpoint.clear()
    return endpoint


def told(case):
    """The headers of a case."""
    return LENIENT if case.lenient else {}


def asked_about(endpoint, case, parameters):
    """What is said of each patient of a case, as one Bundle."""
    query = "&".join(f"{name}={value}" for name, [value] in case.query.items())
    entries = []
    for patient in case.said["expect"]["patients"]:
        body = {"resourceType": "Parameters"} | ({"parameter": parameters} if parameters else {})
        path = f"{patient['subject']}/$assess-her2{'?' if query else ''}{query}"
        answer = endpoint.call("POST", path, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        entries += decode(answer.get_data())["entry"]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def of_the_record(case):
    """The case without what it says of places in its message."""
    expect = {k: v for k, v in case.said["expect"].items() if k != "remarks"}
    return replace(case, said={**case.said, "expect": expect})


def by_address(case):
    """Each of its patients is at `Patient/id`, as whom he is kept."""
    return all(p["subject"].startswith("Patient/") for p in case.said["expect"]["patients"])


ASKED = [c for c in cases() if by_address(c) and not c.concept_map and c.name not in NOT_KEPT]


def test_nearly_every_case_can_be_kept():
    assert len(ASKED) > 0.98 * len(cases())


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.name)
def test_a_case_that_is_kept_is_answered_as_it_expects(empty, case):
    roots, parameters = case.posted
    for root in roots:
        answer = empty.send(root, **told(case))
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    said = asked_about(empty, case, parameters)
    assert differences(of_the_record(case), said) == []


def test_what_cannot_be_kept_is_told(empty):
    for case in (c for c in cases() if c.name in NOT_KEPT):
        [root], _ = case.posted
        answer = empty.send(root, **told(case)).get_data(as_text=True)
        assert "is not kept here" in answer or "OperationOutcome" in answer
