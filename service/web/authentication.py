"""The bearer token, where one is configured."""

from __future__ import annotations

from hmac import compare_digest

from flask import Flask, request

from service.core.errors import Fault, Unauthenticated
from service.fhir.version import FhirVersion

OPEN = frozenset(
    {
        "/health/live",
        "/health/ready",
        "/openapi.json",
        *(f"{version.base}/metadata" for version in FhirVersion),
    }
)


def require_token(app: Flask, token: str) -> None:
    """Refuse (401) every request without the token, but for those in OPEN."""

    @app.before_request
    def check() -> None:
        if request.url_rule is not None and request.url_rule.rule in OPEN:
            return
        said = request.authorization
        sent = said.token if said is not None and said.type == "bearer" else None
        if not compare_digest((sent or "").encode(errors="replace"), token.encode()):
            raise Unauthenticated(
                Fault("login", "Send the service's token as `Authorization: Bearer <token>`.")
            )
