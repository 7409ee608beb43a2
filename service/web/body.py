"""The bytes of a request body: bounded before anything is made of them."""

from __future__ import annotations

from typing import Any

from flask import Request

from service.core.errors import Fault, NotFhir, UnsupportedMediaType
from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.web.inflate import inflate, too_large
from service.web.negotiation import check_body_type


def fhir_in(request: Request, limit: int, version: FhirVersion = FhirVersion.R4) -> Any:
    """The decoded JSON that was posted; raises what `posted_in` raises."""
    return posted_in(request, limit, version)[0]


def posted_in(request: Request, limit: int, version: FhirVersion) -> tuple[Any, bytes]:
    """The decoded JSON that was posted, and its bytes.

    Raises TooLarge (413), UnsupportedMediaType (415) or NotFhir (400), in the order in which
    they cost us least.
    """
    if request.mimetype:
        check_body_type(request, version)
    body = bytes_in(request, limit)
    if not body:
        raise NotFhir(Fault("required", "The body is empty: post a resource as FHIR JSON."))
    check_body_type(request, version)
    return decode(body), body


def bytes_in(request: Request, limit: int) -> bytes:
    """The body, its gzip undone; TooLarge when either form of it exceeds the limit.

    A body without a length is read to `limit` + 1 bytes and no further.
    """
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnsupportedMediaType(
            Fault("not-supported", "This Content-Encoding is not read here: send gzip or none.")
        )
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise too_large(limit)
    return inflate(body, limit) if encoding in ("gzip", "x-gzip") else body
