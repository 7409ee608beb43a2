"""The door of `Patient/{id}/$purge`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request

from service.core.errors import Fault, NotFhir
from service.fhir.outcome import issue, operation_outcome
from service.fhir.version import FhirVersion
from service.usecases.record.purge import Purged, purge
from service.web.answer import fhir, negotiate
from service.web.body import fhir_in
from service.web.parts import Parts
from service.web.query import query_in
from service.web.record_parts import asking_of


def record_purge(parts: Parts, version: FhirVersion) -> Blueprint:
    """`POST Patient/{id}/$purge`, without parameters; no GET, since it changes so much."""
    doors = Blueprint(f"record-purge-{version}", __name__, url_prefix=version.base)
    doors.before_request(lambda: negotiate(request, version))

    @doors.post("/Patient/<id>/$purge")
    def purge_patient(id: str) -> Response:
        if request.content_length or request.mimetype:
            _nothing_asked(fhir_in(request, parts.max_body_bytes, version))
        if query_in(request.args.to_dict(flat=False)):
            raise NotFhir(_NO_PARAMETERS)
        done = purge(id, parts.store, asking_of(request, parts, version))
        g.log_fields["door"] = "purge"
        return fhir(_said(done))

    return doors


_NO_PARAMETERS = Fault("not-supported", "$purge has no parameters: it removes all of the record.")


def _nothing_asked(posted: object) -> None:
    """Raises NotFhir for anything but Parameters without any."""
    if not isinstance(posted, dict) or posted.get("resourceType") != "Parameters":
        raise NotFhir(Fault("structure", "Post nothing, or empty Parameters.", "resourceType"))
    if posted.get("parameter"):
        raise NotFhir(_NO_PARAMETERS)


def _said(done: Purged) -> dict[str, object]:
    removed = done.removed
    text = f"Removed for good: {removed.resources} resources with {removed.versions} versions."
    told: list[Mapping[str, Any]] = [issue(Fault("informational", text), "information")]
    if done.left:
        text = (
            f"{done.left} resources stay: they are kept under an identifier that another Patient "
            "has too, and may be about that one."
        )
        told.append(issue(Fault("business-rule", text), "warning"))
    return operation_outcome(told)
