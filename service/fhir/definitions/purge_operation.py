"""OperationDefinition `purge`: a patient's complete removal."""

from __future__ import annotations

from service.fhir.definitions.known import Known
from service.fhir.definitions.shape import Resource, definition


def purge(known: Known) -> Resource:
    """The operation on a Patient, as R6's own `Patient-purge` has it; no parameter goes in."""
    return definition(
        known,
        "OperationDefinition",
        "purge",
        known.newest,
        "Remove a patient for good",
        "Removes every resource of the patient's record, evidence and derived, with all versions. "
        "Nothing undoes it. What is in nobody's record and only this patient referred to goes too; "
        "what is kept under an identifier that another Patient has too stays, and is told. The "
        "audit log stays and tells of the removal. 404 when nothing is kept.",
        kind="operation",
        affectsState=True,
        code="purge",
        resource=["Patient"],
        system=False,
        type=False,
        instance=True,
        parameter=[
            {
                "name": "return",
                "use": "out",
                "min": 1,
                "max": "1",
                "documentation": "How many resources and versions were removed.",
                "type": "OperationOutcome",
            }
        ],
    )
