"""Our extensions of MedicationKnowledge: facts that the resource has no element for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from service.core.drug import Drug
from service.core.drug_facts import UNVERIFIED, VERIFY
from service.fhir import drug_text as text

#: Name under `{base}/StructureDefinition/` -> (value type, what it says). Every one in use.
EXTENSIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "boxed-warning": ("valueMarkdown", "The boxed warning of the US label; absent: none."),
        "label-note": ("valueString", "The reader checks the current label."),
        "verification": ("valueMarkdown", "What was read in a source, and what was not."),
        "breast-cancer-use": ("valueString", "A limit on any use in breast cancer."),
        "jurisdiction-status": ("valueString", "Where the drug stands with one authority."),
        "warning": ("valueMarkdown", "Label warnings outside the box."),
        "pregnancy-and-contraception": ("valueMarkdown", "Pregnancy, lactation, contraception."),
        "interaction": ("valueMarkdown", "An interaction and what to do."),
        "dose-modification": ("valueMarkdown", "When to hold, reduce or stop; LVEF rules too."),
        "do-not-substitute": ("valueMarkdown", "A product that must not take its place."),
        "treatment-duration": ("valueMarkdown", "How long it is given."),
        "diarrhoea-prophylaxis": ("valueMarkdown", "Prophylaxis of diarrhoea."),
        "evidence": ("valueMarkdown", "A trial result that was verified."),
        "jurisdiction": ("valueCode", "us, eu or cn: the label that a guideline is of."),
    }
)


def extension(base: str, name: str, value: str) -> dict[str, Any]:
    """One extension of ours, with the value type that EXTENSIONS gives it."""
    value_type, _ = EXTENSIONS[name]
    return {"url": f"{base}/StructureDefinition/{name}", value_type: value}


def unverified(base: str) -> dict[str, Any]:
    """The mark on an element that has no text of its own to carry it."""
    return extension(base, "verification", UNVERIFIED)


def drug_extensions(drug: Drug, base: str) -> list[dict[str, Any]]:
    """Every extension at the root of the record, the boxed warning first."""
    return [extension(base, name, value) for name, value in _statements(drug) if value]


def _statements(drug: Drug) -> Iterator[tuple[str, str | None]]:
    yield "boxed-warning", text.boxed_warning(drug)
    yield "breast-cancer-use", drug.scope_note
    yield "label-note", VERIFY
    yield "verification", text.verification(drug)
    yield from (("jurisdiction-status", text.standing(r)) for r in drug.regulatory)
    yield "warning", drug.warnings.told if drug.warnings else None
    yield "pregnancy-and-contraception", text.pregnancy_and_contraception(drug)
    yield from (("interaction", f.told) for f in drug.interactions)
    yield from (("dose-modification", rule) for rule in text.dose_modifications(drug))
    yield from (("do-not-substitute", said) for said in text.not_with(drug))
    yield from (("treatment-duration", f.told) for f in drug.duration)
    if drug.diarrhoea_prophylaxis is not None:
        yield "diarrhoea-prophylaxis", drug.diarrhoea_prophylaxis.told
    yield from (("evidence", said) for said in text.background(drug.evidence))
