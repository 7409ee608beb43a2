"""Tumour and therapy facts of one patient, each at most once, and those that stay open."""

from __future__ import annotations

from dataclasses import replace

from service.core.exposure import When
from service.core.known_fact import KnownFact
from service.fhir.facts.collected import Collected, OpenFact
from service.fhir.facts.disease import disease_facts, read_spread, read_statuses
from service.fhir.facts.early_therapy import early_facts, neoadjuvant_fact
from service.fhir.facts.exposures import Therapy, read_therapy
from service.fhir.facts.record import PatientRecord
from service.fhir.facts.stage_facts import stage_facts
from service.fhir.facts.staging import read_staging
from service.fhir.facts.surgery import Surgery, read_surgery, surgery_facts
from service.fhir.facts.therapy_history import drug_facts, line_facts, running_facts


def tumour_facts(record: PatientRecord, metastatic: bool | None = None) -> list[KnownFact]:
    """Every fact that the record states, by name; what it does not state is left out.

    metastatic: what the caller stated, on which the therapy facts then rest; None: the record.
    """
    known = read_tumour(record, metastatic).known
    return [known[name] for name in sorted(known)]


def open_tumour_facts(record: PatientRecord, metastatic: bool | None = None) -> list[OpenFact]:
    """Facts that the record speaks of without settling them: no complete history makes them
    false (undated therapy, RxNorm concepts that may be a conjugate)."""
    found = read_tumour(record, metastatic).open
    return [found[name] for name in sorted(found)]


def read_tumour(record: PatientRecord, metastatic: bool | None = None) -> Collected:
    """Gather once, decide in order: later facts rest on earlier ones."""
    collected = Collected()
    staging = read_staging(record)
    therapy = record.once(read_therapy)
    surgery = read_surgery(record)
    spread = read_spread(record, staging)
    statuses = record.once(read_statuses)
    disease_facts(record, staging, spread, collected)
    if metastatic is not None and metastatic is not spread.metastatic:
        spread = replace(spread, metastatic=metastatic, when=None, onsets=())
    surgery_facts(surgery, record, collected)
    drug_facts(therapy, record, collected)
    neoadjuvant_fact(therapy, spread, surgery, collected)
    stage_facts(record, staging, surgery, _first_treatment(therapy, surgery), collected)
    line_facts(therapy, spread, statuses, collected)
    running_facts(therapy, spread, statuses, record, collected)
    early_facts(therapy, spread, surgery, record, collected)
    return collected


def _first_treatment(therapy: Therapy, surgery: Surgery) -> When | None:
    """The first day of therapy or surgery."""
    days = [e.start for e in therapy.exposures if e.start]
    days += [surgery.when] if surgery.when else []
    return min(days, key=lambda w: (w.earliest, w.latest), default=None)
