"""Translation between plain FHIR JSON values and core values. No I/O."""
