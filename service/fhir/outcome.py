"""OperationOutcome: the one shape in which a failure or a remark leaves the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from service.core.assessment import Remark
from service.core.errors import Fault


def outcome_of(faults: Iterable[Fault], severity: str = "error") -> dict[str, Any]:
    """An R4/R5 OperationOutcome of the faults, all of one severity, with a narrative."""
    return operation_outcome([issue(fault, severity) for fault in faults])


def issue(fault: Fault, severity: str) -> dict[str, Any]:
    """One `issue`: the sentence in `details.text`, the place in `expression`."""
    said: dict[str, Any] = {
        "severity": severity,
        "code": fault.code,
        "details": {"text": fault.text},
    }
    if fault.where:
        said["expression"] = [fault.where]
    return said


def issue_of(remark: Remark) -> dict[str, Any]:
    """One `issue` of something that is to be told."""
    return issue(Fault(remark.code, remark.text, remark.where), remark.severity)


def operation_outcome(issues: list[Mapping[str, Any]]) -> dict[str, Any]:
    """An OperationOutcome of ready issues; an empty list is a mistake of the caller."""
    sentences = "".join(f"<p>{escape(i['details']['text'])}</p>" for i in issues)
    return {
        "resourceType": "OperationOutcome",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{sentences}</div>',
        },
        "issue": issues,
    }
