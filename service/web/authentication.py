"""The bearer token, where one is configured."""

from __future__ import annotations

from collections.abc import Collection
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


#: Where a source's own secrets are asked for: `service.usecases.exchange.receive`.
NOTIFIED = "/notify/"


def require_token(app: Flask, token: str, known: Collection[str] = ()) -> None:
    """Refuse (401) every request without the token, but for those in OPEN.

    known: the sources that have a secret of their own, which their notifications come with.
    """

    @app.before_request
    def check() -> None:
        rule = request.url_rule.rule if request.url_rule is not None else ""
        if rule in OPEN:
            return
        if rule.startswith(NOTIFIED) and (request.view_args or {}).get("source") in known:
            return
        said = request.authorization
        sent = said.token if said is not None and said.type == "bearer" else None
        if not compare_digest((sent or "").encode(errors="replace"), token.encode()):
            raise Unauthenticated(
                Fault("login", "Send the service's token as `Authorization: Bearer <token>`.")
            )
