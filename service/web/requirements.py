"""CapabilityStatement `her2-service`: what any instance does, as a definition beside the others.

`/metadata` says the same of one instance; a test compares.
"""

from __future__ import annotations

from typing import Any

from service.fhir.definitions.shape import PUBLISHER, in_order
from service.fhir.narrative import narrative
from service.fhir.version import FhirVersion
from service.knowledge.library import Library
from service.usecases.definitions import SHIPPED_BASE, files_of, written
from service.web.capability import rest
from service.web.negotiation import FHIR_JSON

_IDENTITY, _TITLE = "her2-service", "HER2 service"
_SAID = (
    "Assesses HER2 evidence that is posted or kept, suggests what labels and guidelines support, "
    "and serves the drug records, profiles and terminology that its answers name."
)
_SECURITY = "A bearer token where the service listens beyond its own machine; none on loopback."


def definition_files(library: Library) -> dict[str, bytes]:
    """Every generated file of `profiles/`: what the tables say, and what the doors do."""
    statements = {
        f"{version}/CapabilityStatement-{_IDENTITY}.json": written(requirements(library, version))
        for version in FhirVersion
    }
    return files_of(library) | statements


def requirements(library: Library, version: FhirVersion) -> dict[str, Any]:
    """The statement of one FHIR version, of the version and date of the newest edition."""
    edition = max((library.therapy, *library.guidelines), key=lambda each: each.start)
    return in_order(
        {
            "resourceType": "CapabilityStatement",
            "id": _IDENTITY,
            "text": narrative(_TITLE, [_SAID]),
            "url": f"{SHIPPED_BASE}/CapabilityStatement/{_IDENTITY}",
            "version": edition.version,
            "name": "Her2Service",
            "title": _TITLE,
            "status": "active",
            "experimental": False,
            "date": edition.start.isoformat(),
            "publisher": PUBLISHER,
            "description": _SAID,
            "kind": "requirements",
            "fhirVersion": version.number,
            "format": [FHIR_JSON, "json"],
            "rest": [rest(version, SHIPPED_BASE, _SECURITY)],
        }
    )
