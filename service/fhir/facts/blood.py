"""Platelets (B23) and neutrophils (B23N), in 10*9/L, newest of 7 days."""

from __future__ import annotations

from service.core.known_fact import KnownFact
from service.fhir.facts.measurements import Limits, in_units, measured, newest, results
from service.fhir.facts.record import PatientRecord

#: B23, B23N: how old a count may be.
COUNT_DAYS = 7
#: What one of a unit is in 10*9/L; 10*3/uL is the same number.
UNITS = {
    **dict.fromkeys(("10*9/L", "10^9/L", "x10^9/L", "x10*9/L", "10*3/uL", "10^3/uL"), "1"),
    **dict.fromkeys(("x10^3/uL", "x10*3/uL", "10*3/mm3", "10*3/µL", "10*3/μL"), "1"),
    **dict.fromkeys(("/uL", "/mm3", "/µL", "/μL", "10*6/L"), "0.001"),
}
#: Fact -> its test, its name in words, and the limit it is compared with.
COUNTS = {
    "platelets": ("platelets", "platelets", Limits(("100",), low=True)),
    "anc": ("neutrophils", "neutrophils", Limits(("1.5",), low=True)),
}


def blood_facts(record: PatientRecord) -> list[KnownFact]:
    """platelets (777-3, 26515-7) and anc (751-8); unknown in any other unit."""
    return [fact for name in COUNTS for fact in count(name, record)]


def count(name: str, record: PatientRecord) -> list[KnownFact]:
    """One count of cells in 10*9/L."""
    test, label, limits = COUNTS[name]
    found = newest(results(record, test), record.as_of, COUNT_DAYS)
    said = measured(found, in_units(UNITS), limits)
    return [KnownFact(name, said.value, said.sources, f"{label} {said.said}")] if said else []
