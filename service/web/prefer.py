"""The `Prefer` header (RFC 7240), of which `handling` and `return` are heard."""

from __future__ import annotations

from flask import Request
from werkzeug.http import parse_list_header, parse_options_header

#: What an answer to a change may hold.
RETURNS = ("minimal", "representation", "OperationOutcome")


def is_lenient(request: Request) -> bool:
    """Whether the caller sent `handling=lenient`; strict is usual."""
    return _preferred(request, "handling").lower() == "lenient"


def wanted_back(request: Request) -> str:
    """One of RETURNS, or empty when the caller does not say."""
    said = _preferred(request, "return").lower()
    return next((r for r in RETURNS if r.lower() == said), "")


def _preferred(request: Request, wanted: str) -> str:
    """The value of a preference; the first one counts, and empty is none."""
    for item in parse_list_header(request.headers.get("Prefer", "")):
        # `handling=lenient; wait=5` or `return=minimal; handling=lenient`: some write either.
        first, more = parse_options_header(item)
        name, _, value = first.partition("=")
        said = {name.strip().lower(): value.strip().strip('"'), **more}
        if wanted in said:
            return said[wanted]
    return ""
