"""Which drugs a medication is: exact codes first, then whole names; never a part of a name.

RxNorm hangs T-DM1, T-DXd and the biosimilars under the ingredient trastuzumab (224905): that
ingredient, and the name alone, count as trastuzumab only when no other coding or word names a
conjugate; three product concepts say nothing at all without one (codes.md, P123).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from service.fhir.coder import Coder
from service.fhir.entries import Located
from service.fhir.index import Index
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.numbers_in_text import plain

#: The record does not say which of trastuzumab, T-DM1 and T-DXd it was.
UNDECIDED = "trastuzumab-family"
_TRASTUZUMAB = {"trastuzumab", "trastuzumab-ingredient", "trastuzumab-ambiguous"}
CONJUGATES = {"t-dm1", "t-dxd", "other-her2-adc"}
_BIOSIMILAR = re.compile(r"(?<![a-z0-9])(trastuzumab|pertuzumab)-[a-z]{4}(?![a-z0-9-])")
_PAYLOAD = re.compile(r"trastuzumab[ -][a-z]*(?:tecan|dotin|zine|tansine|mycin)(?![a-z])")


def drugs_in(concept: object, coder: Coder) -> tuple[str, ...]:
    """The drug families of a CodeableConcept, sorted; UNDECIDED where it may be a conjugate."""
    coded = set(coder.concepts("drug", concept))
    named = set().union(*(_named(plain(t), coder) for t in concept_texts(concept)), set())
    return tuple(sorted(_settled(coded, named)))


def _settled(coded: set[str], named: set[str]) -> set[str]:
    """Codes before names, conjugates before trastuzumab; a contradiction is UNDECIDED."""
    every = coded | named
    conjugates = every & CONJUGATES
    others = (coded or named) - CONJUGATES - _TRASTUZUMAB - {UNDECIDED, "phesgo"}
    if "phesgo" in every:
        return others | ({UNDECIDED} if conjugates else {"trastuzumab", "pertuzumab"})
    if conjugates:
        contradicted = len(conjugates) > 1 or "trastuzumab" in every
        return others | ({UNDECIDED} if contradicted else conjugates)
    if "trastuzumab" in every:
        return others | {"trastuzumab"}
    if {"trastuzumab-ambiguous", UNDECIDED} & every:
        return others | {UNDECIDED}
    return others | ({"trastuzumab"} if "trastuzumab-ingredient" in (coded or named) else set())


def _named(text: str, coder: Coder) -> frozenset[str]:
    return _families(text, coder.codes.drug_names)


@lru_cache(4096)
def _families(text: str, names: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Longest name first, each word used once; what is left of `trastuzumab` is no plain one."""
    meaning = dict(names)
    pattern = _pattern(tuple(sorted(meaning, key=lambda n: (-len(n), n))))
    found = {meaning[m[0]] for m in pattern.finditer(text)}
    left = pattern.sub(" ", text)
    if found & CONJUGATES:
        return frozenset(found)
    found |= {m[1] for m in _BIOSIMILAR.finditer(left)}
    if _PAYLOAD.search(text) or "trastuzumab" in _BIOSIMILAR.sub(" ", left):
        found = (found - _TRASTUZUMAB) | {UNDECIDED}
    return frozenset(found)


@lru_cache(8)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    listed = "|".join(re.escape(n) for n in names)
    return re.compile(rf"(?<![a-z0-9])(?:{listed})(?!-?[a-z0-9])")


def drugs_of(located: Located, index: Index, coder: Coder) -> tuple[str, ...]:
    """The drugs of a medication resource: its own concept, or the Medication it refers to."""
    found: set[str] = set()
    for concept in _concepts(located, index):
        found = set(drugs_in(concept, coder))
        if found:
            break
    return tuple(sorted(found))


def _concepts(located: Located, index: Index) -> Iterator[object]:
    """Concepts in the order in which they are believed; R4 and R5 forms."""
    resource = located.resource
    medication = resource.get("medication")
    medication = medication if isinstance(medication, dict) else {}
    yield resource.get("medicationCodeableConcept")
    yield medication.get("concept")
    for reference in (resource.get("medicationReference"), medication.get("reference")):
        target = index.find(reference, host=located)
        if target and str(target.resource.get("status")) != "entered-in-error":
            yield target.resource.get("code")
            yield _ingredients(target)
        elif target is None and isinstance(reference, dict):
            yield {"text": reference.get("display")}


def _ingredients(medication: Located) -> dict[str, Any]:
    """The active ingredients as one concept."""
    codings: list[Any] = []
    texts: list[str] = []
    for part in as_list(medication.resource.get("ingredient")):
        if not isinstance(part, dict) or part.get("isActive") is False:
            continue
        item = part.get("item")
        concept = part.get("itemCodeableConcept") or (
            item.get("concept") if isinstance(item, dict) else None
        )
        if isinstance(concept, dict):
            codings += as_list(concept.get("coding"))
            texts += [concept["text"]] if isinstance(concept.get("text"), str) else []
    return {"coding": codings, "text": " ; ".join(texts)}
