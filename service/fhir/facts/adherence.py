"""Whether a medicine is taken, by R4's status or by R5's `recorded` with an adherence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.fhir.index import codings


def adherence(resource: Mapping[str, Any]) -> str:
    """R5's adherence code (`taking-as-directed`), or empty."""
    said = resource.get("adherence")
    code = said.get("code") if isinstance(said, dict) else None
    return next((str(c.get("code")) for c in codings(code)), "")


def says_taking(resource: Mapping[str, Any]) -> bool:
    """R4 `active`; R5 `recorded` as being taken."""
    status = resource.get("status")
    return status == "active" or (status == "recorded" and adherence(resource).startswith("taking"))


def listed(resource: Mapping[str, Any]) -> bool:
    """R4 `active`; R5 `recorded`, and nothing says that it is not being taken."""
    status = resource.get("status")
    taken = adherence(resource)
    return status == "active" or (status == "recorded" and (not taken or says_taking(resource)))


def says_over(resource: Mapping[str, Any]) -> bool:
    """R4 `completed` or `stopped`; R5 `recorded` as stopped, or as taken until a day."""
    if resource.get("status") != "recorded":
        return resource.get("status") in ("completed", "stopped")
    said, period = adherence(resource), resource.get("effectivePeriod")
    until = isinstance(period, dict) and isinstance(period.get("end"), str)
    return said.startswith("stopped") or (not said and until)
