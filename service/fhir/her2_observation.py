"""The HER2 results of one Observation: its own value, its components, what is said around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.core.errors import Fault
from service.core.findings import Context, Finding, Quantity, Source, Standing
from service.core.guideline import Guideline
from service.fhir.coder import Coder
from service.fhir.entries import Located
from service.fhir.her2_values import TESTS, read_value
from service.fhir.index import Index
from service.fhir.lab_words import (
    as_list,
    concept_texts,
    lab_words,
    said_around,
)
from service.fhir.moments import effective, moment
from service.fhir.numbers_in_text import plain
from service.fhir.pending import note_of_cells, pending_placeholder
from service.fhir.values import ValueUnreadable, value_keys

_HER2_WORDS = re.compile(r"\b(?:c-?)?(?:her|erb-?b)[\s-]?2(?:[\s/-]*neu)?(?!\d)|\bher2")
#: Tests about HER2 that are never a tissue category, with the sentence that says so.
NOT_EVIDENCE = {
    "serum": "Serum HER2 is not a tissue result: it was not used.",
    "homogenate": "HER2 in tissue homogenate is not IHC: it was not used.",
    "unverified-her2": "The meaning of this HER2 code is not verified: it was not used.",
    "membrane-percent": "A percentage of stained cells alone gives no IHC score: it was not used.",
}
_PENDING = {"registered", "preliminary", "unknown"}
_IGNORED = {"entered-in-error", "cancelled"}


@dataclass(frozen=True, slots=True)
class Part:
    """A test in an Observation: its own value (`where` of the Observation) or a component's."""

    test: str
    value: Mapping[str, Any]
    where: str
    component: bool


@dataclass(slots=True)
class ResultReading:
    """What one Observation gave: findings, faults of values, remarks (text, where)."""

    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[tuple[str, str, str]] = field(default_factory=list)


def tests_of(concept: object, coder: Coder) -> list[str]:
    """The concepts of a test code, the preferred first; a panel or a test not read comes last."""
    found = coder.concepts("test", concept)
    return sorted(found, key=lambda t: TESTS.index(t) if t in TESTS else len(TESTS))


def parts_of(located: Located, coder: Coder) -> list[Part]:
    """The HER2 tests of an Observation."""
    parts = []
    own = tests_of(located.resource.get("code"), coder)
    if own and own[0] in TESTS:
        parts.append(Part(own[0], located.resource, located.where, component=False))
    for i, component in enumerate(as_list(located.resource.get("component"))):
        tests = tests_of(component.get("code") if isinstance(component, dict) else None, coder)
        if tests and tests[0] in TESTS:
            parts.append(Part(tests[0], component, f"{located.where}.component[{i}]", True))
    return parts


def mentions_her2(concept: object) -> bool:
    """A code's text or display says HER2 or ERBB2."""
    return any(_HER2_WORDS.search(plain(t)) for t in concept_texts(concept))


def standing_of(status: object) -> Standing | None:
    """How far the result has come; None when it does not count at all."""
    if not isinstance(status, str):
        return Standing.PENDING
    if status in _IGNORED:
        return None
    if status in _PENDING:
        return Standing.PENDING
    return Standing.AMENDED if status in ("amended", "corrected") else Standing.FINAL


def read_result(
    located: Located,
    givers: Sequence[Located],
    parts: Sequence[Part],
    extra_reasons: Sequence[str],
    coder: Coder,
    guideline: Guideline,
) -> ResultReading:
    """Read every part; a value that cannot be read is a fault at its element."""
    reading = ResultReading()
    standing = standing_of(located.resource.get("status")) or Standing.FINAL
    numeric = sum(1 for p in parts if p.test in {*Quantity, "ish"})
    for part in parts:
        said = said_around(
            part.value, *(g.resource for g in givers if g is not located or part.component)
        )
        words = lab_words(said)
        context = Context(
            source=source_of(located),
            standing=standing,
            effective=_first(effective(g.resource) for g in givers),
            issued=_first(moment(g.resource.get("issued")) for g in givers),
            performer=_performer(givers),
            panel=_panel(located, givers, numeric),
            probe=words.probe,
            recount=words.recount,
            blinded=words.blinded,
            second_population=words.second_population,
            reasons=(*words.reasons, *extra_reasons),
        )
        _read_part(part, located, context, coder, guideline, reading)
        reading.findings += note_of_cells(part, words.cells, context, parts)
    return reading


def _read_part(
    part: Part,
    located: Located,
    context: Context,
    coder: Coder,
    guideline: Guideline,
    reading: ResultReading,
) -> None:
    if _says_nothing(part.value):
        if context.standing is Standing.PENDING:
            reading.findings.append(pending_placeholder(part.test, context))
            return
        if not part.component and _holds_results(located):
            return
    try:
        found = read_value(part.test, part.value, context, coder, guideline)
    except ValueUnreadable as unreadable:
        place = f"{part.where}.{unreadable.part}"
        if part.test == "conclusion" and _holds_results(located):
            text = f"{unreadable.text} The results beside it were read without it."
            reading.remarks.append((text, place, "warning"))
        else:
            reading.faults.append(Fault("value", unreadable.text, place))
        return
    reading.findings += found.findings
    reading.remarks += [(text, f"{part.where}.{at}", "warning") for text, at in found.remarks]


def _says_nothing(value: Mapping[str, Any]) -> bool:
    return not (value_keys(value) or value.get("dataAbsentReason") or value.get("interpretation"))


def _holds_results(located: Located) -> bool:
    """A panel, or a question whose answers are its components or members."""
    return bool(located.resource.get("component") or located.resource.get("hasMember"))


def source_of(located: Located) -> Source:
    """The resource as a finding or a fact names it."""
    return Source(located.reference or located.where, located.where, version_of(located))


def version_of(located: Located) -> str:
    """`meta.versionId`, or empty."""
    meta = located.resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else ""


def _first(values: Any) -> Any:
    return next((v for v in values if v is not None), None)


def _performer(givers: Sequence[Located]) -> str:
    """Everybody who performed it, as one key that does not depend on their order."""
    for giver in givers:
        named = []
        for performer in as_list(giver.resource.get("performer")):
            if isinstance(performer, dict):
                said = performer.get("reference") or performer.get("display")
                identifier = performer.get("identifier")
                if not said and isinstance(identifier, dict):
                    said = identifier.get("value")
                named += [plain(said)] if isinstance(said, str) else []
        if named:
            return " | ".join(sorted(named))
    return ""


def _panel(located: Located, givers: Sequence[Located], numeric: int) -> str:
    """The Observation itself if it holds several numbers, else the panel it is a member of."""
    if numeric > 1:
        return located.reference or located.where
    panels = [g for g in givers[1:] if g.type == "Observation"]
    return (panels[0].reference or panels[0].where) if panels else ""


def holders(index: Index) -> dict[str, list[Located]]:
    """The panels (hasMember) and reports (result) that hold each Observation, by its place."""
    held: dict[str, list[Located]] = {}
    for holder in index.of_type("Observation", "DiagnosticReport"):
        name = "hasMember" if holder.type == "Observation" else "result"
        for reference in as_list(holder.resource.get(name)):
            member = index.find(reference, host=holder)
            if member and member is not holder:
                held.setdefault(member.where, []).append(holder)
    for found in held.values():
        found.sort(key=lambda h: (h.type != "Observation", h.reference, h.where))
    return held
