"""`definitions/search_parameters.csv` and `elements.csv`: FHIR's search, as much as we answer.

Names, paths and targets are those of FHIR's own definitions (R4 4.0.1, R5 5.0.0), and so are the
elements of a summary.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from service.core.errors import KnowledgeError
from service.core.search_parameter import Elements, Searchable, SearchKind, SearchParameter
from service.knowledge.therapy_line import Line, lines_of

RELEASES = ("r4", "r5")
#: Whose parameters every type has.
_EVERY = "Resource"
#: A reference to any type.
_ANY = "*"


@cache
def shipped_search() -> dict[str, Searchable]:
    """Those of the package: FHIR version (`r4`, `r5`) -> what is searched in it."""
    return read_search(files("service.knowledge") / "definitions")


def read_search(folder: Traversable) -> dict[str, Searchable]:
    """Both files; KnowledgeError when a line is malformed or a type has no elements."""
    elements = _elements(folder / "elements.csv")
    types = {kind for kind, _ in elements}
    found: dict[str, dict[str, dict[str, SearchParameter]]] = {
        release: {kind: {} for kind in types} for release in RELEASES
    }
    columns = ("type", "name", "kind", *RELEASES, "targets", "documentation")
    empty = (*RELEASES, "targets")
    for line in lines_of(folder / "search_parameters.csv", columns, empty, twice=True):
        if line["type"] not in (_EVERY, *types):
            raise line.refused("type", f"elements.csv does not know {line['type']}")
        for release in RELEASES:
            if paths := line.listed(release):
                for kind in types if line["type"] == _EVERY else (line["type"],):
                    _add(found[release][kind], line, paths)
    return {
        release: Searchable(
            found[release], {kind: elements[kind, release] for kind in sorted(types)}
        )
        for release in RELEASES
    }


def _add(parameters: dict[str, SearchParameter], line: Line, paths: tuple[str, ...]) -> None:
    kind, targets = line.one_of("kind", SearchKind), line.listed("targets")
    if (kind is SearchKind.REFERENCE) is not bool(targets):
        raise line.refused("targets", "a reference has targets, and nothing else has")
    if line["name"] in parameters:
        raise line.refused("name", f"{line['name']} stands twice")
    parameters[line["name"]] = SearchParameter(
        line["name"], kind, paths, () if targets == (_ANY,) else targets, line["documentation"]
    )


def _elements(file: Traversable) -> dict[tuple[str, str], Elements]:
    """(type, release) -> elements; each type stands once for each release."""
    found: dict[tuple[str, str], Elements] = {}
    for line in lines_of(file, ("type", "release", "summary", "always"), twice=True):
        key = (line["type"], line["release"])
        if line["release"] not in RELEASES or key in found:
            raise line.refused("release", "each type has one line for r4 and one for r5")
        found[key] = Elements(frozenset(line.listed("summary")), frozenset(line.listed("always")))
    for kind, _ in found:
        if any((kind, release) not in found for release in RELEASES):
            raise KnowledgeError(f"{file.name}: {kind} has no line for one of {RELEASES}")
    return found
