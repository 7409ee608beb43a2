"""The CapabilityStatement: what this server does, compared with its routes by a test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from service import __version__
from service.fhir.version import FhirVersion
from service.web.audit import audit_capability
from service.web.definition_capability import definition_resources
from service.web.negotiation import FHIR_JSON
from service.web.record_capability import SYSTEM, record_resources, system_operations

# What each is by; paging (`_count` and our own `_offset`) is not a search parameter's business.
SEARCH_PARAMETERS = {
    "_id": "The record's id.",
    "classification": "A code of the drug's class, ATC among them.",
    "code": "A code of the drug.",
    "ingredient": "A code of a substance or its exact name: ours are coded, never references.",
    "ingredient-code": "A code of a substance.",
    "status": "active or inactive.",
}


def capability_statement(
    address: str,
    canonical_base: str,
    since: datetime,
    authenticated: bool,
    version: FhirVersion = FhirVersion.R4,
) -> dict[str, Any]:
    """A CapabilityStatement, the same in both versions but for `fhirVersion`.

    address: where callers reach this instance, `http://host:8080/fhir/r4`.
    since: when the process started, which is when this statement last changed.
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": since.isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "her2-service", "version": __version__},
        "implementation": {
            "description": "HER2 category, CarePlan suggestions and anti-HER2 drug knowledge",
            "url": address,
        },
        "fhirVersion": version.number,
        "format": [FHIR_JSON, "json"],
        "rest": [rest(version, canonical_base, _security(authenticated))],
    }


def rest(version: FhirVersion, canonical_base: str, security: str) -> dict[str, Any]:
    """Types, interactions and operations of a base. security: who may call, in words."""
    return {
        "mode": "server",
        "documentation": (
            "`$assess-her2` at the base keeps nothing. What is created, updated and deleted below "
            "is kept; what we derive from it follows in the same transaction."
        ),
        "security": {"description": security},
        "resource": [
            *record_resources(version, canonical_base),
            audit_capability(version),
            _medication_knowledge(),
            *definition_resources(),
        ],
        "interaction": [{"code": code} for code in SYSTEM],
        "operation": system_operations(canonical_base),
    }


def _medication_knowledge() -> dict[str, Any]:
    return {
        "type": "MedicationKnowledge",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [
            {"name": name, "type": "token", "documentation": said}
            for name, said in SEARCH_PARAMETERS.items()
        ],
    }


def _security(authenticated: bool) -> str:
    if authenticated:
        return "Every request but this one needs `Authorization: Bearer` and the service's token."
    return "No authentication: the service is for callers on the same machine."
