"""Search by FHIR's rules: parameters, values and their escapes, tokens, pages, what is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from service.core.errors import Fault, NotFhir
from service.fhir.searchset import Page

#: Matches on a page when the caller does not say, and the most there can be.
DEFAULT_COUNT = 50
MOST_COUNT = 100

PAGING = ("_count", "_offset")

Resource = dict[str, Any]
Test = Callable[[Resource], bool]


@dataclass(frozen=True, slots=True)
class Searched:
    """What can be searched by: every parameter, the modifiers it takes, and what one value of it
    asks for (ValueError when the value asks for nothing)."""

    parameters: Sequence[str]
    takes: Callable[[str, str], bool]
    test: Callable[[str, str, str], Test]


def find(
    resources: Iterable[Resource],
    searched: Searched,
    query: Mapping[str, Sequence[str]],
    lenient: bool,
) -> Page:
    """The resources that meet the query: repeated parameters are `and`, commas are `or`.

    Raises NotFhir with every fault: an unknown parameter (unless lenient), an unknown modifier,
    an empty value, a bad `_count`.
    """
    faults: list[Fault] = []
    tests: list[Test] = []
    used: list[tuple[str, str]] = []
    ignored: list[str] = []
    for key, values in query.items():
        name, _, modifier = key.partition(":")
        if name not in searched.parameters:
            ignored.append(key)
            if not lenient:
                faults.append(unknown_parameter(key, searched.parameters))
        elif modifier and not searched.takes(name, modifier):
            faults.append(Fault("not-supported", f"The modifier of {key!r} is not supported."))
        elif name not in PAGING:
            used += [(key, value) for value in values]
            for value in values:
                try:
                    tests.append(searched.test(name, modifier, value))
                except ValueError as error:
                    faults.append(Fault("value", f"The search parameter {key!r} {error}."))
    count = number_in(query, "_count", faults)
    offset = number_in(query, "_offset", faults)
    if faults:
        raise NotFhir(*faults)
    found = [resource for resource in resources if all(test(resource) for test in tests)]
    return _page_of(found, used, count, offset or 0, tuple(ignored))


def _page_of(
    found: Sequence[Resource],
    used: list[tuple[str, str]],
    count: int | None,
    offset: int,
    ignored: tuple[str, ...],
) -> Page:
    """The matches from `offset`, with links to the pages beside. used: what was searched by."""
    size = DEFAULT_COUNT if count is None else min(count, MOST_COUNT)

    def link(start: int) -> str:
        return query_string([*used, ("_count", str(size)), ("_offset", str(start))])

    this = [*used]
    if count is not None:
        this.append(("_count", str(size)))
    if offset:
        this.append(("_offset", str(offset)))
    return Page(
        total=len(found),
        resources=tuple(found[offset : offset + size]),
        query=query_string(this),
        next=link(offset + size) if size and offset + size < len(found) else None,
        previous=link(max(0, offset - size)) if size and offset else None,
        ignored=ignored,
    )


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """Parameters as they stand behind a `?`."""
    return urlencode(list(pairs), quote_via=quote, safe=":,")


def unknown_parameter(key: str, known: Sequence[str]) -> Fault:
    """A search parameter that there is not."""
    return Fault(
        "not-supported",
        f"The search parameter {key!r} is not supported. Supported: {', '.join(known)}.",
    )


def number_in(query: Mapping[str, Sequence[str]], name: str, faults: list[Fault]) -> int | None:
    """`_count` or `_offset`; None when it is not given, or wrong, which is added to the faults."""
    values = query.get(name, ())
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(r"[0-9]{1,9}", values[0]):
        faults.append(Fault("value", f"{name} must be given once, as a whole number from 0."))
        return None
    return int(values[0])


def alternatives(value: str) -> list[str]:
    """The comma-separated parts, still escaped; ValueError when one is empty."""
    parts = list(_split(value, ","))
    if not all(part.strip() for part in parts):
        raise ValueError("has an empty value")
    return parts


def token(part: str) -> tuple[str | None, str]:
    """(system, code): None is any system, an empty system is none, an empty code is any."""
    pieces = [plain(piece) for piece in _split(part, "|")]
    if len(pieces) > 2 or not any(pieces):
        raise ValueError("must be code, system|code, |code or system|")
    if len(pieces) == 1:
        return None, pieces[0]
    return pieces[0], pieces[1]


def _split(value: str, at: str) -> Iterator[str]:
    r"""The parts between `at`, unless it stands after a backslash; `\\` is a backslash."""
    part = ""
    escaped = False
    for letter in value:
        if letter == at and not escaped:
            yield part
            part = ""
            continue
        part += letter
        escaped = letter == "\\" and not escaped
    yield part


def plain(part: str) -> str:
    r"""The part without FHIR's escapes: `\,` `\|` `\$` `\\`."""
    return re.sub(r"\\([,|$\\])", r"\1", part)
