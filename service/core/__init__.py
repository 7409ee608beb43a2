"""The medicine: pure values and decisions. No clock, files, network or FHIR."""
