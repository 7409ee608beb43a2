"""What others who know FHIR say of what this service emits."""
