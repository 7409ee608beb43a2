"""The doors of what is kept: create, read, update, delete and history, of evidence and of what we
derive from it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from service.fhir.version import FhirVersion
from service.usecases.record.change import change
from service.usecases.record.entries import criteria_in
from service.usecases.record.interaction import Interaction
from service.usecases.record.kept import EVIDENCE, KEPT
from service.usecases.record.port import Method
from service.usecases.record.stored import as_resource
from service.usecases.record.targets import there
from service.web.answer import as_conditioned, fhir, negotiate
from service.web.body import posted_in
from service.web.parts import Parts
from service.web.record_parts import (
    answered,
    asking_of,
    if_match,
    log,
    number_in,
    one_criteria,
    readable,
    recording_of,
    stamp,
)
from service.web.record_search import search_doors


def record(parts: Parts, version: FhirVersion) -> Blueprint:
    """Every type that is kept; what is derived is only read."""
    doors = Blueprint(f"record-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))
    for kind in KEPT:
        _reading(doors, kind, parts, version)
        search_doors(doors, kind, parts, version)
        if kind in EVIDENCE:
            _writing(doors, kind, parts, version)
    return doors


def _reading(doors: Blueprint, kind: str, parts: Parts, version: FhirVersion) -> None:
    def read(id: str) -> Response:
        with parts.store.reading() as reader:
            found = there(reader.current(kind, id), kind)
        return _resource(found)

    def vread(id: str, number: str) -> Response:
        with parts.store.reading() as reader:
            found = there(reader.version(kind, id, number_in(number)), f"version of {kind}")
        return _resource(found)

    def _resource(found: Any) -> Response:
        response = fhir(as_resource(readable(found, version), version))
        stamp(response, found)
        response.headers["Cache-Control"] = "no-cache"
        return as_conditioned(response, request)

    doors.add_url_rule(f"/{kind}/<id>", f"{kind}-read", read)
    doors.add_url_rule(f"/{kind}/<id>/_history/<number>", f"{kind}-vread", vread)


def _writing(doors: Blueprint, kind: str, parts: Parts, version: FhirVersion) -> None:
    recording = recording_of(parts)

    def create() -> Response:
        resource, body = _posted()
        # fhirpy sends the criteria in the query, others in If-None-Exist.
        criteria = request.headers.get("If-None-Exist", "") or request.query_string.decode()
        asked = Interaction(
            Method.POST,
            kind,
            criteria=criteria_in(_without_form(criteria)),
            resource=resource,
            body=body,
            where=kind,
        )
        return _done(asked)

    def update(id: str = "") -> Response:
        resource, body = _posted()
        criteria = "" if id else _without_form(one_criteria(request))
        asked = Interaction(
            Method.PUT, kind, id, criteria, if_match(request), resource, body, where=kind
        )
        return _done(asked)

    def remove(id: str = "") -> Response:
        criteria = "" if id else _without_form(one_criteria(request))
        return _done(Interaction(Method.DELETE, kind, id, criteria, if_match(request)))

    def _done(asked: Interaction) -> Response:
        [done] = change([asked], recording, asking_of(request, parts, version))
        log(kind, [done])
        return answered(done, request, version)

    def _posted() -> tuple[Any, bytes]:
        return posted_in(request, parts.max_body_bytes, version)

    doors.add_url_rule(f"/{kind}", f"{kind}-create", create, methods=["POST"])
    for path, end in ((f"/{kind}/<id>", ""), (f"/{kind}", "-by-search")):
        doors.add_url_rule(path, f"{kind}-update{end}", update, methods=["PUT"])
        doors.add_url_rule(path, f"{kind}-delete{end}", remove, methods=["DELETE"])


def _without_form(query: str) -> str:
    """The search without what is about the answer's form."""
    parts = [p for p in query.split("&") if not p.startswith(("_format=", "_pretty="))]
    return "&".join(parts)
