"""Which codes a CodeSystem or a ValueSet holds, and what each may be called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.core.errors import Fault, NotFound
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import Asked, Resource, ours

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Concept:
    """A code as a definition lists it.

    displays: what it may be called, the preferred first; may be empty.
    version: of its code system; empty when nobody says.
    held: we have its code system, so that no other display is right.
    said: the element that lists it.
    """

    system: str
    code: str
    displays: tuple[str, ...]
    version: str
    held: bool
    said: Mapping[str, Any]

    @property
    def display(self) -> str:
        """The preferred display; empty when there is none."""
        return self.displays[0] if self.displays else ""

    @property
    def as_coding(self) -> dict[str, str]:
        """As a Coding, and as an expansion has it."""
        shown = {"display": self.display} if self.displays else {}
        return {"system": self.system, "code": self.code, **shown}


@dataclass(frozen=True, slots=True)
class Contents:
    """All codes of a definition. exact: upper and lower case of a code are two."""

    title: str
    concepts: Mapping[Key, Concept]
    exact: bool = True

    def find(self, asked: Asked) -> Concept | None:
        """The concept that is asked for; None when it is not in here."""
        found = self.concepts.get((asked.system, asked.code))
        if found or self.exact:
            return found
        wanted = asked.code.casefold()
        alike = (c for (s, code), c in self.concepts.items() if s == asked.system)
        return next((c for c in alike if c.code.casefold() == wanted), None)

    def another_version(self, asked: Asked) -> bool:
        """It is asked in a version of the code system that is not the one in here."""
        here = {c.version for c in self.concepts.values() if c.system == asked.system}
        return bool(asked.version and here and not here & {asked.version, ""})


def in_code_system(system: Mapping[str, Any]) -> Contents:
    """Its concepts, those below others too; NotFound when it does not list them.

    Where a code system does not say whether case matters, FHIR has it read in any case.
    """
    if system["content"] != "complete":
        title = system["title"]
        raise NotFound(Fault("not-supported", f"The codes of {title} cannot be listed."))
    listed = _below(system["concept"])
    version = system.get("version", "")
    concepts = {
        (system["url"], c["code"]): Concept(
            system["url"], c["code"], _displays(c), version, True, c
        )
        for c in listed
    }
    exact = system.get("caseSensitive") is True
    return Contents(_title(system), concepts, exact)


def in_value_set(shelf: Shelf, value_set: Resource) -> Contents:
    """What it includes and does not exclude, in its order."""
    compose = value_set["compose"]
    concepts: dict[Key, Concept] = {}
    for part in compose["include"]:
        concepts |= {key: c for key, c in _selected(shelf, part).items() if key not in concepts}
    for part in compose.get("exclude", ()):
        for key in _selected(shelf, part):
            concepts.pop(key, None)
    return Contents(_title(value_set), concepts)


def _selected(shelf: Shelf, part: Mapping[str, Any]) -> dict[Key, Concept]:
    """What one include or exclude selects: the codes that all it names have in common."""
    sets = [in_value_set(shelf, ours(shelf, "ValueSet", u, "")) for u in part.get("valueSet", ())]
    several = [dict(one.concepts) for one in sets]
    if "system" in part:
        several.insert(0, _of_system(shelf, part))
    first, *others = several
    return {key: c for key, c in first.items() if all(key in other for other in others)}


def _of_system(shelf: Shelf, part: Mapping[str, Any]) -> dict[Key, Concept]:
    """The codes that are listed, or all of a code system of ours."""
    system, version = part["system"], part.get("version", "")
    if "concept" not in part:
        return dict(in_code_system(ours(shelf, "CodeSystem", system, version)).concepts)
    known = shelf.by_url("CodeSystem", system, version)
    concepts = in_code_system(known).concepts if known else {}
    found = {}
    for c in part["concept"]:
        key = (system, c["code"])
        displays = (*_displays(c), *(concepts[key].displays if key in concepts else ()))
        stated = str(known["version"]) if known else version
        found[key] = Concept(*key, tuple(dict.fromkeys(displays)), stated, known is not None, c)
    return found


def _below(listed: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for concept in listed:
        yield concept
        yield from _below(concept.get("concept", ()))


def _displays(concept: Mapping[str, Any]) -> tuple[str, ...]:
    said = [concept.get("display"), *(d.get("value") for d in concept.get("designation", ()))]
    return tuple(dict.fromkeys(text for text in said if text))


def _title(definition: Mapping[str, Any]) -> str:
    return str(definition.get("title") or f"the {definition['resourceType']}")
