"""Which function writes a drug record in which FHIR version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from service.core.drug import Drug
from service.fhir.r4 import medication_knowledge as r4
from service.fhir.r5 import medication_knowledge as r5
from service.fhir.version import FhirVersion

#: (drug, every drug, canonical base) -> MedicationKnowledge.
DrugWriter = Callable[[Drug, Sequence[Drug], str], dict[str, Any]]

_WRITERS: dict[FhirVersion, DrugWriter] = {
    FhirVersion.R4: r4.medication_knowledge,
    FhirVersion.R5: r5.medication_knowledge,
}


def drug_writer(version: FhirVersion) -> DrugWriter:
    """Writes a MedicationKnowledge of the version."""
    return _WRITERS[version]
