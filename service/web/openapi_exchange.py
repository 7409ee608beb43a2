"""The doors of the exchange with other servers, as their OpenAPI description says them."""

from __future__ import annotations

from typing import Any

from service.usecases.exchange.quarantine import LONGEST_REASON
from service.web.negotiation import FHIR_JSON
from service.web.openapi_parts import Said, answer, answers, as_fhir, query, reference, resource

JSON = "application/json"
#: What prometheus_client calls the text format.
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_ANY: Said = {}
_REASON: Said = {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON}
_LISTED = {
    "number": {"type": "integer"},
    **{n: {"type": "string"} for n in ("received", "source", "what", "state", "reason")},
}
_SHOWN = _LISTED | {
    **{n: {"type": "string"} for n in ("version", "updated", "contentType", "text")},
    "body": {"type": "string", "contentEncoding": "base64"},
}


def exchange_door(rule: str, method: str) -> Said | None:
    """None for a door that is not of the exchange."""
    if rule.startswith("/notify/"):
        return _offered() if method == "OPTIONS" else _notified(rule, method)
    return {
        ("GET", "/quarantine"): _listed,
        ("GET", "/quarantine/<number>"): _shown,
        ("POST", "/quarantine/<number>/replay"): _replayed,
        ("POST", "/quarantine/<number>/dismiss"): _dismissed,
        ("GET", "/metrics"): _metrics,
    }.get((method, rule), lambda: None)()


def _said(summary: str, good: Said, *refused: int, parameters: Any = (), **more: Any) -> Said:
    listed = [p if isinstance(p, dict) else reference("parameters", p) for p in parameters]
    statuses = answers(good, (400, 401, *refused))
    return {"tags": ["exchange"], "summary": summary, "parameters": listed, **more} | {
        "responses": statuses
    }


def _plain(schema: Said) -> Said:
    return {JSON: {"schema": schema}}


def _object(properties: Said, *required: str) -> Said:
    return {"type": "object", "properties": properties, "required": [*required]}


def _notified(rule: str, method: str) -> Said:
    """Every form that a sender delivers in: `service.fhir.notices.reading` reads them."""
    parameters: list[Any] = ["Source"]
    parameters += ["Kind"] if "<kind>" in rule else []
    parameters += ["Id"] if "<id>" in rule else []
    parameters.append(
        query("token", "The source's token, for a sender that cannot set Authorization.")
    )
    good = {"204": answer(204), "200": answer(200, as_fhir(resource()) | _plain(_ANY))}
    body = {
        "required": False,
        "description": (
            "A resource; a notification Bundle (R4, R4B or R5), a transaction or history Bundle; "
            "Pub/Sub's or Event Grid's JSON, CloudEvents; or nothing, where the address says all."
        ),
        "content": {
            FHIR_JSON: {"schema": resource()},
            JSON: {"schema": _ANY},
            "application/cloudevents+json": {"schema": _ANY},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        },
    }
    told = {
        "PUT": "A resource was created or updated at the source",
        "POST": "A notification of any form",
        "DELETE": "A resource was deleted at the source",
    }[method]
    refused = (404, 413, 415, 422)
    return _said(told, good, *refused, parameters=parameters, requestBody=body)


def _offered() -> Said:
    names = ("Allow", "WebHook-Allowed-Origin", "WebHook-Allowed-Rate")
    headers = {name: {"schema": {"type": "string"}} for name in names}
    origin = {"name": "WebHook-Request-Origin", "in": "header", "schema": {"type": "string"}}
    return _said(
        "CloudEvents' handshake: who asks may deliver",
        {"200": answer(200, **headers)},
        404,
        parameters=["Source", origin],
    )


def _listed() -> Said:
    number = "A whole number: those after this one."
    parameters = [
        query("source", "Those of one source."),
        query("after", number, "integer"),
        query("_count", "How many at the most.", "integer"),
    ]
    item = _object(_LISTED, *_LISTED)
    listed = {"quarantine": {"type": "array", "items": item}, "next": {"type": "string"}}
    good = {"200": answer(200, _plain(_object(listed, "quarantine")))}
    return _said("What could not be taken in, the oldest first", good, parameters=parameters)


def _shown() -> Said:
    good = {"200": answer(200, _plain(_object(_SHOWN, *_LISTED)))}
    return _said("One with what was delivered: patient data", good, 404, parameters=["Notice"])


def _replayed() -> Said:
    good = {"200": answer(200, _plain(_object(_LISTED, *_LISTED)))}
    return _said("Take it in once more", good, 404, 409, parameters=["Notice"])


def _dismissed() -> Said:
    good = {"200": answer(200, _plain(_object(_LISTED, *_LISTED)))}
    schema = _plain(_object({"reason": _REASON}, "reason"))
    body = {"required": True, "content": schema}
    refused = (404, 409, 413, 415)
    return _said("Never take it in", good, *refused, parameters=["Notice"], requestBody=body)


def _metrics() -> Said:
    good = {"200": answer(200, {_TEXT: {"schema": {"type": "string"}}})}
    return _said("How the exchange stands, for Prometheus", good)
