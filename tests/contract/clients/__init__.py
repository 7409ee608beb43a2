"""FHIR clients that others wrote, each telling what it saw of one and the same story."""
