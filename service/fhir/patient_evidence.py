"""What reading a posted body gives: results, each patient's evidence, and what must be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.core.assessment import Remark
from service.core.errors import Fault
from service.core.findings import Moment
from service.core.guideline import Guideline
from service.fhir.coder import Coder
from service.fhir.conditions import Diagnosis
from service.fhir.entries import Located
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import ResultReading
from service.fhir.patients import Subject
from service.fhir.samples import Sample
from service.fhir.specimens import SpecimenEvidence
from service.fhir.version import FhirVersion


@dataclass(frozen=True, slots=True)
class Result:
    """One HER2 Observation read, with its sample."""

    located: Located
    subject: Subject
    sample: Sample
    reading: ResultReading
    when: Moment | None
    effective: str


@dataclass(frozen=True, slots=True)
class PatientEvidence:
    """One patient's evidence.

    subject: who, and how the caller refers to them. specimens: newest facts of each.
    diagnoses: Conditions that count. flags: patient-level words (ER_LOW...).
    used: every resource the answer rests on. own: earlier outputs of this service that came in.
    security: the strictest labels of what was used. places: of every resource of the record.
    record: what other facts are read from.
    """

    subject: Subject
    specimens: tuple[SpecimenEvidence, ...]
    diagnoses: tuple[Diagnosis, ...]
    flags: tuple[str, ...]
    suspicious_histology: bool
    used: tuple[Located, ...]
    own: tuple[Located, ...]
    security: list[dict[str, Any]]
    places: tuple[str, ...]
    record: PatientRecord

    def concerns(self, where: str) -> bool:
        """True for a place in this patient's record, and for what is about no place at all."""
        return not where or any(where == p or where.startswith(f"{p}.") for p in self.places)


@dataclass(slots=True)
class Evidence:
    """Everything read. invalid: not FHIR (400). unreadable: FHIR that says nothing (422).

    set_aside: what would be one of these, and was read leniently instead.
    """

    patients: list[PatientEvidence] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    invalid: list[Fault] = field(default_factory=list)
    unreadable: list[Fault] = field(default_factory=list)
    set_aside: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reading depends on besides the body.

    checked: every resource is known to be valid FHIR of the version that it came in.
    """

    coder: Coder
    guideline: Guideline
    as_of: date
    base: str
    lenient: bool
    version: FhirVersion = FhirVersion.R4
    checked: bool = False
