"""The `Prefer` header (RFC 7240), of which `handling` is heard."""

from __future__ import annotations

from flask import Request
from werkzeug.http import parse_list_header, parse_options_header


def is_lenient(request: Request) -> bool:
    """Whether the caller sent `handling=lenient`; the first `handling` counts, strict is usual."""
    for item in parse_list_header(request.headers.get("Prefer", "")):
        # `handling=lenient; wait=5` or `return=minimal; handling=lenient`: some write either.
        first, more = parse_options_header(item)
        name, _, value = first.partition("=")
        said = {name.strip().lower(): value.strip().strip('"'), **more}
        if "handling" in said:
            return said["handling"].lower() == "lenient"
    return False
