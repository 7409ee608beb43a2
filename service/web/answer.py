"""A resource as an HTTP answer."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flask import Request, Response, g

from service.core.errors import Fault, PreconditionFailed
from service.fhir.json import encode
from service.fhir.version import FhirVersion
from service.web.negotiation import OUR_TYPE, answer_type


def negotiate(request: Request, version: FhirVersion = FhirVersion.R4) -> None:
    """Settle the answer's media type before any work is done; NotAcceptable (406)."""
    g.answer_type = answer_type(request, version)


def fhir(resource: Mapping[str, Any], status: int = 200) -> Response:
    """The resource as FHIR JSON, in the media type that was settled (ours when none was)."""
    return Response(encode(resource), status, content_type=g.get("answer_type", OUR_TYPE))


def empty(status: int) -> Response:
    """An answer without a body, and so without a media type."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def cacheable(response: Response, request: Request) -> Response:
    """The answer with a weak ETag of its content, or 304 when the caller has it already."""
    response.set_etag(sha256(response.get_data()).hexdigest()[:16], weak=True)
    response.headers["Cache-Control"] = "no-cache"  # keep it, but ask
    return as_conditioned(response, request)


def as_conditioned(response: Response, request: Request) -> Response:
    """The answer to a read, 304 when the caller has it; PreconditionFailed when its ETag is not
    one that If-Match names."""
    response.make_conditional(request)
    if response.status_code == 412:
        raise PreconditionFailed(
            Fault("conflict", "Another version stands than If-Match names: read without it.")
        )
    return response


def plain(value: Mapping[str, Any]) -> Response:
    """A value that is not FHIR, as JSON."""
    return Response(encode(value), content_type="application/json")
