"""The one place where what went wrong becomes HTTP: always one OperationOutcome."""

from __future__ import annotations

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from service.core import errors
from service.core.errors import Fault, RequestRefused, StoreUnavailable
from service.fhir.json import encode
from service.fhir.outcome import outcome_of
from service.fhir.version import FhirVersion
from service.web.inflate import too_large
from service.web.negotiation import FHIR_JSON, OUR_TYPE

STATUS: dict[type[RequestRefused], int] = {
    errors.NotFhir: 400,
    errors.Unauthenticated: 401,
    errors.NotFound: 404,
    errors.NotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Unreadable: 422,
}

HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="her2"'},
    415: {"Accept-Encoding": "gzip", "Accept-Post": FHIR_JSON},
    503: {"Retry-After": "10"},
}

SENTENCES = {
    400: Fault("invalid", "This is not a request that can be read as HTTP."),
    404: Fault("not-found", "Nothing is at this address. /fhir/r4/metadata lists what there is."),
    405: Fault("not-supported", "This address does not know the method; the Allow header says it."),
}
NOWHERE_IN_R5 = Fault(
    "not-found", "Nothing is at this address. /fhir/r5/metadata lists what there is."
)
UNAVAILABLE = Fault(
    "transient",
    "The record cannot be reached now. Do not read this as an absence of advice; send the same "
    "request again later. /health/ready tells the operator why.",
)
OTHERWISE = Fault("processing", "The request cannot be served.")


def register(app: Flask, max_body_bytes: int) -> None:
    """Let every refusal, ours or the framework's, leave as an OperationOutcome."""

    @app.errorhandler(RequestRefused)
    def refused(error: RequestRefused) -> Response:
        answer = _refusal(status_of(error), *error.faults)
        if answer.status_code == 405:  # what is derived, or of a type that is not kept
            answer.headers["Allow"] = "GET, HEAD" if request.view_args else request.method
        return answer

    @app.errorhandler(StoreUnavailable)
    def unavailable(error: StoreUnavailable) -> Response:
        g.log_fields["store"] = str(error)
        return _refusal(503, UNAVAILABLE)

    @app.errorhandler(HTTPException)
    def not_http(error: HTTPException) -> Response:
        status = error.code if error.code and error.code >= 400 else 404
        if status == 413:
            return _refusal(status, *too_large(max_body_bytes).faults)
        r5 = status == 404 and request.path.startswith(FhirVersion.R5.base)
        answer = _refusal(status, NOWHERE_IN_R5 if r5 else SENTENCES.get(status, OTHERWISE))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer


def status_of(error: RequestRefused) -> int:
    """The HTTP status of a refusal."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _refusal(status: int, *faults: Fault) -> Response:
    g.log_fields["faults"] = [fault.code for fault in faults]
    return Response(encode(outcome_of(faults)), status, HEADERS.get(status), content_type=OUR_TYPE)


def failure(request_id: str) -> bytes:
    """The body of a 500: a mistake of ours, found again in the log by the request's id."""
    said = (
        "The service failed while it worked on this request. Nothing was decided: do not read "
        f"this as an absence of advice. Tell its operator the request id {request_id}."
    )
    return encode(outcome_of([Fault("exception", said)], "fatal"))
