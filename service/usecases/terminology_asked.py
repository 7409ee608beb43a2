"""What a terminology operation is asked about: codings, and definitions that are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.core.errors import Fault, NotFhir, NotFound
from service.usecases.shelf import Shelf

Resource = dict[str, Any]
Given = Mapping[str, Any]


def codings_asked(given: Given, system: str) -> list[tuple[str, str, str]]:
    """(system, code, display) of what is asked about, in one of the ways to say it."""
    codings: Sequence[Any] = ()
    for name in ("codeableConcept", "sourceCodeableConcept"):
        codings = given.get(name, {}).get("coding", codings)
    for name in ("coding", "sourceCoding"):
        codings = [given[name]] if name in given else codings
    for name in ("code", "sourceCode"):
        if name in given:
            codings = [{"system": system, "code": given[name], "display": given.get("display")}]
    said = [c for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []
    asked = [(c.get("system"), c.get("code"), c.get("display") or "") for c in said]
    whole = [each for each in asked if all(isinstance(part, str) for part in each) and each[1]]
    if not whole:
        raise NotFhir(Fault("required", "Send a code, a coding or a codeable concept."))
    if not all(each[0] for each in whole):
        raise NotFhir(Fault("required", "Send the code system of the code too."))
    return [(str(s), str(c), str(d)) for s, c, d in whole]


def ours(shelf: Shelf, kind: str, url: str, version: str) -> Resource:
    """The definition of ours with this canonical; NotFound (404) when there is none."""
    found = shelf.by_url(kind, url, version)
    if found is None:
        text = f"This {kind}, or this version of it, is not ours: only our own terminology is "
        raise NotFound(Fault("not-found", f"{text}answered here. /{kind} lists it."))
    return found
