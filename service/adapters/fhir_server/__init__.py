"""Another FHIR server over HTTP: one base, bounded answers, nothing logged."""

from service.adapters.fhir_server.limits import Limits
from service.adapters.fhir_server.server import FhirServer

__all__ = ["FhirServer", "Limits"]
