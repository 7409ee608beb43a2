"""Read and search of resources that are only read: one by its id, many by address or by form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFhir, NotFound
from service.fhir.searchset import Page, searchset
from service.fhir.version import FhirVersion
from service.web.address import address_of
from service.web.answer import cacheable, fhir
from service.web.body import bytes_in
from service.web.negotiation import check_form_type, format_type
from service.web.parts import Parts
from service.web.prefer import is_lenient
from service.web.query import query_in

MANY_FIELDS = 200

Query = Mapping[str, Sequence[str]]
Records = Mapping[str, Mapping[str, Any]]


def serve(
    doors: Blueprint,
    kind: str,
    what: str,
    records: Records,
    find: Callable[[Query, bool], Page],
    parts: Parts,
    version: FhirVersion,
) -> None:
    """The doors of a type, under the blueprint's prefix.

    what: a record in words. records: by id. find: what meets a query, leniently or not.
    """

    def found(query: Query) -> Response:
        page = find(query, is_lenient(request))
        return cacheable(fhir(searchset(page, f"{address_of(request, version)}/{kind}")), request)

    def read(id: str) -> Response:
        return cacheable(fhir(one_of(records, id, what)), request)

    serve_search(doors, kind, found, parts.max_body_bytes, version)
    doors.add_url_rule(f"/{kind}/<id>", f"{kind}-read", read)


def serve_search(
    doors: Blueprint,
    kind: str,
    found: Callable[[Query], Response],
    limit: int,
    version: FhirVersion,
) -> None:
    """The two doors of a type's search, by address and by form.

    found: answers a query, without the parameters that are about the answer's form. limit: bytes
    of a form.
    """

    def search() -> Response:
        return found(query_in(request.args.to_dict(flat=False)))

    def search_by_form() -> Response:
        query = request.args.to_dict(flat=False)
        form = _form_in(limit)
        for asked in form.get("_format", [])[:1]:
            g.answer_type = format_type(asked, version)
        for name, values in form.items():
            query[name] = query.get(name, []) + values
        return found(query_in(query))

    doors.add_url_rule(f"/{kind}", f"{kind}-search", search)
    doors.add_url_rule(f"/{kind}/_search", f"{kind}-form", search_by_form, methods=["POST"])


def one_of(records: Records, id: str, what: str) -> dict[str, Any]:
    """The record of an id; NotFound says what there is none of."""
    if id not in records:
        raise NotFound(Fault("not-found", f"No {what} has this id; search lists them."))
    return dict(records[id])


def _form_in(limit: int) -> dict[str, list[str]]:
    """The fields of the posted form; NotFhir when there are absurdly many."""
    body = bytes_in(request, limit)
    if not body:
        return {}
    check_form_type(request)
    try:
        return parse_qs(body.decode(errors="replace"), True, max_num_fields=MANY_FIELDS)
    except ValueError:
        raise NotFhir(Fault("too-long", f"A search has at most {MANY_FIELDS} fields.")) from None
