"""What a resource can be found by, read from it as FHIR's search parameters say."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
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


def search_values(
    resource: Mapping[str, Any],
    parameters: Iterable[SearchParameter],
    resolve: Resolve = lambda reference: reference,
) -> list[SearchValue]:
    """Every value of every parameter, each once; what is malformed is left out.

    resolve: a reference as sent -> what it was resolved to. A reference is kept as `Type/id`
    without a version, and its identifier under `<name>:identifier`; a text is kept `folded`, and
    as it is under `<name>:exact`. `_id` and `_lastUpdated` are the store's own to know.
    """
    found: dict[SearchValue, None] = {}
    for parameter in parameters:
        if parameter.name not in ("_id", "_lastUpdated"):
            for path in parameter.paths:
                first, rest = _steps(path)
                if first in resource:
                    for part in _at(resource[first], rest):
                        found |= dict.fromkeys(_values(parameter, part, resolve))
    return list(found)


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


@cache
def _steps(path: str) -> tuple[str, tuple[str, ...]]:
    """The element of the resource that a path begins with, and those below."""
    first, *rest = path.split(".")
    return first, tuple(rest)


def _at(value: object, path: Sequence[str]) -> Iterator[Any]:
    """Everything at a path, lists walked through."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from _at(value.get(path[0]), path[1:])


def _values(parameter: SearchParameter, part: Any, resolve: Resolve) -> Iterator[SearchValue]:
    name = parameter.name
    match parameter.kind:
        case SearchKind.TOKEN:
            yield from _tokens(name, part)
        case SearchKind.IDENTIFIER:
            yield from _identifier(name, part)
        case SearchKind.DATE:
            yield from _times(name, part)
        case SearchKind.REFERENCE:
            yield from _reference(parameter, part, resolve)
        case SearchKind.STRING:
            yield from _texts(name, part)
        case SearchKind.CANONICAL:
            if usable(part):
                yield SearchValue(name, value=fitted(part))


def _tokens(name: str, part: Any) -> Iterator[SearchValue]:
    """A code, a truth, a Coding or a CodeableConcept; upper and lower case are one."""
    if isinstance(part, bool):
        yield SearchValue(name, value=str(part).lower())
    elif usable(part):
        yield SearchValue(name, value=fitted(part.casefold()))
    elif isinstance(part, dict):
        codings = part["coding"] if isinstance(part.get("coding"), list) else [part]
        for coding in codings:
            if isinstance(coding, dict) and usable(coding.get("code")):
                yield _token(name, coding.get("system"), coding["code"].casefold())


def _identifier(name: str, part: Any) -> Iterator[SearchValue]:
    if isinstance(part, dict) and usable(part.get("value")):
        yield _token(name, part.get("system"), part["value"].strip())


def _token(name: str, system: object, value: str) -> SearchValue:
    return SearchValue(name, fitted(str(system)) if usable(system) else None, fitted(value))


def _times(name: str, part: Any) -> Iterator[SearchValue]:
    """A date, dateTime or instant by its precision, or a Period."""
    if isinstance(part, dict):
        start, end = stretch(part.get("start")), stretch(part.get("end"))
        if start or end:
            yield SearchValue(name, low=start and start[0], high=end and end[1])
    elif covered := stretch(part):
        yield SearchValue(name, low=covered[0], high=covered[1])


def _reference(parameter: SearchParameter, part: Any, resolve: Resolve) -> Iterator[SearchValue]:
    """The target and its identifier; of a parameter about patients alone, only a Patient's."""
    if not isinstance(part, dict):
        return
    sent = part.get("reference")
    address = without_version(resolve(sent)) if usable(sent) else ""
    named = _NAMED.search(address)
    kind = named[1] if named else part.get("type")
    if parameter.targets == _PATIENTS and isinstance(kind, str) and kind != "Patient":
        return
    if address and not address.startswith("#"):
        yield SearchValue(parameter.name, value=fitted(address))
    yield from _identifier(f"{parameter.name}:identifier", part.get("identifier"))


def _texts(name: str, part: Any) -> Iterator[SearchValue]:
    """A text, or every text of a HumanName."""
    if isinstance(part, dict):
        for element in _PARTS_OF_NAME:
            for text in _at(part.get(element), ()):
                yield from _texts(name, text)
    elif usable(part) and folded(part):
        yield SearchValue(name, value=fitted(folded(part)))
        yield SearchValue(f"{name}:exact", value=fitted(part))
