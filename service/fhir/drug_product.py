"""A drug of a regimen as a product: RxNorm and ATC where verified, text always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.core.drug import Drug
from service.core.regimen import Component
from service.core.therapy_edition import Therapy
from service.fhir.systems import ATC, RXNORM

_SYSTEMS = {"rxnorm": RXNORM, "atc": ATC}


def product(
    component: Component, therapy: Therapy, drugs: Sequence[Drug], *, note: str = ""
) -> dict[str, Any]:
    """A CodeableConcept; a class names its members. drugs: every record; note: after the text."""
    partner = therapy.partners.get(component.drug)
    text = component.drug
    if partner and partner.members:
        text += f" ({', '.join(partner.members)})"
    codings = list(_codings(component, therapy, drugs))
    return ({"coding": codings} if codings else {}) | {"text": text + note}


def _codings(
    component: Component, therapy: Therapy, drugs: Sequence[Drug]
) -> Iterable[dict[str, str]]:
    """RxNorm, then ATC, where verified; one of each."""
    record = next((drug for drug in drugs if drug.id == component.record), None)
    partner = therapy.partners.get(component.drug)
    for key, system in _SYSTEMS.items():
        codes: list[tuple[str, str]] = []
        if record:
            named = [c for c in record.codes if c.system == key and c.names_the_record]
            codes = [(c.code, c.display) for c in named]
        elif partner:
            codes = [(c.code, c.name) for c in partner.codes if c.system == key and c.verified]
        yield from ({"system": system, "code": c, "display": d} for c, d in codes[:1])
