"""From what is stated of T, N and size to the facts of the therapy table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from service.core.exposure import When
from service.core.findings import Source, Standing
from service.fhir.conditions import all_texts
from service.fhir.facts.collected import Collected
from service.fhir.facts.record import PatientRecord
from service.fhir.facts.staging import (
    STRETCHES,
    Staging,
    StatedCategory,
    StatedSize,
    settled,
)
from service.fhir.facts.surgery import Surgery
from service.fhir.facts.tnm import Category
from service.fhir.her2_observation import source_of, standing_of
from service.fhir.numbers_in_text import plain

_MICRO = Decimal("0.1")


def stage_facts(
    record: PatientRecord,
    staging: Staging,
    surgery: Surgery,
    treated_from: When | None,
    collected: Collected,
) -> None:
    """cT, cN, pN, ypN, pT_cm, pT4, pT1mic, pN1mi, ypInvasive, start_node_positive,
    high_risk_stage. treated_from: the first day of therapy or surgery."""
    clinical = {axis: _clinical(staging, axis, treated_from, collected) for axis in "TN"}
    upfront = collected.value("neoadjuvant_given") is not True
    upfront = upfront and "neoadjuvant_given" not in collected.open
    pathological = {axis: settled(staging.of("p", axis), None) for axis in "TN" if upfront}
    tumour, nodes = pathological.get("T"), pathological.get("N")
    _nodes(staging, nodes, collected)
    if upfront:
        size = _size(staging, surgery, tumour)
        _tumour(staging, tumour, clinical["T"], size, collected)
    _after_therapy(record, staging, collected)
    _risk(staging, clinical, tumour, nodes, collected)


def _sources(stated: Sequence[StatedCategory]) -> list[Source]:
    return [s.source for s in stated]


def _clinical(
    staging: Staging, axis: str, treated_from: When | None, collected: Collected
) -> Category | None:
    stated = staging.of("c", axis)
    category = settled(stated, treated_from)
    if category is None:
        return None
    number = category.number or 0
    collected.state(f"c{axis}", number, f"{category} stated", _sources(stated))
    if axis == "N":
        said = f"{category} at diagnosis"
        collected.state("start_node_positive", number >= 1, said, _sources(stated))
    return category


def _nodes(staging: Staging, nodes: Category | None, collected: Collected) -> None:
    if nodes is not None:
        sources = _sources(staging.of("p", "N"))
        collected.state("pN", nodes.number or 0, f"{nodes} stated", sources)
        collected.state("pN1mi", nodes.micro, f"{nodes} stated", sources)
    after = settled(staging.of("yp", "N"), None)
    if after is not None:
        sources = _sources(staging.of("yp", "N"))
        collected.state("ypN", after.number or 0, f"{after} stated", sources)


def _size(staging: Staging, surgery: Surgery, tumour: Category | None) -> StatedSize | None:
    """The largest size measured on or after surgery; undated ones need a pathological T."""
    fitting = [s for s in staging.sizes if _surgical(s, surgery, tumour)]
    return max(fitting, key=lambda s: (s.centimetres, s.source.reference), default=None)


def _surgical(size: StatedSize, surgery: Surgery, tumour: Category | None) -> bool:
    if surgery.done and surgery.when and size.when:
        return size.when.latest >= surgery.when.earliest
    return tumour is not None and not tumour.in_situ


def _tumour(
    staging: Staging,
    tumour: Category | None,
    clinical: Category | None,
    size: StatedSize | None,
    collected: Collected,
) -> None:
    stated = _sources(staging.of("p", "T"))
    if size is not None:
        said = f"{size.centimetres} cm{f' on {size.when}' if size.when else ''}"
        collected.state("pT_cm", size.centimetres, said, [size.source])
    elif tumour is not None and (stretch := STRETCHES.get(f"{tumour.number}{tumour.detail}")):
        collected.state("pT_cm", stretch, f"{tumour} stated, size not given", stated)
    if tumour is not None:
        collected.state("pT4", tumour.number == 4, f"{tumour} stated", stated)
        collected.state("pT1mic", tumour.micro, f"{tumour} stated", stated)
    elif size is not None and size.centimetres > _MICRO:
        said = f"{size.centimetres} cm, no T4 stated"
        collected.state("pT1mic", False, said, [size.source])
        if clinical is None or clinical.number != 4:
            collected.state("pT4", False, said, [size.source])


def _after_therapy(record: PatientRecord, staging: Staging, collected: Collected) -> None:
    """Residual invasive tumour in breast or nodes; ypT0/Tis alone leaves the nodes open."""
    stated = [*staging.of("yp", "T"), *staging.of("yp", "N")]
    tumour, nodes = settled(staging.of("yp", "T"), None), settled(staging.of("yp", "N"), None)
    burden, said_by = _residual_burden(record)
    found = [c for c in (tumour, nodes) if c is not None]
    residual = any(not c.nothing for c in found)
    complete = tumour is not None and nodes is not None and not residual
    sources = [*_sources(stated), *said_by]
    said = " ".join([*map(str, found), *([f"RCB {burden}"] if burden is not None else [])])
    if (residual and burden == 0) or (complete and burden):
        collected.leave_open("ypInvasive", f"{said} contradict each other", sources)
    elif residual or burden:
        collected.state("ypInvasive", True, f"{said} after therapy", sources)
    elif complete or burden == 0:
        collected.state("ypInvasive", False, f"{said} after therapy", sources)


def _residual_burden(record: PatientRecord) -> tuple[int | None, list[Source]]:
    """Residual cancer burden class 0-3, above 0 also from an index; None when not stated."""
    found: set[int] = set()
    sources: list[Source] = []
    for located in record.of_type("Observation"):
        name = all_texts(located.resource.get("code"))
        if standing_of(located.resource.get("status")) not in (Standing.FINAL, Standing.AMENDED):
            continue
        if "residual cancer burden" not in name and name not in ("rcb", "rcb class"):
            continue
        value = _burden(located.resource)
        if value is not None:
            found.add(value)
            sources.append(source_of(located))
    classes = {min(v, 1) for v in found}
    return (max(found) if len(classes) == 1 else None), sources


def _burden(resource: object) -> int | None:
    if not isinstance(resource, dict):
        return None
    value = resource.get("valueInteger")
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        value = quantity.get("value")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return 0 if value == 0 else 1 if value > 0 else None
    said = f"{all_texts(resource.get('valueCodeableConcept'))} {resource.get('valueString', '')}"
    words = plain(said).replace("rcb", " ").replace("-", " ").replace("class", " ").split()
    known = {"0": 0, "i": 1, "1": 1, "ii": 2, "2": 2, "iii": 3, "3": 3}
    classes = {known[w] for w in words if w in known}
    return classes.pop() if len(classes) == 1 else None


def _risk(
    staging: Staging,
    clinical: dict[str, Category | None],
    tumour: Category | None,
    nodes: Category | None,
    collected: Collected,
) -> None:
    """Anatomic stage II-III or node-positive; stage I needs N0 to be false."""
    groups = {g.group for g in staging.groups}
    sizes = [c.number for c in (clinical["T"], tumour) if c and c.number is not None]
    positive = [c.number for c in (clinical["N"], nodes) if c and c.number is not None]
    sources = [g.source for g in staging.groups] + [
        s.source for s in staging.categories if s.category.prefix in ("c", "p")
    ]
    said = "stage and T, N categories stated"
    if groups & {2, 3} or any(n >= 2 for n in sizes) or any(n >= 1 for n in positive):
        collected.state("high_risk_stage", True, said, sources)
    elif positive and not groups - {0, 1} and (groups or sizes):
        collected.state("high_risk_stage", False, said, sources)
