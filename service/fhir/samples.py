"""Where a result's tissue came from: which specimen, component, side, site and time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from service.core.findings import Moment
from service.fhir.coder import Coder
from service.fhir.conditions import Diagnosis, all_texts, side_of
from service.fhir.entries import Located
from service.fhir.index import Index, concept_in, without_version
from service.fhir.lab_words import IN_SITU, INVASIVE, as_list, preanalytic_caution
from service.fhir.moments import moment
from service.fhir.numbers_in_text import REMEMBERED, plain

_DISTANT = re.compile(
    r"\bmetasta\w*|\brecurren\w*|\brelapse\w*|\bliver\b|\bhepatic\b|\bbone\b|\bvertebra\w*|\blung\b"
    r"|\bpulmonary\b|\bbrain\b|\bcerebr\w*|\bpleura\w*|\bperitone\w*|\bascites\b|\badrenal\b|\bovar\w*"
    r"|\bskin\b|\bchest wall\b"
)
_NOT_DISTANT = re.compile(
    r"\b(?:no|without|non)\b[\s-]*(?:evidence of )?(?:distant )?(?:metasta|recurren)\w*"
)
_REGIONAL = re.compile(
    r"\baxill\w*|\bsentinel\b|\bregional\b|\bintramammary\b|\binternal mammary\b"
)
_AFTER_NEOADJUVANT = re.compile(
    r"\bpost[\s-]?(?:neo-?adjuvant|nact|nac)\b|\b(?:after|following)\s+neo-?adjuvant"
    r"|\bresidual\s+(?:invasive\s+)?(?:tumou?r|disease|carcinoma|cancer)|\byp[tn]"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of one result's tissue.

    key: stable name of the specimen within its patient. reference: FHIR Reference to emit, or
    None. subject: of the Specimen resource, to compare with the result's.
    """

    key: str
    reference: Mapping[str, Any] | None
    located: Located | None
    in_situ: bool
    side: str
    primaries: tuple[Diagnosis, ...]
    metastasis: bool
    post_neoadjuvant: bool
    preanalytic_caution: bool
    collected: Moment | None
    unknown: bool


def read_sample(
    result: Located,
    givers: Sequence[Located],
    said: str,
    when: Moment | None,
    diagnoses: Sequence[Diagnosis],
    index: Index,
    coder: Coder,
) -> Sample:
    """The sample of one result; `givers` are the result and the panels and reports it is in."""
    reference, specimen = _specimen(givers, index)
    resource: Mapping[str, Any] = specimen.resource if specimen else {}
    collection = resource.get("collection")
    collection = collection if isinstance(collection, dict) else {}
    sites = [concept_in(collection.get("bodySite")), *(g.resource.get("bodySite") for g in givers)]
    about = " . ".join(
        [
            all_texts(resource.get("type")),
            all_texts(sites),
            *(plain(n["text"]) for n in as_list(resource.get("note")) if _has_text(n)),
            *_processing(resource),
        ]
    )
    focused = _focused(givers, diagnoses, index)
    primaries = tuple(d for d in focused if d.kind in ("invasive", "in-situ"))
    side = side_of(sites, about, coder) or next((d.side for d in primaries if d.side), "")
    distant = _distant(f"{about} . {said}") or any(
        c == "distant" for site in sites for c in coder.concepts("site", site)
    )
    return Sample(
        key=_key(reference, specimen, result, when, sites),
        reference=reference,
        located=specimen,
        in_situ=_in_situ(focused, about, said, diagnoses),
        side=side,
        primaries=tuple(d for d in primaries if d.kind == "invasive"),
        metastasis=distant or any(d.kind == "secondary" or d.recurrence for d in focused),
        post_neoadjuvant=_after_neoadjuvant(f"{about} . {said}"),
        preanalytic_caution=preanalytic_caution(f"{about} . {said}"),
        collected=_collected(collection) or when,
        unknown=reference is None,
    )


def _has_text(note: object) -> bool:
    return isinstance(note, dict) and isinstance(note.get("text"), str)


