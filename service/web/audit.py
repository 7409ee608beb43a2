"""The doors of the audit log: AuditEvent is read and searched, and nobody writes or changes it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.fhir.audit_event import audit_event
from service.fhir.searchset import searchset
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.usecases.record.audits import PARAMETERS, audit_page, one_audit, read_asked_audits
from service.web.address import address_of
from service.web.answer import cacheable, fhir, negotiate
from service.web.parts import Parts
from service.web.prefer import is_lenient
from service.web.records import Query, serve_search


def audit(parts: Parts, version: FhirVersion) -> Blueprint:
    """`GET AuditEvent/{id}`, `GET AuditEvent` and `POST AuditEvent/_search`."""
    doors = Blueprint(f"audit-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))
    systems = Systems(parts.house.canonical_base)

    @doors.get("/AuditEvent/<id>")
    def read(id: str) -> Response:
        with parts.store.reading() as reader:
            told = one_audit(id, reader)
        return cacheable(fhir(audit_event(told, systems, version)), request)

    def found(query: Query) -> Response:
        own = address_of(request, version)
        asked = read_asked_audits(query, version, own, is_lenient(request))
        with parts.store.reading() as reader:
            page = audit_page(asked, reader, systems, version)
        return cacheable(fhir(searchset(page, f"{own}/AuditEvent")), request)

    serve_search(doors, "AuditEvent", found, parts.max_body_bytes, version)
    return doors


def audit_capability(version: FhirVersion) -> dict[str, object]:
    """AuditEvent as a `rest.resource` of the CapabilityStatement."""
    return {
        "type": "AuditEvent",
        "documentation": "What changed the record; written by this service alone.",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [
            {
                "name": p.name,
                "type": "token" if p.name == "_id" else str(p.kind),
                "documentation": p.documentation,
            }
            for p in PARAMETERS[version].values()
        ],
    }
