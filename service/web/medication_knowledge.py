"""MedicationKnowledge: the drug records, read-only."""

from __future__ import annotations

from flask import Blueprint, request

from service.fhir.version import FhirVersion
from service.fhir.writing.drug_writer import drug_writer
from service.usecases.drug_search import find_drugs
from service.web.answer import negotiate
from service.web.parts import Parts
from service.web.records import serve


def drug_records(parts: Parts, version: FhirVersion) -> Blueprint:
    """Read and search of MedicationKnowledge; the records are written once."""
    doors = Blueprint(f"drug_records-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))
    drugs, write = parts.library.drugs, drug_writer(version)
    records = {r["id"]: r for r in (write(d, drugs, parts.house.canonical_base) for d in drugs)}
    serve(
        doors,
        "MedicationKnowledge",
        "drug record",
        records,
        lambda query, lenient: find_drugs(records.values(), query, lenient),
        parts,
        version,
    )
    return doors
