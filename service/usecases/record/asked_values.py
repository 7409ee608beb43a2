"""One search parameter and its value as a caller writes it -> the clause that it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from service.core.search_parameter import Searchable, SearchKind, SearchParameter
from service.fhir.index import without_version
from service.fhir.search_times import stretch
from service.fhir.search_values import fitted, folded
from service.usecases.record.query import (
    ID,
    LAST_UPDATED,
    Chained,
    Clause,
    Part,
    Start,
    Time,
    Token,
    Value,
    Wanted,
)
from service.usecases.search import alternatives, plain, token

_TIME = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d.*)", re.DOTALL)
_BARE_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_TYPE_AND_ID = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")
#: What may stand behind the name, besides `:missing` and, of a reference, a type.
_MODIFIERS: Mapping[SearchKind, tuple[str, ...]] = {
    SearchKind.TOKEN: ("not",),
    SearchKind.IDENTIFIER: ("not",),
    SearchKind.REFERENCE: ("identifier",),
    SearchKind.STRING: ("exact", "contains"),
}


class UnknownParameter(Exception):
    """There is no such parameter."""


class UnknownModifier(Exception):
    """The parameter is there and does not take the modifier, or cannot be chained so."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a parameter is read. own: our own base, `http://host/fhir/r4`, which references may
    be written with."""

    type: str
    search: Searchable
    own: str

    @property
    def parameters(self) -> Mapping[str, SearchParameter]:
        """Those of the type."""
        return self.search.parameters[self.type]

    def of(self, kind: str) -> Scope:
        """The same for another type."""
        return Scope(kind, self.search, self.own)


def clause_of(key: str, text: str, scope: Scope) -> Clause:
    """`code`, `code:not`, `subject:Patient`, `patient.identifier` and its value as a clause.

    Raises UnknownParameter, UnknownModifier, or ValueError with the rest of a sentence about the
    value.
    """
    head, chained, rest = key.partition(".")
    name, _, modifier = head.partition(":")
    parameter = scope.parameters.get(name)
    if parameter is None:
        raise UnknownParameter
    if "\0" in text:
        raise ValueError("has a character that no value has")
    if chained:
        return _chain(parameter, modifier, rest, text, scope)
    if modifier == "missing" and name not in (ID, LAST_UPDATED):
        return _missing(parameter, text)
    if modifier and not _takes(parameter, modifier, scope):
        raise UnknownModifier
    if parameter.kind is SearchKind.REFERENCE and modifier == "identifier":
        wanted = [_token(part, SearchKind.IDENTIFIER) for part in alternatives(text)]
        return Clause((f"{name}:identifier",), tuple(wanted))
    names = (f"{name}:exact" if modifier == "exact" else name,)
    alike = (w for part in alternatives(text) for w in _wanted(parameter, modifier, part, scope))
    return Clause(names, tuple(alike), modifier == "not")


def _takes(parameter: SearchParameter, modifier: str, scope: Scope) -> bool:
    if parameter.kind is SearchKind.REFERENCE and modifier[:1].isupper():
        return modifier in (parameter.targets or scope.search.parameters)
    return modifier in _MODIFIERS.get(parameter.kind, ())


def _missing(parameter: SearchParameter, text: str) -> Clause:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    names = (parameter.name,)
    if parameter.kind is SearchKind.REFERENCE:
        names = (*names, f"{parameter.name}:identifier")
    return Clause(names, negated=text == "true")


def _chain(parameter: SearchParameter, modifier: str, rest: str, text: str, scope: Scope) -> Clause:
    """One step along a reference, to each type that it can lead to and that has the parameter."""
    if parameter.kind is not SearchKind.REFERENCE or "." in rest:
        raise UnknownModifier
    if modifier and not _takes(parameter, modifier, scope):
        raise UnknownModifier
    kinds = [modifier] if modifier else parameter.targets
    name = rest.partition(":")[0]
    known = scope.search.parameters
    chains = [
        Chained(kind, clause_of(rest, text, scope.of(kind)))
        for kind in kinds
        if name in known.get(kind, ())
    ]
    if not chains:
        raise UnknownParameter if kinds else UnknownModifier
    return Clause((parameter.name,), tuple(chains))


def _wanted(parameter: SearchParameter, modifier: str, part: str, scope: Scope) -> list[Wanted]:
    """What one alternative asks for; several for an id that may be of several types."""
    match parameter.kind:
        case _ if parameter.name == ID:
            return [Value(plain(part))]
        case SearchKind.TOKEN | SearchKind.IDENTIFIER:
            return [_token(part, parameter.kind)]
        case SearchKind.DATE:
            return [_time(part)]
        case SearchKind.REFERENCE:
            return [Value(fitted(r)) for r in _references(parameter, modifier, part, scope)]
        case SearchKind.STRING:
            return [_text(modifier, plain(part))]
        case SearchKind.CANONICAL:
            return [Value(fitted(plain(part)))]


def _token(part: str, kind: SearchKind) -> Token:
    """Codes are compared without upper and lower case, identifiers as they are."""
    system, code = token(part)
    code = code.strip() if kind is SearchKind.IDENTIFIER else code.casefold()
    return Token(system and fitted(system), fitted(code))


def _time(part: str) -> Time:
    match = _TIME.fullmatch(part.strip())
    # The + of a zone is a blank when the sender forgot to write it as %2B.
    covered = stretch(match[2].replace(" ", "+")) if match else None
    if not match or not covered:
        raise ValueError("must be a FHIR date or time, after eq, ne, gt, lt, ge, le, sa, eb or ap")
    return Time(match[1] or "eq", *covered)


def _text(modifier: str, text: str) -> Wanted:
    if modifier == "exact":
        return Value(fitted(text))
    if not folded(text):
        raise ValueError("has an empty value")
    return Part(folded(text)) if modifier == "contains" else Start(fitted(folded(text)))


def _references(parameter: SearchParameter, modifier: str, part: str, scope: Scope) -> list[str]:
    """`123`, `Patient/123` or a URL -> as references are kept; our own URLs are relative."""
    said = without_version(plain(part).strip().removeprefix(f"{scope.own}/"))
    kinds = [modifier] if modifier else (parameter.targets or scope.search.parameters)
    if _BARE_ID.fullmatch(said):
        return [f"{kind}/{said}" for kind in kinds]
    match = _TYPE_AND_ID.fullmatch(said)
    if not match and ":" not in said:
        raise ValueError("must be an id, Type/id or a URL")
    if match and modifier and match[1] != modifier:
        raise ValueError("names a type that is not the modifier's")
    return [said]
