"""Two judges that know nothing of this project: HL7's validator and a HAPI FHIR server."""
