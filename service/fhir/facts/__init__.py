"""Patient facts read from FHIR, each with its resources; what nothing says is unknown."""
