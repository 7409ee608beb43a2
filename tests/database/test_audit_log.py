"""The audit log of both kinds of database: what is told, how it is found, and all of it."""

from datetime import timedelta

import pytest

from service.adapters.store import audits
from tests.support.evidence import ihc, patient

MRN = "https://hospital.example/mrn"


@pytest.fixture
def told(endpoint):
    """A Patient and a result that was corrected and deleted, an hour apart each."""
    endpoint.put(patient(), X_Request_Id="request-of-the-patient")
    for change in (
        lambda: endpoint.put(ihc("2+", name="o")),
        lambda: endpoint.put(ihc("3+", name="o")),
        lambda: endpoint.call("DELETE", "Observation/anna-o"),
    ):
        endpoint.now += timedelta(hours=1)
        change()
    return endpoint


def found(endpoint, query, base=""):
    said = endpoint.read(f"AuditEvent?{query}", base)
    events = [entry["resource"] for entry in said.get("entry", [])]
    interactions = [e.get("subtype", e.get("code", {}).get("coding"))[0]["code"] for e in events]
    assert said["total"] == len(events)
    return interactions


#: A query, and the interactions that it finds in order.
QUERIES = [
    ("", ["delete", "update", "create", "create"]),
    ("_sort=date", ["create", "create", "update", "delete"]),
    ("_sort=-_lastUpdated", ["delete", "update", "create", "create"]),
    ("patient=anna", ["delete", "update", "create", "create"]),
    ("patient=Patient/anna&action=U", ["update"]),
    ("patient=bert", []),
    ("entity=Observation/anna-o", ["delete", "update", "create"]),
    ("entity=Observation/anna-o/_history/2", ["delete", "update", "create"]),
    ("entity=Patient/anna", ["delete", "update", "create", "create"]),
    ("entity:identifier=request-of-the-patient", ["create"]),
    ("action=C,D", ["delete", "create", "create"]),
    ("action:not=C", ["delete", "update"]),
    ("subtype=http://hl7.org/fhir/restful-interaction|delete", ["delete"]),
    ("subtype=http://other.example|delete", []),
    ("subtype=operation", []),
    ("outcome=0&action=D", ["delete"]),
    ("outcome=8", []),
    ("date=ge2026-11-22T14:00:00Z", ["delete", "update"]),
    ("date=lt2026-11-22T14:00:00Z", ["create", "create"]),
    ("date=2026-11-22&_lastUpdated=gt2026-11-22T14:30:00Z", ["delete"]),
    ("patient:missing=true", []),
    ("patient:missing=false&action=D", ["delete"]),
    ("_id=none", []),
]


def test_events_are_found(told):
    for query, expected in QUERIES:
        assert found(told, query) == expected, query


def test_r5_finds_by_its_own_names(told):
    success = "outcome=http://hl7.org/fhir/issue-severity|success"
    assert found(told, f"code=update&{success}", "/fhir/r5") == ["update"]
    assert found(told, "outcome=error", "/fhir/r5") == []


def test_an_event_is_read_by_its_id_in_both_versions(told):
    [entry] = told.read("AuditEvent?action=D")["entry"]
    id = entry["resource"]["id"]
    assert told.read(f"AuditEvent/{id}") == entry["resource"]
    assert told.read(f"AuditEvent/{id}", "/fhir/r5")["code"]["coding"][0]["code"] == "delete"
    assert found(told, f"_id={id}") == ["delete"]


def test_pages_do_not_overlap(told):
    seen = []
    for offset in range(0, 4, 2):
        page = told.read(f"AuditEvent?_count=2&_offset={offset}")
        assert page["total"] == 4
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        relations = {link["relation"] for link in page["link"]}
        assert relations == {"self", "next" if offset == 0 else "previous"}
    assert len(set(seen)) == 4


def test_a_patient_of_whom_an_identifier_is_known_is_found_by_it(endpoint):
    subject = {"identifier": {"system": MRN, "value": "Ä|9_%"}}
    endpoint.put({**ihc("3+", name="o", sample=""), "subject": subject})
    for said in (f"{MRN}|%C3%84\\|9_%25", "%C3%84\\|9_%25", f"{MRN}|"):
        assert found(endpoint, f"patient:identifier={said}") == ["create"], said
        assert found(endpoint, f"entity:identifier={said}") == ["create"], said
    for said in (f"{MRN}|9", "X_%25", "urn:x|"):
        assert found(endpoint, f"patient:identifier={said}") == [], said


def test_a_transaction_that_is_refused_is_not_told(endpoint):
    request = {"method": "PUT", "url": "Observation/another-id"}
    entries = [{"resource": ihc("3+"), "request": request}]
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert endpoint.post(sent).status_code == 400
    assert found(endpoint, "") == []


def test_the_whole_log_comes_in_order_a_page_at_a_time(told, monkeypatch):
    monkeypatch.setattr(audits, "AT_ONCE", 2)
    with told.store.reading() as reader:
        events = list(reader.audit_log(None))
        late = list(reader.audit_log(events[2].recorded))
    assert [event.action for event in events] == ["C", "C", "U", "D"]
    assert late == events[2:]
