"""Doors of the base itself: Bundles posted to it, the history of all, `$assess-her2` of what is
kept, and messages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFhir
from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.usecases.record.bundles import Wanted, record_bundle
from service.usecases.record.history import history
from service.usecases.record.kept import KEPT
from service.usecases.record.messages import process_message
from service.usecases.record.patient_assessment import assess_patient
from service.web.address import address_of
from service.web.answer import fhir, negotiate
from service.web.body import bytes_in, posted_in
from service.web.errors import status_of
from service.web.negotiation import check_body_type
from service.web.operations import caller_of, log_fields
from service.web.parts import Parts
from service.web.prefer import wanted_back
from service.web.query import query_in
from service.web.record_parts import asking_of, recording_of
from service.web.record_reading import read_at


def record_bundles(parts: Parts, version: FhirVersion) -> Blueprint:
    """Everything that is not about one type."""
    doors = Blueprint(f"record-bundles-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))
    recording = recording_of(parts)

    def bundle_in() -> tuple[Any, bytes]:
        posted, body = posted_in(request, parts.max_body_bytes, version)
        if not isinstance(posted, dict) or posted.get("resourceType") != "Bundle":
            text = "Post a Bundle here, and any other resource to its type."
            raise NotFhir(Fault("structure", text, "resourceType"))
        return posted, body

    def wanted() -> Wanted:
        return Wanted(
            representation=wanted_back(request) == "representation",
            read=lambda url: read_at(url, parts, version, address_of(request, version)),
            status_of=status_of,
        )

    def post_bundle() -> Response:
        posted, body = bundle_in()
        asking = asking_of(request, parts, version)
        return fhir(record_bundle(posted, body, recording, asking, wanted()))

    def message() -> Response:
        posted, body = bundle_in()
        asking = asking_of(request, parts, version)
        return fhir(process_message(posted, body, recording, asking, wanted()))

    def parameters_in() -> Any:
        """What was posted, None for nothing: some clients name the media type of no body."""
        body = bytes_in(request, parts.max_body_bytes) if request.method == "POST" else b""
        if not body:
            return None
        check_body_type(request, version)
        return decode(body)

    def assess(id: str) -> Response:
        caller = caller_of(request, parts)
        answer = assess_patient(id, parameters_in(), caller, recording, version)
        g.log_fields |= log_fields(answer)
        return fhir(answer)

    def past(kind: str = "", id: str = "") -> Response:
        query = query_in(request.args.to_dict(flat=False))
        with parts.store.reading() as reader:
            address = address_of(request, version)
            return fhir(history(kind, id, query, reader, address, version))

    doors.add_url_rule("/", "bundle", post_bundle, methods=["POST"])
    doors.add_url_rule("", "bundle-bare", post_bundle, methods=["POST"])
    doors.add_url_rule("/$process-message", "process-message", message, methods=["POST"])
    doors.add_url_rule(
        "/Patient/<id>/$assess-her2", "assess-patient", assess, methods=["GET", "POST"]
    )
    doors.add_url_rule("/_history", "history", past)
    for kind in KEPT:
        doors.add_url_rule(f"/{kind}/_history", f"{kind}-history", past, defaults={"kind": kind})
        doors.add_url_rule(
            f"/{kind}/<id>/_history", f"{kind}-history-one", past, defaults={"kind": kind}
        )
    return doors
