"""What the CapabilityStatement says of the types that are kept, and of the base itself."""

from __future__ import annotations

from typing import Any

from service.fhir.version import FhirVersion
from service.usecases.record.kept import EVIDENCE, KEPT
from service.web.record_search import search_capability

_READ = ("read", "vread", "history-instance", "history-type", "search-type")
_WRITTEN = ("create", "update", "delete")
#: What the base itself does.
SYSTEM = ("transaction", "batch", "history-system")

_DEFINED = "http://hl7.org/fhir/OperationDefinition"


def record_resources(version: FhirVersion, canonical_base: str) -> list[dict[str, Any]]:
    """One `rest.resource` for each type that is kept."""
    return [_resource(kind, version, canonical_base) for kind in KEPT]


def system_operations(canonical_base: str) -> list[dict[str, str]]:
    """The operations of the base."""
    return [
        {
            "name": "assess-her2",
            "definition": f"{canonical_base}/OperationDefinition/assess-her2",
        },
        {
            "name": "process-message",
            "definition": f"{_DEFINED}/MessageHeader-process-message",
        },
    ]


def _resource(kind: str, version: FhirVersion, canonical_base: str) -> dict[str, Any]:
    return {
        "type": kind,
        "documentation": _said(kind),
        "interaction": [
            {"code": code} for code in (*_READ, *(_WRITTEN if kind in EVIDENCE else ()))
        ],
        "versioning": "versioned",
        "readHistory": True,
        "conditionalRead": "full-support",
        "referencePolicy": ["literal", "logical", "local"],
        **(_written() if kind in EVIDENCE else {}),
        **search_capability(kind, version),
        **_operations(kind, canonical_base),
    }


def _written() -> dict[str, Any]:
    return {
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "conditionalDelete": "single",
    }


def _said(kind: str) -> str:
    """What becomes of it here."""
    if kind not in EVIDENCE:
        return "Derived by this service from the evidence: read, never written."
    said = "Evidence: each change assesses its patient again, in the same transaction."
    if kind == "Observation":
        said += " What we derive is among them, tagged as derived, and is never written."
    return said


def _operations(kind: str, canonical_base: str) -> dict[str, Any]:
    if kind != "Patient":
        return {}
    names = ("assess-her2", "purge")
    return {
        "operation": [
            {"name": name, "definition": f"{canonical_base}/OperationDefinition/{name}"}
            for name in names
        ]
    }
