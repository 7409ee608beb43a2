"""What the translation reads from posted resources, without the answer around it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from service.core.errors import RequestRefused
from service.core.findings import Finding
from service.fhir.coder import Coder
from service.fhir.entries import Opened, open_resource
from service.fhir.json import decode, encode
from service.fhir.reading import Asked, Evidence, read_evidence
from tests.support.cases import BASE, library
from tests.support.evidence import Resource, asked, bundle


def read(
    *resources: Resource,
    day: date = date(2026, 11, 22),
    lenient: bool = False,
    concept_map: Path | None = None,
) -> Evidence:
    """The evidence in a Bundle of these."""
    known = library(concept_map)
    opened = Opened()
    open_resource(decode(encode(bundle(*resources))), "Bundle", opened)
    guideline = known.guideline_on(day)
    return read_evidence(
        opened, Asked(Coder(known.codes, known.local_codes), guideline, day, BASE, lenient)
    )


def findings(*resources: Resource, concept_map: Path | None = None) -> tuple[Finding, ...]:
    """Every finding of the one patient in these."""
    evidence = read(*resources, concept_map=concept_map)
    assert not evidence.invalid
    assert not evidence.unreadable
    (person,) = evidence.patients
    return tuple(f for s in person.specimens for f in s.specimen.findings)


def refusal(*resources: Resource) -> list[str]:
    """The places that a refusal of these names."""
    try:
        asked(*resources)
    except RequestRefused as refused:
        return [fault.where for fault in refused.faults]
    return []
