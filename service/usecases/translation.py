"""`ConceptMap/$translate`: what a code is in another system, by our maps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from service.core.errors import Fault, NotFound
from service.fhir.parameters import parameters, parts, value
from service.fhir.version import FhirVersion
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import Given, Resource, codings_asked, ours

_NO_MATCH = ("unmatched", "disjoint", "not-related-to")


def translate(shelf: Shelf, given: Given, instance: Resource | None, _: datetime) -> Resource:
    """`ConceptMap/$translate`: what a code is in another system, by our maps."""
    maps = [instance] if instance else _maps(shelf, given)
    asked = codings_asked(given, given.get("system", ""), given.get("version", ""))
    for one in asked:
        if shelf.by_url("CodeSystem", one.system):
            ours(shelf, "CodeSystem", one.system, one.version)  # refuses a version not held
    codings = {(one.system, one.code) for one in asked}
    target = given.get("targetSystem") or given.get("targetsystem") or ""
    found = [match for m in maps for match in _matches(m, codings, target)]
    matched = [f for f in found if f[0] not in _NO_MATCH]
    if not found and not any(_maps_from(m, s) for m in maps for s, _ in codings):
        raise NotFound(Fault("not-found", "No ConceptMap here maps from this code system."))
    message = "" if matched else "The map has no match for this code."
    return parameters(
        value("result", "Boolean", bool(matched)),
        value("message", "String", message),
        *(_match(*one, shelf.release) for one in found),
    )


def _maps(shelf: Shelf, given: Given) -> list[Resource]:
    if "url" in given:
        return [ours(shelf, "ConceptMap", given["url"], given.get("conceptMapVersion", ""))]
    return list(shelf.by_type.get("ConceptMap", {}).values())


def _maps_from(concept_map: Mapping[str, Any], system: str) -> bool:
    return any(group["source"] == system for group in concept_map["group"])


def _matches(
    concept_map: Mapping[str, Any], codings: Collection[tuple[str, str]], target: str
) -> Iterator[tuple[str, dict[str, str] | None, str]]:
    """(relation, coding, map) of each target of each coding."""
    for group in concept_map["group"]:
        if target and group["target"] != target:
            continue
        for element in group["element"]:
            if (group["source"], element["code"]) not in codings:
                continue
            for to in element.get("target", ()):
                relation = to.get("equivalence") or to.get("relationship") or ""
                coding = {"system": group["target"], "code": to.get("code", "")}
                coding |= {"display": to["display"]} if "display" in to else {}
                yield relation, coding if coding["code"] else None, concept_map["url"]


def _match(
    relation: str, coding: Mapping[str, str] | None, url: str, release: FhirVersion
) -> dict[str, Any]:
    r5 = release is FhirVersion.R5
    return parts(
        "match",
        value("relationship" if r5 else "equivalence", "Code", relation),
        value("concept", "Coding", dict(coding) if coding else None),
        value("originMap", "Uri", url) if r5 else value("source", "Uri", url),
    )
