"""What the tables say, in FHIR's own words: terminology, plans, libraries, operations."""
