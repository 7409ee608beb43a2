"""What a resource can be found by, read from it as FHIR's search parameters say."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple

from service.core.search_parameter import SearchKind, SearchParameter
from service.fhir.index import without_version
from service.fhir.search_times import stretch

#: Of longer values the start is kept, and a digest of the rest: an index takes no more.
LONGEST = 400

_NAMED = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}$")
#: The texts of a HumanName, any of which `name` finds.
_PARTS_OF_NAME = ("text", "family", "given", "prefix", "suffix")

#: The targets of `patient`, whose path is often that of `subject`.
_PATIENTS = ("Patient",)
#: Known to the store without being read from the resource.
_STORES_OWN = ("_id", "_lastUpdated")

Resolve = Callable[[str], str]


class SearchValue(NamedTuple):
    """One value of a parameter: a token, a text, a reference or a stretch of time.

    system: of a token, None when it has none. low, high: UTC microseconds since 1970, both
    included; None where a period is open.
    """

    name: str
    system: str | None = None
    value: str | None = None
    low: int | None = None
    high: int | None = None


#: What a SearchValue has besides the parameter's name, which begins with what stands behind that.
_Said = tuple[str, str | None, str | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Way:
    """Parameters that are read alike at one place: what one of them finds, all of them find.

    path: below a top-level element. patients: only references to Patients count.
    """

    path: tuple[str, ...]
    kind: SearchKind
    patients: bool
    names: tuple[str, ...]


#: Top-level element -> what is read of it.
Ways = Mapping[str, Sequence[Way]]


def ways_of(parameters: Iterable[SearchParameter]) -> Ways:
    """How the values of parameters of one type are read, each place once.

    `_id` and `_lastUpdated` are left out: they are the store's own to know.
    """
    names: dict[tuple[str, tuple[str, ...], SearchKind, bool], list[str]] = {}
    for parameter in parameters:
        if parameter.name not in _STORES_OWN:
            for path in parameter.paths:
                first, *rest = path.split(".")
                key = (first, tuple(rest), parameter.kind, parameter.targets == _PATIENTS)
                names.setdefault(key, []).append(parameter.name)
    ways: dict[str, list[Way]] = {}
    for (first, rest, kind, patients), alike in names.items():
        ways.setdefault(first, []).append(Way(rest, kind, patients, tuple(alike)))
    return ways


def search_values(
    resource: Mapping[str, Any], ways: Ways, resolve: Resolve = lambda reference: reference
) -> list[SearchValue]:
    """Every value of every parameter, each once; what is malformed is left out.

    resolve: a reference as sent -> what it was resolved to. A reference is kept as `Type/id`
    without a version, and its identifier under `<name>:identifier`; a text is kept `folded`, and
    as it is under `<name>:exact`.
    """
    found: dict[_Said, None] = {}
    for element, value in resource.items():
        for way in ways.get(element, ()):
            for part in _at(value, way.path):
                for of, system, text, low, high in _said(way, part, resolve):
                    for name in way.names:
                        found[name + of, system, text, low, high] = None
    return list(starmap(SearchValue, found))


def fitted(text: str) -> str:
    """The text as it is kept and compared: whole, or when it is long its start and a digest."""
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:LONGEST]}…{digest}"


def folded(text: str) -> str:
    """The text without upper case, accents, and blanks at its ends."""
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def usable(text: object) -> bool:
    """A text that says something, and that every database can keep."""
    return isinstance(text, str) and bool(text.strip()) and "\0" not in text


def _at(value: object, path: Sequence[str]) -> list[Any]:
    """Everything at a path, lists walked through."""
    if path:
        here = _at(value, ())
        return [v for h in here if isinstance(h, dict) for v in _at(h.get(path[0]), path[1:])]
    if isinstance(value, list):
        return [v for item in value for v in _at(item, ())]
    return [value]


def _said(way: Way, part: Any, resolve: Resolve) -> Iterable[_Said]:
    match way.kind:
        case SearchKind.TOKEN:
            return _tokens(part)
        case SearchKind.REFERENCE:
            return _reference(way, part, resolve)
        case SearchKind.IDENTIFIER:
            return _identifier(part)
        case SearchKind.DATE:
            return _times(part)
        case SearchKind.STRING:
            return _texts(part)
        case SearchKind.CANONICAL:
            return [_text(part)] if usable(part) else []


def _tokens(part: Any) -> list[_Said]:
    """A code, a truth, a Coding or a CodeableConcept; upper and lower case are one."""
    if isinstance(part, dict):
        given = part.get("coding")
        return [
            _token(coding.get("system"), coding["code"].casefold())
            for coding in (given if isinstance(given, list) else [part])
            if isinstance(coding, dict) and usable(coding.get("code"))
        ]
    if isinstance(part, bool):
        return [_text(str(part).lower())]
    return [_text(part.casefold())] if usable(part) else []


def _identifier(part: Any, of: str = "") -> list[_Said]:
    if isinstance(part, dict) and usable(part.get("value")):
        return [_token(part.get("system"), part["value"].strip(), of)]
    return []


def _token(system: object, value: str, of: str = "") -> _Said:
    return of, fitted(str(system)) if usable(system) else None, fitted(value), None, None


def _text(value: str, of: str = "") -> _Said:
    return of, None, fitted(value), None, None


def _time(low: int | None, high: int | None) -> _Said:
    return "", None, None, low, high


def _times(part: Any) -> list[_Said]:
    """A date, dateTime or instant by its precision, or a Period."""
    if isinstance(part, dict):
        start, end = stretch(part.get("start")), stretch(part.get("end"))
        return [_time(start and start[0], end and end[1])] if start or end else []
    covered = stretch(part)
    return [_time(*covered)] if covered else []


def _reference(way: Way, part: Any, resolve: Resolve) -> list[_Said]:
    """The target and its identifier; of a parameter about patients alone, only a Patient's."""
    if not isinstance(part, dict):
        return []
    sent = part.get("reference")
    address = without_version(resolve(sent)) if usable(sent) else ""
    if way.patients:
        named = _NAMED.search(address)
        kind = named[1] if named else part.get("type")
        if isinstance(kind, str) and kind != "Patient":
            return []
    kept = address and not address.startswith("#")
    found = [_text(address)] if kept else []
    return found + _identifier(part.get("identifier"), ":identifier")


def _texts(part: Any) -> list[_Said]:
    """A text, or every text of a HumanName."""
    if isinstance(part, dict):
        every = [text for element in _PARTS_OF_NAME for text in _at(part.get(element), ())]
        return [said for text in every for said in _texts(text)]
    if usable(part) and folded(part):
        return [_text(folded(part)), _text(part, ":exact")]
    return []
