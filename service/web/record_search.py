"""Search of what is kept, by address and by form, and what the CapabilityStatement says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from service.core.search_parameter import SearchKind, SearchParameter
from service.fhir.searchset import searchset
from service.fhir.version import FhirVersion
from service.knowledge.search_parameters import shipped_search
from service.usecases.record.asked import read_asked
from service.usecases.record.listing import listing
from service.web.address import address_of
from service.web.answer import cacheable, fhir
from service.web.parts import Parts
from service.web.prefer import is_lenient
from service.web.records import Query, serve_search


def search_doors(doors: Blueprint, kind: str, parts: Parts, version: FhirVersion) -> None:
    """`GET /{kind}` and `POST /{kind}/_search`, under the blueprint's prefix."""

    def found(query: Query) -> Response:
        own, lenient = address_of(request, version), is_lenient(request)
        return cacheable(fhir(searched(kind, query, own, lenient, parts, version)), request)

    serve_search(doors, kind, found, parts.max_body_bytes, version)


def searched(
    kind: str, query: Query, own: str, lenient: bool, parts: Parts, version: FhirVersion
) -> dict[str, Any]:
    """The searchset that a query of a kept type finds. own: address of the base."""
    asked = read_asked(kind, version, query, own, lenient)
    with parts.store.reading() as reader:
        return searchset(listing(asked, reader), f"{own}/{kind}")


def search_capability(kind: str, version: FhirVersion) -> dict[str, Any]:
    """`searchParam`, `searchInclude` and `searchRevInclude` of a `rest.resource`."""
    known = shipped_search()[version].parameters
    said: dict[str, Any] = {
        "searchParam": [
            {"name": p.name, "type": _type(p, version), "documentation": p.documentation}
            for p in known[kind].values()
        ]
    }
    includes = [f"{kind}:{p.name}" for p in _references(known[kind])]
    reverse = [
        f"{source}:{p.name}"
        for source in sorted(known)
        for p in _references(known[source])
        if not p.targets or kind in p.targets
    ]
    return (
        said
        | ({"searchInclude": ["*", *includes]} if includes else {})
        | ({"searchRevInclude": reverse} if reverse else {})
    )


def _references(parameters: Mapping[str, SearchParameter]) -> list[SearchParameter]:
    return [p for p in parameters.values() if p.kind is SearchKind.REFERENCE]


def _type(parameter: SearchParameter, version: FhirVersion) -> str:
    """FHIR's name for the kind of values."""
    if parameter.kind is SearchKind.IDENTIFIER:
        return "token"
    if parameter.kind is SearchKind.CANONICAL:
        return "uri" if version is FhirVersion.R4 else "reference"
    return str(parameter.kind)
