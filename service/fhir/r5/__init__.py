"""What FHIR R5 (5.0.0) writes otherwise than R4."""
