"""MedicationKnowledge: the drug records, read-only."""

from __future__ import annotations

from urllib.parse import parse_qs

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFhir, NotFound
from service.fhir.searchset import searchset
from service.fhir.version import FhirVersion
from service.fhir.writing.drug_writer import drug_writer
from service.usecases.drug_search import find_drugs
from service.web.answer import cacheable, fhir, negotiate
from service.web.body import bytes_in
from service.web.negotiation import check_form_type, format_type
from service.web.operations import query_in
from service.web.parts import Parts
from service.web.prefer import is_lenient

MANY_FIELDS = 200


def drug_records(parts: Parts, version: FhirVersion) -> Blueprint:
    """Read and search of MedicationKnowledge."""
    path = f"{version.base}/MedicationKnowledge"
    doors = Blueprint(f"drug_records-{version}", __name__, url_prefix=path)
    doors.before_request(lambda: negotiate(request, version))
    drugs, base = parts.library.drugs, parts.house.canonical_base
    write = drug_writer(version)
    records = {r["id"]: r for r in (write(drug, drugs, base) for drug in drugs)}

    @doors.get("")
    def search() -> Response:
        return found(request.args.to_dict(flat=False))

    @doors.post("/_search")
    def search_by_form() -> Response:
        query = request.args.to_dict(flat=False)
        form = form_in(parts.max_body_bytes)
        for asked in form.get("_format", [])[:1]:
            g.answer_type = format_type(asked, version)
        for name, values in form.items():
            query[name] = query.get(name, []) + values
        return found(query)

    @doors.get("/<id>")
    def read(id: str) -> Response:
        if id not in records:
            raise NotFound(Fault("not-found", "No drug record has this id; search lists them."))
        return cacheable(fhir(records[id]), request)

    def found(query: dict[str, list[str]]) -> Response:
        page = find_drugs(drugs, base, query_in(query), is_lenient(request), version)
        address = request.host_url.rstrip("/") + path
        return cacheable(fhir(searchset(page, address)), request)

    return doors


def form_in(limit: int) -> dict[str, list[str]]:
    """The fields of the posted form; NotFhir when there are absurdly many."""
    body = bytes_in(request, limit)
    if not body:
        return {}
    check_form_type(request)
    try:
        return parse_qs(body.decode(errors="replace"), True, max_num_fields=MANY_FIELDS)
    except ValueError:
        raise NotFhir(Fault("too-long", f"A search has at most {MANY_FIELDS} fields.")) from None
