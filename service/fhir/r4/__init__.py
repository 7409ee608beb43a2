"""FHIR R4 (4.0.1) shapes of what the service emits."""
