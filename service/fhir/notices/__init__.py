"""What FHIR servers send to say that something changed, in all the forms that are met."""
