"""Everything that a patient's record says of the facts of the therapy tables."""

from __future__ import annotations

from service.core.fact_book import RecordedFacts
from service.core.known_fact import KnownFact
from service.core.therapy_edition import Therapy
from service.fhir.facts.receptors_status import ReceptorStatus, hormone_receptors
from service.fhir.facts.record import PatientRecord
from service.fhir.facts.regimen_drugs import drug_facts_of
from service.fhir.facts.safety import safety_facts
from service.fhir.facts.tumour import read_tumour


def recorded_facts(
    record: PatientRecord, therapy: Therapy, metastatic: bool | None = None
) -> RecordedFacts:
    """Facts of tumour, therapy, receptors, safety and drugs, by name.

    metastatic: what the caller stated, on which the facts about therapy then rest.
    """
    tumour = read_tumour(record, metastatic)
    known = [*tumour.known.values(), *safety_facts(record), *_receptors(record)]
    return RecordedFacts(
        known=tuple(sorted(known, key=lambda fact: fact.name)),
        open=frozenset(tumour.open),
        of_drugs=tuple(drug_facts_of(record, therapy)),
    )


def _receptors(record: PatientRecord) -> list[KnownFact]:
    """hr_status; missing when ER and PR do not settle it."""
    found = hormone_receptors(record)
    if found.status is ReceptorStatus.UNKNOWN:
        return []
    return [KnownFact("hr_status", str(found.status), found.sources, found.said)]
