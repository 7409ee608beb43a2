"""HER2 interoperability service: FHIR evidence in, HER2 category and CarePlan suggestions out."""

__version__ = "0.1.0"