def _processing(resource: Mapping[str, Any]) -> list[str]:
    """Texts of how the tissue was handled: processing steps, additives, container."""
    said = []
    for step in as_list(resource.get("processing")):
        if isinstance(step, dict):
            said += [all_texts(step.get(name)) for name in ("procedure", "method")]
            if isinstance(step.get("description"), str):
                said.append(plain(step["description"]))
    return said


def _specimen(
    givers: Sequence[Located], index: Index
) -> tuple[Mapping[str, Any] | None, Located | None]:
    """The first specimen named by the result, or by the one panel or report that holds it."""
    for giver in givers:
        named = giver.resource.get("specimen")
        named = named[0] if isinstance(named, list) and len(named) == 1 else named
        if not isinstance(named, dict):
            continue
        text, identifier = named.get("reference"), named.get("identifier")
        if isinstance(text, str) or isinstance(identifier, dict):
            return named, index.find(named, host=giver)
    return None, None


def _key(
    reference: Mapping[str, Any] | None,
    specimen: Located | None,
    result: Located,
    when: Moment | None,
    sites: Sequence[object],
) -> str:
    if reference is None:
        place = all_texts(list(sites)).strip(" .")
        return f"unknown|{when.day.isoformat() if when else ''}|{place}"
    text = reference.get("reference")
    text = without_version(text) if isinstance(text, str) else ""
    if specimen and not specimen.reference.startswith("urn:") and specimen.reference:
        return specimen.reference
    if specimen:
        for name in ("accessionIdentifier", "identifier"):
            if found := business_identifier(specimen.resource.get(name)):
                return f"identifier|{found[0]}|{found[1]}"
        if text.startswith("#"):
            return f"{result.reference or result.where}{text}"
    if text:
        return text
    found = business_identifier(reference.get("identifier"))
    return f"identifier|{found[0]}|{found[1]}" if found else "unknown||"


def business_identifier(value: object) -> tuple[str, str] | None:
    """System and value of the first complete Identifier (system may be empty)."""
    for identifier in value if isinstance(value, list) else [value]:
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            system = identifier.get("system")
            return (system if isinstance(system, str) else "", identifier["value"])
    return None


def _focused(
    givers: Sequence[Located], diagnoses: Sequence[Diagnosis], index: Index
) -> list[Diagnosis]:
    """The diagnoses that the result, else its panel, is about."""
    by_place = {d.located.where: d for d in diagnoses}
    for giver in givers:
        found = [
            by_place[condition.where]
            for reference in as_list(giver.resource.get("focus"))
            if (condition := index.find(reference, host=giver)) and condition.where in by_place
        ]
        if found:
            return found
    return []


def _in_situ(
    focused: Sequence[Diagnosis], about: str, said: str, diagnoses: Sequence[Diagnosis]
) -> bool:
    """Focus, then body site and specimen, then the text, then what is diagnosed at all (8b)."""
    kinds = {d.kind for d in focused}
    if "in-situ" in kinds and "invasive" not in kinds:
        return True
    if kinds & {"invasive", "secondary"}:
        return False
    for text in (about, said):
        named = _component_named(text)
        if named is not None:
            return named
    diagnosed = {d.kind for d in diagnoses}
    return "in-situ" in diagnosed and not diagnosed & {"invasive", "secondary"}


@lru_cache(REMEMBERED)
def _distant(said: str) -> bool:
    """The words place the sample in a metastasis or recurrence, not in a regional node."""
    left = _NOT_DISTANT.sub(" ", said)
    if not _DISTANT.search(left):
        return False
    return not _REGIONAL.search(left) or bool(re.search(r"\brecurren|\bdistant\b", left))


@lru_cache(REMEMBERED)
def _component_named(text: str) -> bool | None:
    """True: in situ; False: invasive; None: neither or both. What was counted is Q09's affair."""
    in_situ, invasive = bool(IN_SITU.search(text)), bool(INVASIVE.search(text))
    if in_situ == invasive:
        return None
    return in_situ and "counted" not in text


@lru_cache(REMEMBERED)
def _after_neoadjuvant(said: str) -> bool:
    return bool(_AFTER_NEOADJUVANT.search(said))


def _collected(collection: Mapping[str, Any]) -> Moment | None:
    period = collection.get("collectedPeriod")
    start = period.get("start") if isinstance(period, dict) else None
    return moment(collection.get("collectedDateTime")) or moment(start)
