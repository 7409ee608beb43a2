"""Results grouped by the tissue they are about: one specimen each, with its tumour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from service.core.findings import Moment, Specimen, time_order
from service.fhir.conditions import Diagnosis
from service.fhir.entries import Located
from service.fhir.her2_observation import source_of

if TYPE_CHECKING:
    from service.fhir.patient_evidence import Result


@dataclass(frozen=True, slots=True)
class SpecimenEvidence:
    """One specimen with what an answer needs to say of it.

    reference: FHIR Reference of the specimen, or None. focus: Conditions of the tumour.
    effective: of the newest evidence, as sent. left_out: in-situ results of the same specimen.
    """

    specimen: Specimen
    reference: Mapping[str, Any] | None
    focus: tuple[Diagnosis, ...]
    observations: tuple[Located, ...]
    effective: str
    left_out: tuple[Located, ...] = ()
    located_specimen: Located | None = None


def specimens_of(
    results: Sequence[Result], diagnoses: Sequence[Diagnosis], treated: Sequence[Moment]
) -> tuple[SpecimenEvidence, ...]:
    """Every specimen of one patient, sorted by key; `treated`: days of systemic therapy."""
    groups: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: (r.located.reference, r.located.where)):
        groups.setdefault(result.sample.key, []).append(result)
    evidence = [_specimen(key, group) for key, group in sorted(groups.items())]
    evidence = [_after_therapy(e, evidence, treated, diagnoses) for e in evidence]
    return tuple(_with_focus(e, diagnoses) for e in _with_tumours(evidence))


def _specimen(key: str, group: Sequence[Result]) -> SpecimenEvidence:
    """In-situ results of a specimen with invasive ones are left out of its category (P62)."""
    invasive = [r for r in group if not r.sample.in_situ]
    counted = invasive or list(group)
    samples = [r.sample for r in counted]
    primaries = {d.key: d for s in samples for d in s.primaries}
    sides = sorted({s.side for s in samples if s.side})
    unreadable = tuple(source_of(r.located) for r in counted if r.reading.faults)
    specimen = Specimen(
        key=key,
        findings=tuple(f for r in counted for f in r.reading.findings),
        reference=str((samples[0].reference or {}).get("reference", "")),
        in_situ=not invasive,
        tumour=sides[0] if len(sides) == 1 else "",
        metastasis=any(s.metastasis for s in samples),
        post_neoadjuvant=any(s.post_neoadjuvant for s in samples),
        collected=_latest(s.collected for s in samples),
        unreadable=unreadable,
        preanalytic_caution=any(s.preanalytic_caution for s in samples),
        flags=("SPECIMEN_UNKNOWN",) if any(s.unknown for s in samples) else (),
    )
    dated = [r for r in counted if r.effective]
    newest = max(dated, key=lambda r: (time_order(r.when), r.effective)) if dated else None
    return SpecimenEvidence(
        specimen=specimen,
        reference=min(
            (s.reference for s in samples if s.reference), key=lambda r: repr(r), default=None
        ),
        focus=tuple(primaries[k] for k in sorted(primaries)),
        observations=tuple(r.located for r in counted),
        effective=newest.effective if newest else "",
        left_out=tuple(r.located for r in group if r.sample.in_situ and invasive),
        located_specimen=next((s.located for s in samples if s.located), None),
    )


def _latest(moments: Iterable[Moment | None]) -> Moment | None:
    known = [m for m in moments if m]
    return max(known, key=time_order) if known else None


def _after_therapy(
    evidence: SpecimenEvidence,
    every: Sequence[SpecimenEvidence],
    treated: Sequence[Moment],
    diagnoses: Sequence[Diagnosis],
) -> SpecimenEvidence:
    """A later sample of the primary after systemic therapy began is post-neoadjuvant."""
    specimen = evidence.specimen
    spread = specimen.metastasis or any(d.kind == "secondary" for d in diagnoses)
    taken = specimen.collected
    if spread or specimen.post_neoadjuvant or not taken:
        return evidence
    first = [e.specimen.collected for e in every if e is not evidence and e.specimen.collected]
    between = any(f.day < t.day < taken.day for f in first for t in treated)
    if not between:
        return evidence
    return replace(evidence, specimen=replace(specimen, post_neoadjuvant=True))


def _with_focus(evidence: SpecimenEvidence, diagnoses: Sequence[Diagnosis]) -> SpecimenEvidence:
    """A result that names no diagnosis is about the only one of its kind and side."""
    if evidence.focus:
        return evidence
    kind = "in-situ" if evidence.specimen.in_situ else "invasive"
    side = evidence.specimen.tumour.partition("|")[0]
    fitting = [d for d in diagnoses if d.kind == kind and (not d.side or d.side == side)]
    return replace(evidence, focus=tuple(fitting)) if len(fitting) == 1 else evidence


def _with_tumours(evidence: Sequence[SpecimenEvidence]) -> list[SpecimenEvidence]:
    """Sides part tumours; Conditions part them where several primaries of a side are focused.

    A sample that nothing assigns belongs to the only tumour there is.
    """
    keyed = [replace_tumour(e, _tumour(e, evidence)) for e in evidence]
    named = {e.specimen.tumour for e in keyed if e.specimen.tumour and not e.specimen.in_situ}
    if len(named) != 1:
        return keyed
    only = next(iter(named))
    return [e if e.specimen.tumour else replace_tumour(e, only) for e in keyed]


def _tumour(evidence: SpecimenEvidence, every: Sequence[SpecimenEvidence]) -> str:
    side = evidence.specimen.tumour
    same_side = [e for e in every if e.specimen.tumour == side]
    primaries = {d.key for e in same_side for d in e.focus if not d.recurrence}
    if len(primaries) > 1 and len(evidence.focus) == 1:
        return f"{side}|{evidence.focus[0].key}"
    return side


def replace_tumour(evidence: SpecimenEvidence, tumour: str) -> SpecimenEvidence:
    """The same specimen, assigned to a tumour."""
    return replace(evidence, specimen=replace(evidence.specimen, tumour=tumour))
