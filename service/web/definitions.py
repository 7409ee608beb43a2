"""Profiles, plans, operations and terminology: read, searched, and asked. All read-only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from service.fhir.parameters import read_parameters
from service.fhir.searchset import Page
from service.fhir.version import FhirVersion
from service.usecases.definition_search import find_definitions
from service.usecases.shelf import Shelf, shipped_shelf
from service.usecases.terminology import OPERATIONS, Operation
from service.web.answer import fhir, negotiate
from service.web.body import fhir_in
from service.web.parts import Parts
from service.web.query import query_in
from service.web.records import Query, one_of, serve

_WHAT = "definition here"


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
    resources = shelf.by_type[kind]

    def find(query: Query, lenient: bool) -> Page:
        return find_definitions(resources.values(), query, lenient)

    serve(doors, kind, _WHAT, resources, find, parts, shelf.release)


def _answer(doors: Blueprint, operation: Operation, shelf: Shelf, parts: Parts) -> None:
    """One operation by GET and by POST, on its type and on one resource."""
    takes = operation.takes(shelf.release)
    resources = shelf.by_type.get(operation.kind, {})

    def answer(id: str = "") -> Response:
        instance = one_of(resources, id, _WHAT) if id else None
        posted: Any = None
        if request.method == "POST":
            posted = fhir_in(request, parts.max_body_bytes, shelf.release)
        given = read_parameters(takes, query_in(request.args.to_dict(flat=False)), posted)
        return fhir(operation.answer(shelf, given, instance, parts.clock()))

    name = f"{operation.kind}-{operation.name}"
    for end, between in (("", ""), ("-one", "/<id>")):
        path = f"/{operation.kind}{between}/${operation.name}"
        doors.add_url_rule(path, f"{name}{end}", answer, methods=["GET", "POST"])
