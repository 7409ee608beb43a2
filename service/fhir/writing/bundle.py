"""The answer Bundle: a collection, or a transaction that can be posted again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.core.assessment import Remark
from service.fhir.answer import PatientAnswer, Writing
from service.fhir.identity import derived_id
from service.fhir.outcome import issue_of, operation_outcome
from service.fhir.writing.careplan import care_plan
from service.fhir.writing.drug_writer import drug_writer
from service.fhir.writing.observations import (
    specimen_observation,
    summary_observation,
    tumour_observation,
)
from service.fhir.writing.option_plan import option_plan
from service.fhir.writing.provenance import provenance

Entry = dict[str, Any]


def patient_entries(answer: PatientAnswer, writing: Writing) -> list[Entry]:
    """Specimens, tumours, summary, plan, options and provenance of one patient, in that order.

    Without a subject there is no summary and no plan: only the specimens and their provenance.
    fullUrl is what they call each other, `Type/id` where they are kept.
    """
    assessment = answer.assessment
    resources = [specimen_observation(answer, s, writing) for s in assessment.specimens]
    if answer.evidence.subject.key:
        if len(assessment.tumours) > 1:
            resources += [tumour_observation(answer, t, writing) for t in assessment.tumours]
        resources.append(summary_observation(answer, writing))
        resources.append(care_plan(answer, writing))
        options = enumerate(answer.suggestion.options, 1)
        resources += [option_plan(option, n, answer, writing) for n, option in options]
    address = _reference if answer.kept else _urn
    targets = [address(r) for r in resources]
    if targets:
        resources.append(provenance(answer, targets, writing))
    return [{"fullUrl": address(r), "resource": r} for r in resources]


def drug_entries(answers: Iterable[PatientAnswer], writing: Writing) -> list[Entry]:
    """The record of each anti-HER2 drug that an option names, once a Bundle."""
    named = {
        component.record
        for answer in answers
        for option in answer.suggestion.options
        for component in option.components
    }
    records = [d for d in writing.drugs if d.id in named]
    write, base = drug_writer(writing.version), writing.systems.base
    resources = [write(drug, writing.drugs, base) for drug in records]
    return [{"fullUrl": _urn(r), "resource": r} for r in resources]


def _urn(resource: dict[str, Any]) -> str:
    return f"urn:uuid:{resource['id']}"


def _reference(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def collection(entries: Iterable[Entry], remarks: Sequence[Remark]) -> dict[str, Any]:
    """A collection Bundle; what needs saying is an OperationOutcome at its end."""
    entries = list(entries)
    if remarks:
        outcome = operation_outcome([issue_of(r) for r in remarks])
        identity = derived_id("outcome", *(f"{r.where}|{r.text}" for r in remarks))
        entries.append({"fullUrl": f"urn:uuid:{identity}", "resource": {**outcome, "id": identity}})
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    return bundle | ({"entry": entries} if entries else {})
