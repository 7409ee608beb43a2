"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from flask import Blueprint, Response

from service import __version__
from service.web.answer import plain
from service.web.parts import Parts


def health(parts: Parts) -> Blueprint:
    """/health/live and /health/ready, as plain JSON."""
    doors = Blueprint("health", __name__)

    @doors.get("/health/live")
    def live() -> Response:
        return plain({"status": "live"})

    @doors.get("/health/ready")
    def ready() -> Response:
        if trouble := parts.store.trouble():
            answer = plain({"status": "not ready", "reason": trouble})
            answer.status_code = 503
            return answer
        guideline = parts.library.guideline_on(parts.clock().date())
        return plain(
            {
                "status": "ready",
                "version": __version__,
                "guideline": guideline.identity,
                "drugs": len(parts.library.drugs),
            }
        )

    return doors
