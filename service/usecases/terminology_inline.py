"""A definition that a caller sends along: can it be answered from, with what we hold?

What is in a code system of others, and what a filter selects there, we cannot say: such a
definition is refused, never answered with `false`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.core.errors import Fault, NotFhir, Unreadable
from service.fhir.entries import Located
from service.fhir.validate import faults_of
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import Given, Resource
from service.usecases.terminology_contents import in_code_system

#: Each may change what a definition means.
_CHANGING = ("implicitRules", "modifierExtension")


def check_sent(shelf: Shelf, given: Given, name: str) -> None:
    """Nothing, when no definition is sent as parameter `name`, or it can be answered from.

    Raises NotFhir (400) for one that is no FHIR, Unreadable (422) for one that needs what is
    not held here, with every fault.
    """
    if name not in given:
        return
    sent: Resource = given[name]
    where = f"Parameters.parameter.where(name='{name}').resource"
    if faults := faults_of(Located(sent, where), shelf.release):
        raise NotFhir(*faults)
    faults = [*_changed(sent, where)]
    if sent["resourceType"] == "CodeSystem":
        faults += _of_code_system(sent, where)
    else:
        faults += _of_value_set(shelf, sent, where, bool(given.get("activeOnly")))
    if faults:
        raise Unreadable(*faults)


def _changed(value: object, where: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _CHANGING:
                yield _beyond("What changes the meaning of an element is not known.", where)
            yield from _changed(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _changed(inner, f"{where}[{i}]")


def _of_code_system(system: Resource, where: str) -> Iterator[Fault]:
    if "url" not in system:
        yield Fault("required", "A CodeSystem without a url names no codes.", f"{where}.url")
    if system["content"] != "complete":
        yield _beyond("Only a complete CodeSystem says what is not in it.", f"{where}.content")
    elif "concept" not in system:
        yield Fault("required", "This CodeSystem lists no concept.", f"{where}.concept")


def _of_value_set(shelf: Shelf, sent: Resource, where: str, active: bool) -> Iterator[Fault]:
    compose = sent.get("compose")
    where = f"{where}.compose"
    if compose is None:
        yield _beyond("A ValueSet is read by its `compose`.", where)
        return
    if "lockedDate" in compose:
        yield _beyond("How code systems were on a day is not known.", f"{where}.lockedDate")
    active = active or compose.get("inactive") is False
    for name in ("include", "exclude"):
        for i, part in enumerate(compose.get(name, ())):
            yield from _of_part(shelf, part, f"{where}.{name}[{i}]", active)


def _of_part(shelf: Shelf, part: Mapping[str, Any], where: str, active: bool) -> Iterator[Fault]:
    for i, url in enumerate(part.get("valueSet", ())):
        if not shelf.by_url("ValueSet", url):
            yield _beyond("This ValueSet is not ours.", f"{where}.valueSet[{i}]")
    if "filter" in part:
        yield _beyond("Filters are not read.", f"{where}.filter")
        return
    if "system" not in part:
        if "valueSet" not in part or "concept" in part:
            yield Fault("required", "Name the code system.", f"{where}.system")
        return
    yield from _of_system(shelf, part, where, active)


def _of_system(shelf: Shelf, part: Mapping[str, Any], where: str, active: bool) -> Iterator[Fault]:
    ours = shelf.by_url("CodeSystem", part["system"])
    if not ours:
        if "concept" not in part:
            yield _beyond("This code system is not ours: list its codes.", f"{where}.system")
        elif active:
            text = "Which codes of others are active is not known."
            yield _beyond(text, f"{where}.concept")
        return
    if part.get("version", ours["version"]) != ours["version"]:
        yield _beyond("We do not have this version of the code system.", f"{where}.version")
    elif ours["content"] != "complete":
        yield _beyond("The codes of this code system cannot be listed.", f"{where}.system")
    else:
        known = in_code_system(ours).concepts
        for i, concept in enumerate(part.get("concept", ())):
            if (part["system"], concept["code"]) not in known:
                text = "Our code system has no such code."
                yield Fault("code-invalid", text, f"{where}.concept[{i}].code")


def _beyond(text: str, where: str) -> Fault:
    return Fault("not-supported", text, where)
