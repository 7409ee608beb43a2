"""Where callers reach a base."""

from __future__ import annotations

from flask import Request

from service.fhir.version import FhirVersion


def address_of(request: Request, version: FhirVersion) -> str:
    """The base as callers reach it, without a slash at its end."""
    return request.host_url.rstrip("/") + version.base
