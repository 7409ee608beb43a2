"""`$lookup` and `$expand`: what a code means, and which codes there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from service.core.errors import Fault, NotFhir, NotFound
from service.fhir.parameters import parameters, parts, value
from service.fhir.version import FhirVersion
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import (
    Given,
    Resource,
    codings_asked,
    definition_asked,
    ours,
)
from service.usecases.terminology_contents import Concept, in_code_system, in_value_set
from service.usecases.terminology_inline import check_sent


def look_up(shelf: Shelf, given: Given, instance: Resource | None, _: datetime) -> Resource:
    """`CodeSystem/$lookup`: what a code of ours is called and means."""
    here = instance["url"] if instance else ""
    asked = codings_asked(given, given.get("system", here), given.get("version", ""))[0]
    if here and asked.system != here:
        raise NotFhir(Fault("value", "The code is of another CodeSystem than the one asked."))
    version = asked.version or given.get("version", "")
    found = ours(shelf, "CodeSystem", asked.system, version)
    concept = in_code_system(found).find(asked)
    if concept is None:
        raise NotFound(Fault("not-found", f"{found['title']} has no such code."))
    said = concept.said.get("definition")
    r5 = shelf.release is FhirVersion.R5
    defined = parts("property", value("code", "Code", "definition"), value("value", "String", said))
    return parameters(
        value("name", "String", found["name"]),
        value("version", "String", found.get("version")),
        value("display", "String", concept.display),
        value("definition", "String", said) if r5 else (defined if said else None),
    )


def expand(shelf: Shelf, given: Given, instance: Resource | None, now: datetime) -> Resource:
    """`ValueSet/$expand`: its codes, those whose code or display has `filter`, or a page."""
    check_sent(shelf, given, "valueSet")
    found = definition_asked(shelf, "ValueSet", given, instance)
    wanted = str(given.get("filter", "")).casefold()
    designations = bool(given.get("includeDesignations"))
    listed = [
        _contained(concept, designations)
        for concept in in_value_set(shelf, found).concepts.values()
        if wanted in concept.code.casefold() or wanted in concept.display.casefold()
    ]
    start = given.get("offset", 0)
    end = start + given["count"] if "count" in given else None
    used = [
        {"name": name, f"value{kind}": given[name]}
        for name, kind in (("filter", "String"), ("offset", "Integer"), ("count", "Integer"))
        if name in given
    ]
    expansion = {
        "timestamp": now.isoformat(timespec="seconds"),
        "total": len(listed),
        **({"offset": start} if "offset" in given or "count" in given else {}),
        **({"parameter": used} if used else {}),
        **({"contains": listed[start:end]} if listed[start:end] else {}),
    }
    kept = {k: v for k, v in found.items() if k not in ("compose", "expansion")}
    return kept | {"expansion": expansion}


def _contained(concept: Concept, designations: bool) -> dict[str, Any]:
    said = {"designation": concept.said["designation"]} if "designation" in concept.said else {}
    return {**concept.as_coding, **(said if designations else {})}
