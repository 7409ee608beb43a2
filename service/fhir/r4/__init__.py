"""What FHIR R4 (4.0.1) writes otherwise than R5."""
