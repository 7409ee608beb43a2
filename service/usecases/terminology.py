"""Terminology operations over our own definitions: look up, validate, expand, translate.

What is not ours is refused, never answered with `false`: we cannot say what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.core.errors import Fault, NotFhir, NotFound
from service.fhir.parameters import Takes, parameters, parts, value
from service.fhir.version import FhirVersion
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import Given, Resource, codings_asked, ours
from service.usecases.translation import translate

_CODED = {"code": "code", "coding": "Coding", "displayLanguage": "code"}
_CHECKED = {**_CODED, "url": "uri", "display": "string", "codeableConcept": "CodeableConcept"}
#: They would change nothing: all of ours is active, flat, in English and without designations.
_NO_MATTER = {
    "activeOnly": "boolean",
    "displayLanguage": "code",
    "excludeNested": "boolean",
    "excludeNotForUI": "boolean",
    "excludePostCoordinated": "boolean",
    "includeDesignations": "boolean",
}
_TRANSLATED = {"url": "uri", "conceptMapVersion": "string", "system": "uri"}
_IN_R4 = {
    "code": "code",
    "coding": "Coding",
    "codeableConcept": "CodeableConcept",
    "targetsystem": "uri",
}
_IN_R5 = {
    "sourceCode": "code",
    "sourceCoding": "Coding",
    "sourceCodeableConcept": "CodeableConcept",
    "targetSystem": "uri",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: of which type, under which name, what it takes, and who answers.

    answer: (shelf, what is given, the resource it was asked of, or None, the time) -> a resource.
    on_instance: it can be asked of one resource too.
    """

    kind: str
    name: str
    takes: Callable[[FhirVersion], Takes]
    answer: Callable[[Shelf, Given, Resource | None, datetime], Resource]
    on_instance: bool = True


def look_up(shelf: Shelf, given: Given, _: Resource | None, __: datetime) -> Resource:
    """`CodeSystem/$lookup`: what a code of ours is called and means."""
    ((system, code, _said),) = codings_asked(given, given.get("system", ""))[:1]
    found = _code_system(shelf, system, given.get("version", ""))
    concept = _concepts(found).get(code)
    if concept is None:
        raise NotFound(Fault("not-found", f"{found['title']} has no such code."))
    said = concept.get("definition")
    r5 = shelf.release is FhirVersion.R5
    defined = parts("property", value("code", "Code", "definition"), value("value", "String", said))
    return parameters(
        value("name", "String", found["name"]),
        value("version", "String", found.get("version")),
        value("display", "String", concept["display"]),
        value("definition", "String", said) if r5 else (defined if said else None),
    )


def validate_in_code_system(
    shelf: Shelf, given: Given, instance: Resource | None, _: datetime
) -> Resource:
    """`CodeSystem/$validate-code`."""
    url = given.get("url") or (instance or {}).get("url", "")
    codings = codings_asked(given, url)
    known_here = [s for s, _, _ in codings if shelf.by_url("CodeSystem", s)]
    asked = url or (known_here or [codings[0][0]])[0]
    found = instance or _code_system(shelf, asked, given.get("version", ""))
    known = {(found["url"], code): c["display"] for code, c in _concepts(found).items()}
    return _verdict(codings, known, found["title"])


def validate_in_value_set(
    shelf: Shelf, given: Given, instance: Resource | None, _: datetime
) -> Resource:
    """`ValueSet/$validate-code`."""
    found = instance or _value_set(shelf, given)
    known = {(c["system"], c["code"]): c["display"] for c in _contained(shelf, found)}
    systems = {system for system, _ in known}
    only = next(iter(systems)) if len(systems) == 1 and given.get("inferSystem") else ""
    return _verdict(codings_asked(given, given.get("system", only)), known, found["title"])


def expand(shelf: Shelf, given: Given, instance: Resource | None, now: datetime) -> Resource:
    """`ValueSet/$expand`: its codes, those whose code or display has `filter`, or a page."""
    found = instance or _value_set(shelf, given)
    wanted = str(given.get("filter", "")).casefold()
    listed = [
        c
        for c in _contained(shelf, found)
        if wanted in c["code"].casefold() or wanted in c["display"].casefold()
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
    return {k: v for k, v in found.items() if k != "compose"} | {"expansion": expansion}


OPERATIONS = (
    Operation(
        "CodeSystem",
        "lookup",
        lambda _: {**_CODED, "system": "uri", "version": "string"},
        look_up,
        on_instance=False,
    ),
    Operation(
        "CodeSystem",
        "validate-code",
        lambda _: {**_CHECKED, "version": "string"},
        validate_in_code_system,
    ),
    Operation(
        "ValueSet",
        "expand",
        lambda _: {
            "url": "uri",
            "valueSetVersion": "string",
            "filter": "string",
            "offset": "integer",
            "count": "integer",
            **_NO_MATTER,
        },
        expand,
    ),
    Operation(
        "ValueSet",
        "validate-code",
        lambda release: {
            **_CHECKED,
            "system": "uri",
            "valueSetVersion": "string",
            **({"inferSystem": "boolean"} if release is FhirVersion.R5 else {}),
        },
        validate_in_value_set,
    ),
    Operation(
        "ConceptMap",
        "translate",
        lambda release: {**_TRANSLATED, **(_IN_R5 if release is FhirVersion.R5 else _IN_R4)},
        translate,
    ),
)


def _code_system(shelf: Shelf, url: str, version: str) -> Resource:
    return ours(shelf, "CodeSystem", url, version)


def _value_set(shelf: Shelf, given: Given) -> Resource:
    if "url" not in given:
        raise NotFhir(Fault("required", "Send the url of the ValueSet."))
    return ours(shelf, "ValueSet", given["url"], given.get("valueSetVersion", ""))


def _open(system: Mapping[str, Any]) -> Fault:
    return Fault("not-supported", f"The codes of {system['title']} cannot be listed.")


def _concepts(system: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    if system["content"] != "complete":
        raise NotFound(_open(system))
    return {concept["code"]: concept for concept in system["concept"]}


def _contained(shelf: Shelf, value_set: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Every code of the value set: listed, or all of a code system of ours."""
    for include in value_set["compose"]["include"]:
        listed: Iterable[Mapping[str, Any]] = include.get("concept", ())
        if not listed:
            listed = _concepts(_code_system(shelf, include["system"], "")).values()
        for c in listed:
            yield {"system": include["system"], "code": c["code"], "display": c["display"]}


def _verdict(
    codings: Sequence[tuple[str, str, str]],
    known: Mapping[tuple[str, str], str],
    title: str,
) -> Resource:
    """Whether one of the codings is in it; a display that differs from ours is wrong."""
    there = [(known[(s, c)], d) for s, c, d in codings if (s, c) in known]
    right = [ours for ours, d in there if not d or d.casefold() == ours.casefold()]
    message = "" if right else f"The code is not in {title}."
    if there and not right:
        message = "The code is there, under another display."
    display = right[0] if right else there[0][0] if there else ""
    return parameters(
        value("result", "Boolean", bool(right)),
        value("message", "String", message),
        value("display", "String", display),
    )
