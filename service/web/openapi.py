"""`/openapi.json`: every door as OpenAPI 3.1 has it, made from the routes themselves.

What a FHIR resource holds is FHIR's to say; here stands how to ask, and what comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.routing import Rule

from service import __version__
from service.fhir.version import FhirVersion
from service.web.answer import cacheable, plain
from service.web.authentication import OPEN
from service.web.capability import capability_statement
from service.web.openapi_exchange import exchange_door
from service.web.openapi_operations import Place, operation
from service.web.openapi_parts import COMPONENTS, other_door
from service.web.parts import Parts

_VARIABLE = re.compile(r"<(\w+)>")
_TOKEN = "token"


def openapi(parts: Parts) -> Blueprint:
    """The description, open as `/metadata` is: who wants to call must read first how."""
    doors = Blueprint("openapi", __name__)
    since = parts.clock()

    @doors.get("/openapi.json")
    def described() -> Response:
        known = {
            version: capability_statement(
                "", parts.house.canonical_base, since, bool(parts.api_token), version
            )["rest"][0]["resource"]
            for version in FhirVersion
        }
        rules = current_app.url_map.iter_rules()
        said = description(rules, known, bool(parts.api_token))
        return cacheable(plain(said), request)

    return doors


def description(
    rules: Iterable[Rule],
    known: dict[FhirVersion, list[dict[str, Any]]],
    authenticated: bool,
) -> dict[str, Any]:
    """The OpenAPI document. known: `rest.resource` of the CapabilityStatement of each version."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(rules, key=lambda rule: rule.rule):
        path = paths.setdefault(_VARIABLE.sub(r"{\1}", rule.rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            said = _operation(rule.rule, method, known)
            path[method.lower()] = said | ({"security": []} if rule.rule in OPEN else {})
    schemes = {"securitySchemes": {_TOKEN: {"type": "http", "scheme": "bearer"}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "her2-service",
            "version": __version__,
            "description": (
                "HER2 evidence as FHIR in; category and draft suggestions as FHIR out. HEAD "
                "answers wherever GET does. Search parameters take FHIR's modifiers and chains "
                "too, and resources are FHIR's own: the CapabilityStatement at /metadata of each "
                "base says which."
            ),
        },
        "paths": paths,
        "components": COMPONENTS | (schemes if authenticated else {}),
        "security": [{_TOKEN: []}] if authenticated else [],
    }


def _operation(
    rule: str, method: str, known: dict[FhirVersion, list[dict[str, Any]]]
) -> dict[str, Any]:
    for version in FhirVersion:
        if f"{rule}/".startswith(f"{version.base}/"):
            below = rule.removeprefix(version.base)
            return operation(Place.of(version, below, known[version]), method)
    return exchange_door(rule, method) or other_door(rule)
