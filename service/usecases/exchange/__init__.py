"""With other FHIR servers: what they notify us of, what we ask them, and what we write back."""
