"""Which types are kept, and which we derive (interfaces.md, Resources)."""

from __future__ import annotations

#: Evidence: created, changed and deleted by callers.
EVIDENCE = (
    "Observation",
    "Specimen",
    "DiagnosticReport",
    "Condition",
    "Procedure",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "AllergyIntolerance",
    "Patient",
)
#: Derived: by this service alone.
DERIVED = ("Observation", "CarePlan", "Provenance")
#: All that can be read and searched.
KEPT = (*EVIDENCE, "CarePlan", "Provenance")
