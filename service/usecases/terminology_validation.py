"""`$validate-code`: whether a code is in a code system or a value set, under this display."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service.core.errors import Fault, NotFhir, NotFound
from service.fhir.parameters import parameters, value
from service.fhir.version import FhirVersion
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import (
    Asked,
    Given,
    Resource,
    codings_asked,
    definition_asked,
)
from service.usecases.terminology_contents import Concept, Contents, in_code_system, in_value_set
from service.usecases.terminology_inline import check_sent

_UNCHECKED = "The code is listed; its display could not be checked: its code system is not ours."


def validate_in_code_system(
    shelf: Shelf, given: Given, instance: Resource | None, _: datetime
) -> Resource:
    """`CodeSystem/$validate-code`; without a url, of the code system of what is asked."""
    check_sent(shelf, given, "codeSystem")
    if not instance and not {"url", "codeSystem"} & set(given):
        systems = [asked.system for asked in codings_asked(given, "")]
        named = [s for s in systems if shelf.by_url("CodeSystem", s)] or systems
        given = {**given, "url": named[0]}
    found = definition_asked(shelf, "CodeSystem", given, instance)
    asked = codings_asked(given, found["url"], given.get("version", ""))
    return _verdict(asked, in_code_system(found), shelf, given)


def validate_in_value_set(
    shelf: Shelf, given: Given, instance: Resource | None, _: datetime
) -> Resource:
    """`ValueSet/$validate-code`."""
    check_sent(shelf, given, "valueSet")
    contents = in_value_set(shelf, definition_asked(shelf, "ValueSet", given, instance))
    system = given.get("system", "")
    if not system and given.get("inferSystem"):
        system = _only_system(contents, given.get("code", ""))
    asked = codings_asked(given, system, given.get("systemVersion", ""))
    return _verdict(asked, contents, shelf, given)


def _only_system(contents: Contents, code: str) -> str:
    """The code system of a code that is said without it; NotFhir when it could be of several."""
    having = {c.system for c in contents.concepts.values() if c.code == code}
    if len(having) > 1:
        raise NotFhir(Fault("required", "Several code systems have this code: send its system."))
    some = having or {c.system for c in contents.concepts.values()}
    return min(some, default="")


def _verdict(asked: Sequence[Asked], contents: Contents, shelf: Shelf, given: Given) -> Resource:
    """Whether one of the codings is in it; a display that we know to be wrong is an error.

    A display of a code system that we do not hold cannot be called wrong: a warning says so.
    """
    there = [
        (one, concept)
        for one in asked
        if not contents.another_version(one) and (concept := contents.find(one))
    ]
    right = [(one, c) for one, c in there if _is_called(c, one) or not c.held]
    right.sort(key=lambda pair: not _is_called(pair[1], pair[0]))
    if not right and any(contents.another_version(one) for one in asked):
        text = "This version of the code system is not known here."
        raise NotFound(Fault("not-found", text))
    if right:
        message = "" if _is_called(right[0][1], right[0][0]) else _UNCHECKED
    elif there:
        message = "The code is there, under another display."
    else:
        message = f"The code is not in {contents.title}."
    best = (right or there)[:1]
    about = best[0][0] if best else asked[0]
    concept = best[0][1] if best else None
    return parameters(
        value("result", "Boolean", bool(right)),
        value("message", "String", message),
        value("display", "String", concept.display if concept else ""),
        *(_in_r5(about, concept, right, given) if shelf.release is FhirVersion.R5 else ()),
    )


def _is_called(concept: Concept, asked: Asked) -> bool:
    """No display is asked about, or the concept has it; upper and lower case are one."""
    said = asked.display.casefold()
    return not said or said in {display.casefold() for display in concept.displays}


def _in_r5(
    about: Asked,
    concept: Concept | None,
    right: Sequence[tuple[Asked, Concept]],
    given: Given,
) -> list[dict[str, Any] | None]:
    """What R5 returns besides: the code that was validated, or the concept of those that are."""
    if "codeableConcept" in given:
        codings = [c.as_coding for _, c in right]
        return [value("codeableConcept", "CodeableConcept", {"coding": codings})] if codings else []
    return [
        value("code", "Code", concept.code if concept else about.code),
        value("system", "Uri", about.system),
        value("version", "String", concept.version if concept else ""),
    ]
