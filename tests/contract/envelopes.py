"""What each door of the record answers to one small record: every envelope and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.usecases.record.prune import prune
from tests.contract.emitted import Body
from tests.support.endpoint import Endpoint
from tests.support.evidence import (
    CARCINOMA,
    COPIES,
    DAY,
    HOSPITAL,
    RATIO,
    SNOMED,
    bundle,
    concept,
    ihc,
    observation,
    patient,
)

LENIENT = {"Prefer": "handling=lenient"}
WHOLE = {"Prefer": "return=representation"}
TOLD = {"Prefer": "return=OperationOutcome"}
_HL7 = "http://terminology.hl7.org/CodeSystem"
_NARRATIVE = {
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">Invented.</div>',
    }
}
#: Refusals: status, method, path, body, headers.
REFUSED: list[tuple[int, str, str, object, dict[str, str]]] = [
    (400, "POST", "Observation", b"{", {}),
    (400, "GET", "Observation?colour=blue", None, {}),
    (400, "GET", "_history?_since=noon", None, {}),
    (400, "PUT", "Observation/another", ihc("2+"), {}),
    (404, "GET", "Observation/nobody", None, {}),
    (404, "GET", "Patient/nobody/_history", None, {}),
    (404, "GET", "Nothing/1", None, {}),
    (405, "PUT", "CarePlan/1", {"resourceType": "CarePlan", "id": "1"}, {}),
    (406, "GET", "Patient/anna", None, {"Accept": "application/fhir+xml"}),
    (410, "GET", "Observation/anna-gone", None, {}),
    (412, "PUT", "Patient/anna", patient(), {"If_Match": 'W/"7"'}),
    (412, "DELETE", "Observation?patient=anna", None, {}),
    (415, "POST", "Observation", b"<Observation/>", {"Content_Type": "application/fhir+xml"}),
    (422, "PUT", "Observation/anna-odd", ihc("four", name="odd"), {}),
]


def envelopes(version: FhirVersion, folder: Path) -> Iterator[Body]:
    """A record that grows, is read in every way, is corrected, pruned and at last removed.

    folder: where the database may be.
    """
    endpoint = Endpoint(f"sqlite:///{folder / 'envelopes.db'}", version.base)
    try:
        for name, body in _all(endpoint, version):
            yield f"record: {name}", body
    finally:
        endpoint.close()


def _all(endpoint: Endpoint, version: FhirVersion) -> Iterator[Body]:
    yield "metadata", endpoint.read("metadata")
    yield from _writes(endpoint)
    yield from _bundles(endpoint)
    yield from _messages(endpoint, version)
    yield from _searches(endpoint)
    yield from _assessed(endpoint)
    yield from _refusals(endpoint)
    yield from _histories(endpoint)
    yield from _ended(endpoint)


def _evidence() -> list[dict[str, Any]]:
    """An invented patient with what a laboratory sends of her, valid in R4 and R5."""
    her = {"subject": {"reference": "Patient/anna"}}
    lab = {"performer": [{"display": "Laboratory, invented"}], **_NARRATIVE}
    clinical = {"coding": [{"system": f"{_HL7}/condition-clinical", "code": "active"}]}
    return [
        {**patient(), **_NARRATIVE},
        {"resourceType": "Specimen", "id": "anna-core", **her, **_NARRATIVE},
        {
            "resourceType": "Condition",
            "id": "anna-ca",
            "clinicalStatus": clinical,
            "category": [
                {
                    "coding": [
                        {"system": f"{_HL7}/condition-category", "code": "encounter-diagnosis"}
                    ]
                }
            ],
            "code": {"coding": [CARCINOMA]},
            **her,
            **_NARRATIVE,
        },
        ihc("2+", name="ihc", **lab),
        observation(RATIO, _count(2, "{ratio}"), name="ratio", **lab),
        observation(COPIES, _count(6, "{copies}/{nucleus}"), name="copies", **lab),
        {
            "resourceType": "AllergyIntolerance",
            "id": "anna-allergy",
            "clinicalStatus": {
                "coding": [{"system": f"{_HL7}/allergyintolerance-clinical", "code": "active"}]
            },
            "code": concept(SNOMED, "387318005"),
            "patient": {"reference": "Patient/anna"},
            **_NARRATIVE,
        },
    ]


def _count(number: int, unit: str) -> dict[str, Any]:
    ucum = "http://unitsofmeasure.org"
    return {"valueQuantity": {"value": number, "unit": unit, "system": ucum, "code": unit}}


def _body(answer: TestResponse) -> dict[str, Any]:
    said: dict[str, Any] = decode(answer.get_data())
    return said


def _writes(endpoint: Endpoint) -> Iterator[Body]:
    """Create, update and delete, answered with the resource or with an outcome."""
    for resource in _evidence():
        yield f"PUT {resource['resourceType']}", _body(endpoint.put(resource, **WHOLE))
    endpoint.now += timedelta(days=10)
    gone = {**_evidence()[3], "id": "anna-gone"}
    yield "an update with an outcome", _body(endpoint.put(gone, **TOLD))
    endpoint.call("DELETE", "Observation/anna-gone")
    yield (
        "a create with an outcome",
        _body(endpoint.create({**patient("bert"), **_NARRATIVE}, **TOLD)),
    )
    nobodys = {"resourceType": "Specimen", "id": "nobodys", **_NARRATIVE}
    endpoint.put(nobodys)
    endpoint.call("DELETE", "Specimen/nobodys")


def _bundles(endpoint: Endpoint) -> Iterator[Body]:
    """transaction-response and batch-response, with outcomes and with what was read."""
    entries = [
        {
            "fullUrl": f"{HOSPITAL}/{r['resourceType']}/{r['id']}",
            "resource": r,
            "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"},
        }
        for r in _evidence()
    ]
    entries[3]["resource"] = {**_evidence()[3], "valueString": "3+"}
    reads = [
        {"request": {"method": "GET", "url": url}}
        for url in ("Patient/anna", "Observation?patient=anna", "Observation/nobody")
    ]
    odd = {**_evidence()[3], "id": "anna-odd", "valueString": "four"}
    faults = [
        {"resource": odd, "request": {"method": "PUT", "url": "Observation/anna-odd"}},
        {"request": {"method": "DELETE", "url": "Observation/anna-gone"}},
        {
            "resource": {"resourceType": "Encounter", "id": "e"},
            "request": {"method": "PUT", "url": "Encounter/e"},
        },
    ]
    for kind, sent in (("transaction", entries + reads[:2]), ("batch", entries + reads + faults)):
        for told in (LENIENT, WHOLE):
            answer = endpoint.post({"resourceType": "Bundle", "type": kind, "entry": sent}, **told)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            yield f"{kind} ({told['Prefer']})", _body(answer)
    yield "collection", _body(endpoint.post(bundle(*_evidence())))


def _messages(endpoint: Endpoint, version: FhirVersion) -> Iterator[Body]:
    """The reply of $process-message: ok, with remarks, and fatal-error."""
    source = {"endpointUrl" if version is FhirVersion.R5 else "endpoint": "https://lab.example/out"}
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "https://lab.example/events", "code": "her2-result"},
        "source": {"name": "Laboratory, invented", **source},
    }
    unread = {**_evidence()[3], "id": "anna-unread", "valueString": "four"}
    encounter = {"resourceType": "Encounter", "id": "e"}
    for name, more in (("ok", []), ("remarks", [encounter]), ("fatal-error", [unread])):
        sent = bundle({**header, "id": name}, *_evidence(), *more, kind="message")
        answer = endpoint.call("POST", "$process-message", sent)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        yield f"$process-message, {name}", _body(answer)


def _searches(endpoint: Endpoint) -> Iterator[Body]:
    for query in (
        "Observation?patient=anna&_include=Observation:subject&_include=Observation:specimen",
        "Patient?_id=anna&_revinclude=Observation:subject&_revinclude=CarePlan:subject",
        "Observation?patient=anna&_summary=true",
        "CarePlan?patient=anna&_summary=text",
        "Observation?patient=anna&_summary=data",
        "Observation?patient=anna&_summary=count",
        "CarePlan?patient=anna&_elements=status,title",
        "Observation?patient=anna&_count=1&_sort=-date",
        "Provenance?_tag=her2",
        "Condition?_id=nobody",
    ):
        yield query, endpoint.read(query)
    odd = "Observation?patient=anna&colour=blue"
    yield f"{odd}, leniently", _body(endpoint.call("GET", odd, **LENIENT))


def _assessed(endpoint: Endpoint) -> Iterator[Body]:
    for query in ("", "?as-of=2026-11-25", f"?as-of={DAY}"):
        yield f"$assess-her2{query}", endpoint.read(f"Patient/anna/$assess-her2{query}")


def _refusals(endpoint: Endpoint) -> Iterator[Body]:
    for status, method, path, body, headers in REFUSED:
        answer = endpoint.call(method, path, body, **headers)
        assert answer.status_code == status, (path, answer.get_data(as_text=True))
        yield f"{status} {method} {path}", _body(answer)


def _histories(endpoint: Endpoint) -> Iterator[Body]:
    """Histories with deletions, and by itself each version that is not the newest there."""
    for path in ("Observation/anna-ihc", "Observation/anna-gone", "Observation", "CarePlan", ""):
        found = endpoint.read(f"{path}/_history".lstrip("/"))
        older = _one_version_each(found)
        yield f"{path}/_history", found
        if not path:
            for resource in older:
                name = f"{resource['resourceType']}/{resource['id']}"
                yield f"{name}, version {resource['meta']['versionId']}", resource


def _one_version_each(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """Leave the newest version of each resource in a history, and its deletions; answers the rest.

    HL7's validator reads a history like any other Bundle: a second resource at an address is an
    error to it, and a reference to an entry without a resource ends it.
    """
    older, newest = [], {}
    for number, entry in enumerate(bundle["entry"]):
        if "resource" not in entry:
            newest[f"deletion {number}"] = entry | {"fullUrl": f"{entry['fullUrl']}-gone-{number}"}
        elif entry["fullUrl"] in newest:
            older.append(entry["resource"])
        else:
            newest[entry["fullUrl"]] = entry
    bundle["entry"] = list(newest.values())
    return older


def _ended(endpoint: Endpoint) -> Iterator[Body]:
    """What a prune and a purge leave: the log of it all."""
    endpoint.now += timedelta(days=2)
    for _ in prune(endpoint.store, timedelta(days=1), endpoint.now):
        pass
    yield "$assess-her2 after a prune", endpoint.read(f"Patient/anna/$assess-her2?as-of={DAY}")
    yield "$purge", _body(endpoint.call("POST", "Patient/anna/$purge"))
    events = endpoint.read("AuditEvent?_count=1000")
    yield "AuditEvent", events
    yield "one AuditEvent", endpoint.read(f"AuditEvent/{events['entry'][0]['resource']['id']}")
