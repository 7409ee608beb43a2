"""Everything that the safety blockers ask of a patient's record, each fact at most once."""

from __future__ import annotations

from service.core.known_fact import KnownFact
from service.fhir.facts.blood import blood_facts
from service.fhir.facts.heart import heart_facts
from service.fhir.facts.liver_and_kidney import liver_and_kidney_facts
from service.fhir.facts.lungs import lung_facts
from service.fhir.facts.medication_names import anthracycline_concurrent
from service.fhir.facts.other_risks import other_risk_facts
from service.fhir.facts.person import person_facts
from service.fhir.facts.pregnancy import pregnancy_facts
from service.fhir.facts.record import PatientRecord

_READERS = (
    person_facts,
    pregnancy_facts,
    heart_facts,
    lung_facts,
    liver_and_kidney_facts,
    blood_facts,
    anthracycline_concurrent,
    other_risk_facts,
)


def safety_facts(record: PatientRecord) -> list[KnownFact]:
    """The facts that the record states; one that nothing states is missing, not false.

    Not here: key_agent_*, allergy_to_component and ddi_* are about a drug (`regimen_drugs.py`);
    taxane_ok, chemo_fit, oligometastatic and dyspnoea_at_rest are a clinician's statements.
    """
    return [fact for read in _READERS for fact in read(record)]
