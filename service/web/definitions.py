"""Profiles, plans, operations and terminology: read, searched, and asked. All read-only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFound
from service.fhir.parameters import read_parameters
from service.fhir.searchset import searchset
from service.fhir.version import FhirVersion
from service.usecases.definition_search import find_definitions
from service.usecases.shelf import Shelf, shipped_shelf
from service.usecases.terminology import OPERATIONS, Operation
from service.web.answer import cacheable, fhir, negotiate
from service.web.body import fhir_in
from service.web.medication_knowledge import form_in
from service.web.negotiation import format_type
from service.web.operations import query_in
from service.web.parts import Parts
from service.web.prefer import is_lenient


def definitions(parts: Parts, version: FhirVersion) -> Blueprint:
    """Read and search of every type on the shelf, and the operations of terminology."""
    doors = Blueprint(f"definitions-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))
    shelf = shipped_shelf(version, parts.house.canonical_base)
    for kind in shelf.types:
        _serve(doors, kind, shelf, parts)
    for operation in OPERATIONS:
        _answer(doors, operation, shelf, parts)
    return doors


def _serve(doors: Blueprint, kind: str, shelf: Shelf, parts: Parts) -> None:
    """Search by address and by form, and read, of one type."""
    resources = shelf.by_type[kind]

    def search() -> Response:
        return found(request.args.to_dict(flat=False))

    def search_by_form() -> Response:
        query = request.args.to_dict(flat=False)
        form = form_in(parts.max_body_bytes)
        for asked in form.get("_format", [])[:1]:
            g.answer_type = format_type(asked, shelf.release)
        for name, values in form.items():
            query[name] = query.get(name, []) + values
        return found(query)

    def found(query: dict[str, list[str]]) -> Response:
        page = find_definitions(resources.values(), query_in(query), is_lenient(request))
        address = f"{request.host_url.rstrip('/')}{shelf.release.base}/{kind}"
        return cacheable(fhir(searchset(page, address)), request)

    def read(id: str) -> Response:
        return cacheable(fhir(_of(resources, id)), request)

    doors.add_url_rule(f"/{kind}", f"{kind}-search", search)
    doors.add_url_rule(f"/{kind}/_search", f"{kind}-form", search_by_form, methods=["POST"])
    doors.add_url_rule(f"/{kind}/<id>", f"{kind}-read", read)


def _answer(doors: Blueprint, operation: Operation, shelf: Shelf, parts: Parts) -> None:
    """One operation by GET and by POST, on its type and, where it can be, on one resource."""
    takes = operation.takes(shelf.release)
    resources = shelf.by_type.get(operation.kind, {})

    def answer(id: str = "") -> Response:
        instance = _of(resources, id) if id else None
        posted: Any = None
        if request.method == "POST":
            posted = fhir_in(request, parts.max_body_bytes, shelf.release)
        given = read_parameters(takes, query_in(request.args.to_dict(flat=False)), posted)
        return fhir(operation.answer(shelf, given, instance, parts.clock()))

    paths = {"": f"/{operation.kind}/${operation.name}"}
    if operation.on_instance:
        paths["-one"] = f"/{operation.kind}/<id>/${operation.name}"
    for end, path in paths.items():
        name = f"{operation.kind}-{operation.name}{end}"
        doors.add_url_rule(path, name, answer, methods=["GET", "POST"])


def _of(resources: Any, id: str) -> dict[str, Any]:
    if id not in resources:
        raise NotFound(Fault("not-found", "No definition here has this id; search lists them."))
    return dict(resources[id])
