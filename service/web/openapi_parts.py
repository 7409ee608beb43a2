"""What operations of the OpenAPI description share: headers, shapes of bodies, refusals."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from service.web.negotiation import FHIR_JSON, JSON_NAMES

Said = dict[str, Any]

ID = "^[A-Za-z0-9.-]{1,64}$"


def reference(where: str, name: str) -> Said:
    """To a component."""
    return {"$ref": f"#/components/{where}/{name}"}


def resource(*kinds: str) -> Said:
    """A body of one of these types, of any when none is named; the rest of it is FHIR's to say."""
    named: Said = {"const": kinds[0]} if len(kinds) == 1 else {"enum": [*kinds]} if kinds else {}
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"} | named},
    }


def as_fhir(schema: Said) -> Said:
    """`content` of a body."""
    return {FHIR_JSON: {"schema": schema}}


def answers(good: Said, refused: Iterable[int]) -> Said:
    """`responses`: the good ones (status -> what it is), the refusals, and a store that is away."""
    shown = reference("responses", "Refused")
    statuses = {str(status): shown for status in sorted((*refused, 503))}
    return good | statuses


def answer(status: int, content: Said | None = None, **headers: Said) -> Said:
    """One good answer."""
    said: Said = {"description": HTTPStatus(status).phrase}
    more = {"content": content, "headers": headers}
    return said | {name: value for name, value in more.items() if value}


#: How values of some FHIR types are written in a query.
_WRITTEN: dict[str, Said] = {
    "boolean": {"enum": ["true", "false"]},
    "date": {"pattern": "^(eq|ne|gt|lt|ge|le|sa|eb|ap)?[0-9]{4}"},
    "integer": {"pattern": "^[0-9]{1,9}$"},
}


def query(name: str, said: str, kind: str = "", *allowed: str) -> Said:
    """A parameter of the query. kind: FHIR's name for what its text is. allowed: all there are."""
    schema = {"type": "string"} | ({"enum": [*allowed]} if allowed else _WRITTEN.get(kind, {}))
    told = f"{said} (FHIR {kind})" if kind else said
    return {"name": name, "in": "query", "description": told, "schema": schema}


def header(name: str, said: str, **more: str) -> Said:
    """A request header."""
    schema = {"type": "string", **more}
    return {"name": name, "in": "header", "description": said, "schema": schema}


def path(name: str, pattern: str) -> Said:
    """A part of the address."""
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def other_door(rule: str) -> Said:
    """A door that is not FHIR: it takes nothing and answers an object."""
    content = {"application/json": {"schema": {"type": "object"}}}
    good = {"200": answer(200, content)}
    if rule == "/openapi.json":
        good["304"] = answer(304)
    if rule == "/health/ready":
        good["503"] = answer(503, content)
    refused = {"400": reference("responses", "Refused"), "401": reference("responses", "Refused")}
    return {"summary": rule.strip("/") or "What is here", "responses": good | refused}


COMPONENTS: Said = {
    "parameters": {
        "Id": path("id", ID),
        "Number": path("number", "^[0-9]{1,9}$"),
        "Notice": path("number", "^[0-9]{1,18}$"),
        "Source": path("source", "^[A-Za-z][A-Za-z0-9-]{0,19}$"),
        "Kind": path("kind", "^[A-Z][A-Za-z]+$"),
        "Format": query(
            "_format", "The media type of the answer.", "", "json", *sorted(JSON_NAMES)
        ),
        "Pretty": query("_pretty", "Heard, and changes nothing."),
        "Prefer": header(
            "Prefer",
            "handling=strict or lenient; of a change, return=minimal, representation or "
            "OperationOutcome.",
        ),
        "IfMatch": header(
            "If-Match",
            'The version that must stand, as W/"1".',
            pattern=r'^(\*|(W/)?"[0-9]{1,9}")$',
        ),
        "IfNoneMatch": header("If-None-Match", "The ETag that the caller has: 304 if it stands."),
        "IfNoneExist": header("If-None-Exist", "A search: create only where nothing meets it."),
    },
    "schemas": {
        "OperationOutcome": {
            "type": "object",
            "required": ["resourceType", "issue"],
            "properties": {
                "resourceType": {"const": "OperationOutcome"},
                "issue": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["severity", "code", "details"],
                        "properties": {
                            "severity": {"enum": ["fatal", "error", "warning", "information"]},
                            "code": {"type": "string"},
                            "details": {
                                "type": "object",
                                "required": ["text"],
                                "properties": {"text": {"type": "string", "minLength": 1}},
                            },
                            "expression": {"type": "array", "items": {"type": "string"}},
                        },
                    },
                },
            },
        }
    },
    "responses": {
        "Refused": {
            "description": "Nothing was done: one OperationOutcome with every fault.",
            "content": as_fhir(reference("schemas", "OperationOutcome")),
        }
    },
}
