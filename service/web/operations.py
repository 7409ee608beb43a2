"""The operation doors of a FHIR version, and what the server says of itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Request, Response, g, request

from service.fhir.version import FhirVersion
from service.usecases.assess import Caller, assess
from service.web.address import address_of
from service.web.answer import cacheable, fhir, negotiate
from service.web.body import fhir_in
from service.web.capability import capability_statement
from service.web.codings import codes_in
from service.web.parts import Parts
from service.web.prefer import is_lenient
from service.web.query import query_in


def operations(parts: Parts, version: FhirVersion) -> Blueprint:
    """`$assess-her2` and `metadata`."""
    doors = Blueprint(f"operations-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))
    since = parts.clock()

    @doors.post("/$assess-her2")
    def assess_her2() -> Response:
        caller = caller_of(request, parts)
        posted = fhir_in(request, parts.max_body_bytes, version)
        answer = assess(posted, caller, parts.library, parts.house, version)
        g.log_fields |= log_fields(answer)
        return fhir(answer)

    @doors.get("/metadata")
    def metadata() -> Response:
        said = capability_statement(
            address_of(request, version),
            parts.house.canonical_base,
            since,
            bool(parts.api_token),
            version,
        )
        return cacheable(fhir(said), request)

    return doors


def caller_of(request: Request, parts: Parts) -> Caller:
    """Who asks for an assessment, and when."""
    query = query_in(request.args.to_dict(flat=False))
    return Caller(query, is_lenient(request), parts.clock())


def log_fields(answer: dict[str, Any]) -> dict[str, Any]:
    """What a log line tells of an answer: editions, rows met and outcome, nobody's name."""
    kinds = {
        "editions": "her2-edition",
        "rules": "her2-rule",
        "categories": "her2-category",
        "plans": "her2-plan-kind",
    }
    return {field: codes_in(answer, name) for field, name in kinds.items()}
