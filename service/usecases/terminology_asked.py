"""What a terminology operation is asked about: codings, and the definition they are asked of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.core.errors import Fault, NotFhir, NotFound
from service.usecases.shelf import Shelf

Resource = dict[str, Any]
Given = Mapping[str, Any]

#: In which parameters a definition can be sent along, and its version named.
_SENT_AS = {"CodeSystem": ("codeSystem", "version"), "ValueSet": ("valueSet", "valueSetVersion")}
_CODES, _CODINGS = ("code", "sourceCode"), ("coding", "sourceCoding")
_CONCEPTS = ("codeableConcept", "sourceCodeableConcept")


@dataclass(frozen=True, slots=True)
class Asked:
    """One code that is asked about; display, and version (of its code system), may be empty."""

    system: str
    code: str
    display: str = ""
    version: str = ""


def codings_asked(given: Given, system: str, version: str = "") -> list[Asked]:
    """What is asked about, in one of the ways to say it: a code, a coding or a concept.

    system, version: of a `code`. Raises NotFhir when nothing, or more than one, is sent whole.
    """
    names = [name for name in (*_CODES, *_CODINGS, *_CONCEPTS) if name in given]
    if len(names) > 1:
        raise NotFhir(Fault("value", f"Send one of these, not all: {', '.join(names)}."))
    if "display" in given and not set(names) <= set(_CODES):
        raise NotFhir(Fault("value", "A `display` goes with a `code`: a coding has its own."))
    asked = [a for a in _said(given, names, system, version) if a.code]
    if not asked:
        raise NotFhir(Fault("required", "Send a code, a coding or a codeable concept."))
    if not all(a.system for a in asked):
        raise NotFhir(Fault("required", "Send the code system of the code too."))
    return asked


def _said(given: Given, names: Sequence[str], system: str, version: str) -> list[Asked]:
    if not names:
        return []
    (name,) = names
    if name in _CODES:
        return [Asked(system, given[name], given.get("display", ""), version)]
    codings = given[name].get("coding") if name in _CONCEPTS else [given[name]]
    listed = codings if isinstance(codings, list) else []
    return [
        Asked(*(_text(coding, part) for part in ("system", "code", "display", "version")))
        for coding in listed
        if isinstance(coding, dict)
    ]


def _text(coding: Mapping[str, Any], part: str) -> str:
    said = coding.get(part, "")
    if not isinstance(said, str):
        raise NotFhir(Fault("structure", f"The {part} of a coding is a string."))
    return said


def definition_asked(shelf: Shelf, kind: str, given: Given, instance: Resource | None) -> Resource:
    """The CodeSystem or ValueSet that is asked of: the one of the address, sent along, or ours.

    Raises NotFhir (400) when none is named or two are, NotFound (404) when it is not ours, or is
    not the version that is asked for.
    """
    name, version_name = _SENT_AS[kind]
    url, _, in_url = given.get("url", "").partition("|")
    version = given.get(version_name, "") or in_url
    if instance and name in given:
        raise NotFhir(Fault("value", f"Send no {name!r} to the address of a {kind}."))
    found = instance or given.get(name)
    if not found:
        if not url:
            raise NotFhir(Fault("required", f"Send the url of the {kind}, or itself as {name!r}."))
        return ours(shelf, kind, url, version)
    if url and url != found.get("url"):
        raise NotFhir(Fault("value", f"This url is not that of the {kind} asked of."))
    if version and version != found.get("version"):
        raise NotFound(Fault("not-found", f"The {kind} asked of has another version."))
    return dict(found)


def ours(shelf: Shelf, kind: str, url: str, version: str) -> Resource:
    """The definition of ours with this canonical; NotFound (404) when there is none."""
    found = shelf.by_url(kind, url, version)
    if found is None:
        text = f"This {kind}, or this version of it, is not ours: only our own terminology is "
        raise NotFound(Fault("not-found", f"{text}answered here. /{kind} lists it."))
    return found
