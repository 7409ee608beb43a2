"""What an answer says, in what FHIR R4 and R5 have in common."""
