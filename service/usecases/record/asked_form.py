"""The parameters of a search that are about its answer: how much, in which order, what besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from service.core.errors import Fault
from service.core.search_parameter import SearchKind, SearchParameter
from service.usecases.record.asked_values import Scope
from service.usecases.record.query import Sort
from service.usecases.search import DEFAULT_COUNT, MOST_COUNT, PAGING, number_in

#: What fhirpy says when it counts, beside `_count=0`: heard, since the total is told anyway.
_OF_FHIRPY = "_totalMethod"
RESULT_PARAMETERS = (
    *PAGING,
    "_sort",
    "_summary",
    "_elements",
    "_total",
    "_include",
    "_revinclude",
    _OF_FHIRPY,
)
SUMMARIES = ("true", "text", "data", "count", "false")
TOTALS = ("none", "estimate", "accurate")

Said = TypeVar("Said")

_NAME = re.compile(r"[A-Za-z]+")
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Include:
    """References to follow: those of a parameter of a type, to one type or to any (empty)."""

    source: str
    parameter: SearchParameter
    target: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What the answer looks like.

    elements: top-level elements asked for; empty is all of them. included: references of the
    matches to follow; reverse: references to the matches.
    """

    count: int
    offset: int
    sort: tuple[Sort, ...]
    summary: str
    elements: frozenset[str]
    total: bool
    included: tuple[Include, ...]
    reverse: tuple[Include, ...]

    @property
    def counted_only(self) -> bool:
        """Only the number of matches is asked for."""
        return self.summary == "count" or self.count == 0


def form_of(sent: Mapping[str, Sequence[str]], scope: Scope, faults: list[Fault]) -> Form:
    """The form asked for; what cannot be answered is added to the faults."""
    count = number_in(sent, "_count", faults)
    sort = _read(sent, "_sort", scope, faults, _sorts)
    summary = _one_of(sent, "_summary", SUMMARIES, "false", faults)
    total = _one_of(sent, "_total", TOTALS, "accurate", faults)
    included = _read(sent, "_include", scope, faults, _includes)
    reverse = _read(sent, "_revinclude", scope, faults, _reverse)
    if summary == "text" and (included or reverse):
        faults.append(
            Fault("not-supported", "_summary=text does not go with _include or _revinclude.")
        )
    return Form(
        count=DEFAULT_COUNT if count is None else min(count, MOST_COUNT),
        offset=number_in(sent, "_offset", faults) or 0,
        sort=sort,
        summary=summary,
        elements=frozenset(_read(sent, "_elements", scope, faults, _elements)),
        total=total != "none",
        included=included,
        reverse=reverse,
    )


def _read(
    sent: Mapping[str, Sequence[str]],
    name: str,
    scope: Scope,
    faults: list[Fault],
    reader: Callable[[str, Scope], list[Said]],
) -> tuple[Said, ...]:
    """All that the values of a parameter say, each once; a value that says nothing is a fault."""
    found: dict[Said, None] = {}
    for text in sent.get(name, ()):
        try:
            found |= dict.fromkeys(reader(text, scope))
        except ValueError as error:
            faults.append(Fault("value", f"The search parameter {name!r} {error}."))
    return tuple(found)


def _one_of(
    sent: Mapping[str, Sequence[str]],
    name: str,
    allowed: Sequence[str],
    otherwise: str,
    faults: list[Fault],
) -> str:
    said = sent.get(name) or [otherwise]
    if len(said) > 1 or said[0] not in allowed:
        text = f"{name} must be given once, as one of {', '.join(allowed)}."
        faults.append(Fault("value", text))
        return otherwise
    return said[0]


def _sorts(text: str, scope: Scope) -> list[Sort]:
    """`-date,_id`: names of parameters, a `-` for descending."""
    sorts = []
    for part in text.split(","):
        parameter = scope.parameters.get(part.strip().removeprefix("-"))
        if not parameter:
            raise ValueError("must be search parameters of the type, with `-` for descending")
        sorts.append(Sort(parameter.name, parameter.kind, part.strip().startswith("-")))
    return sorts


def _elements(text: str, scope: Scope) -> list[str]:
    """`status,code`: names of top-level elements."""
    names = [part.strip() for part in text.split(",")]
    if not all(_NAME.fullmatch(name) for name in names):
        raise ValueError("must be names of elements, separated by commas")
    return names


def _includes(text: str, scope: Scope) -> list[Include]:
    """`Observation:subject`, `Observation:subject:Patient`, `Observation:*` or `*`."""
    if text == _EVERY:
        text = f"{scope.type}:{_EVERY}"
    source, parameter, target = _parts(text)
    if source != scope.type:
        raise ValueError(f"must begin with {scope.type}:, the type that is searched")
    return [Include(source, p, target) for p in _followed(source, parameter, target, scope)]


def _reverse(text: str, scope: Scope) -> list[Include]:
    """`Provenance:target`: the other resource, and its parameter that leads here."""
    source, parameter, target = _parts(text)
    if target not in ("", scope.type):
        raise ValueError(f"must lead to {scope.type}, the type that is searched")
    found = _followed(source, parameter, scope.type, scope)
    return [Include(source, p, scope.type) for p in found]


def _parts(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise ValueError("must be Type:parameter or Type:parameter:Target")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _followed(source: str, name: str, target: str, scope: Scope) -> list[SearchParameter]:
    """The reference parameters of that name, or all of them, that can lead to the target."""
    parameters = scope.search.parameters.get(source, {}).values()
    found = [
        p
        for p in parameters
        if p.kind is SearchKind.REFERENCE
        and name in (p.name, _EVERY)
        and (not target or not p.targets or target in p.targets)
    ]
    if not found:
        raise ValueError("names no reference that is kept here")
    return found
