"""AuditEvent in R4 as IHE's Basic Audit Log Patterns have it, and in R5."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fhir.resources.auditevent import AuditEvent as InR5
from fhir.resources.R4B.auditevent import AuditEvent as InR4

from service.core.audit import PRUNE, PURGE, Audit
from service.fhir.audit_event import audit_event
from service.fhir.json import encode
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion

SYSTEMS = Systems("https://her2.example/fhir")
MODELS = {FhirVersion.R4: InR4, FhirVersion.R5: InR5}
CREATE = Audit(
    id="0a",
    recorded=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    action="C",
    interaction="create",
    type="Observation",
    target="a",
    number=1,
    patient="Patient/1",
    agent="holder of the service's token",
    network="192.0.2.1",
    request="request-1",
    base="http://localhost/fhir/r4",
)
DELETE = replace(CREATE, action="D", interaction="delete", number=2)
PURGED = replace(CREATE, action="D", interaction=PURGE, type="Patient", target="1", number=None)
PRUNED = Audit(
    id="0b",
    recorded=CREATE.recorded,
    action="D",
    interaction=PRUNE,
    type="",
    target="2026-10-23T12:00:00.000Z",
    number=None,
    patient="",
    agent="operator",
    network="",
    request="",
    base="",
)
ALL = {
    "create": CREATE,
    "update": replace(CREATE, action="U", interaction="update", number=2),
    "delete": DELETE,
    "by an identifier": replace(CREATE, patient="identifier|urn:x|9|9"),
    "of nobody": replace(CREATE, patient="", type="Specimen"),
    "elsewhere": replace(CREATE, patient="http://other.example/fhir/Patient/1"),
    "without an address": replace(CREATE, network=""),
    "purge": PURGED,
    "prune": PRUNED,
}


@pytest.mark.parametrize("release", FhirVersion)
@pytest.mark.parametrize("name", ALL)
def test_every_event_is_an_audit_event_of_its_version(name, release):
    event = audit_event(ALL[name], SYSTEMS, release)
    read = MODELS[release].model_validate_json(encode(event))
    assert (read.id, read.action) == (ALL[name].id, ALL[name].action)


def codes(*concepts):
    return [coding["code"] for concept in concepts for coding in concept["coding"]]


def test_a_create_has_the_shape_of_balp():
    event = audit_event(CREATE, SYSTEMS, FhirVersion.R4)
    assert event["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientCreate"
    ]
    assert (event["type"]["code"], event["subtype"][0]["code"]) == ("rest", "create")
    assert (event["action"], event["outcome"]) == ("C", "0")
    client, server = event["agent"]
    assert codes(client["type"], server["type"]) == ["110153", "110152"]
    assert client["network"] == {"address": "192.0.2.1", "type": "2"}
    assert server["network"] == {"address": "http://localhost/fhir/r4", "type": "5"}
    patient, data, request = event["entity"]
    assert patient["what"] == {"reference": "Patient/1"}
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert data["what"] == {"reference": "Observation/a/_history/1"}
    assert (data["type"]["code"], data["role"]["code"]) == ("2", "4")
    assert request["what"] == {"identifier": {"value": "request-1"}}
    assert request["type"]["code"] == "XrequestId"


def test_a_delete_names_its_agents_as_balp_does_there():
    client, server = audit_event(DELETE, SYSTEMS, FhirVersion.R4)["agent"]
    assert codes(client["type"], server["type"]) == ["110150", "custodian"]


def test_what_is_in_nobodys_record_has_the_profile_without_a_patient():
    event = audit_event(ALL["of nobody"], SYSTEMS, FhirVersion.R4)
    assert event["meta"]["profile"][0].endswith("/IHE.BasicAudit.Create")
    assert [entity["type"]["code"] for entity in event["entity"]] == ["2", "XrequestId"]


def test_a_patient_of_whom_an_identifier_is_known_is_named_by_it():
    event = audit_event(ALL["by an identifier"], SYSTEMS, FhirVersion.R5)
    assert event["patient"] == {
        "type": "Patient",
        "identifier": {"system": "urn:x", "value": "9|9"},
    }


def test_a_purge_is_an_operation_that_deletes_and_claims_no_profile():
    event = audit_event(PURGED, SYSTEMS, FhirVersion.R4)
    assert "profile" not in event["meta"]
    assert (event["subtype"][0]["code"], event["action"]) == ("operation", "D")
    assert event["entity"][1]["detail"] == [{"type": "operation", "valueString": "$purge"}]


def test_a_prune_says_until_when_it_removed_and_has_one_agent():
    event = audit_event(PRUNED, SYSTEMS, FhirVersion.R4)
    assert "subtype" not in event
    assert len(event["agent"]) == 1
    assert "2026-10-23T12:00:00.000Z" in event["entity"][0]["what"]["display"]


@pytest.mark.parametrize("release", FhirVersion)
def test_the_service_is_named_without_a_version_that_may_not_be_the_one_that_told(release):
    event = audit_event(CREATE, SYSTEMS, release)
    assert event["source"]["observer"]["identifier"]["value"] == "her2-service"
