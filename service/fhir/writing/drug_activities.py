"""The drugs of a regimen as activities of its CarePlan: one for each drug to be given.

A choice (`docetaxel or paclitaxel`) is one activity with text only: no code says either. Doses are
as prescribers write them (mg/kg), never computed for a patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from service.core.regimen import OPTIONAL, Component
from service.core.suggestion import Option
from service.fhir.answer import Writing
from service.fhir.drug_product import product
from service.fhir.plan_words import hold_sentences
from service.fhir.writing.activity import Activity


def drug_activities(
    option: Option, reasons: Sequence[dict[str, Any]], writing: Writing
) -> list[Activity]:
    """One activity a drug or choice of drugs, on hold with every reason while the option waits."""
    waiting = _waiting(option, writing)
    phased = len({c.phase for c in option.components}) > 1
    return [
        Activity("MedicationRequest", concept, reasons, dosage=dosage, waiting=waiting)
        for concept, dosage in _given(option.components, phased, writing)
    ]


def _waiting(option: Option, writing: Writing) -> dict[str, Any] | None:
    """Why the drugs wait: a code a blocker, and the text of all."""
    said = hold_sentences(option, writing)
    if not said:
        return None
    systems = writing.systems
    blockers = dict.fromkeys(s.blocker.id for s in option.holds if not s.drug)
    codings = [systems.coding("her2-blocker", blocker) for blocker in blockers]
    return ({"coding": codings} if codings else {}) | {"text": " ".join(said)}


def _given(
    components: Sequence[Component], phased: bool, writing: Writing
) -> Iterable[tuple[dict[str, Any], str]]:
    """(product, dosage text) of each drug; those of a choice together."""
    for (phase, choice), group in groupby(components, key=lambda c: (c.phase, c.choice)):
        drugs = list(group)
        lead = f"Phase {phase}: " if phased else ""
        if choice in ("", OPTIONAL) or len(drugs) == 1:
            for component in drugs:
                optional = choice == OPTIONAL
                said = f"{lead}{'may be left out: ' if optional else ''}{component.dose}"
                note = " (optional)" if optional else ""
                yield product(component, writing.therapy, writing.drugs, note=note), said
            continue
        names = " or ".join(c.drug for c in drugs)
        doses = ", or ".join(f"{c.drug} {c.dose}" for c in drugs)
        yield {"text": f"{names} (choose one)"}, f"{lead}{doses}"
