"""What is true of every answer, whatever was asked."""

from __future__ import annotations

import json

from werkzeug.datastructures import Headers

FHIR_TYPE = "application/fhir+json; charset=utf-8"


def check_answer(path: str, status: int, headers: Headers, body: bytes) -> None:
    """FHIR JSON below a base and for every refusal, one OperationOutcome where it is one, `Allow`
    beside 405; never a failure of ours, a redirect, HTML or a traceback."""
    assert status < 500, body
    assert not 300 <= status < 400 or status == 304
    if status == 405:
        assert headers.get("Allow")
    if not body:
        assert status in (200, 201, 204, 304)
        assert "Content-Type" not in headers
        return
    assert b"Traceback" not in body
    if path == "/metrics" and status == 200:
        assert headers["Content-Type"].startswith("text/plain; version=")
        return
    said = json.loads(body)  # and so no HTML
    if status >= 400:
        assert headers["Content-Type"] == FHIR_TYPE
        assert said["resourceType"] == "OperationOutcome"
        assert said["issue"]
        assert all(issue["details"]["text"] for issue in said["issue"])
    elif path.startswith("/fhir/"):
        assert headers["Content-Type"].startswith(FHIR_TYPE)
        assert said["resourceType"]
    elif path.startswith("/notify/") and "resourceType" in said:
        assert headers["Content-Type"] == FHIR_TYPE
    else:
        assert headers["Content-Type"] == "application/json"
