"""The FHIR versions that are read and written, and where each is served."""

from __future__ import annotations

from enum import StrEnum


class FhirVersion(StrEnum):
    """R4 (R4B is read too: the resources used are the same) or R5."""

    R4 = "r4"
    R5 = "r5"

    @property
    def number(self) -> str:
        """As a CapabilityStatement says it."""
        return "4.0.1" if self is FhirVersion.R4 else "5.0.0"

    @property
    def base(self) -> str:
        """The path of its doors."""
        return f"/fhir/{self}"

    @property
    def other(self) -> FhirVersion:
        """The one that this is not."""
        return FhirVersion.R5 if self is FhirVersion.R4 else FhirVersion.R4
