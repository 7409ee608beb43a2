"""Search the drug records by FHIR's rules, over what they look like when emitted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from service.core.drug import Drug
from service.core.errors import Fault, NotFhir
from service.fhir.r4.medication_knowledge import medication_knowledge
from service.fhir.searchset import Page

#: Matches on a page when the caller does not say, and the most there can be.
DEFAULT_COUNT = 50
MOST_COUNT = 100

_STATUS = "http://terminology.hl7.org/CodeSystem/medicationknowledge-status"

Resource = dict[str, Any]
Test = Callable[[Resource], bool]

#: Parameters that match CodeableConcepts -> where those are.
_CONCEPTS: Mapping[str, Callable[[Resource], list[dict[str, Any]]]] = {
    "code": lambda r: [r["code"]],
    "ingredient": lambda r: [i["itemCodeableConcept"] for i in r["ingredient"]],
    "ingredient-code": lambda r: [i["itemCodeableConcept"] for i in r["ingredient"]],
    "classification": lambda r: [
        concept for c in r["medicineClassification"] for concept in c["classification"]
    ],
    "status": lambda r: [{"coding": [{"system": _STATUS, "code": r["status"]}]}],
}

#: Every parameter that is answered; CapabilityStatement and README name the same.
PARAMETERS = ("_id", "_count", "_offset", *_CONCEPTS)

_PAGING = ("_count", "_offset")


def find_drugs(
    drugs: Sequence[Drug], base: str, query: Mapping[str, Sequence[str]], lenient: bool
) -> Page:
    """The records that meet the query: repeated parameters are `and`, commas are `or`.

    `ingredient` is a reference in R4; ours are coded, so a token or the exact name is read
    too (`trastuzumab` is not `trastuzumab emtansine`), and a reference meets none. `:text`
    reads the start of the text or of a display. Raises NotFhir with every fault: an unknown
    parameter (unless lenient), an unknown modifier, an empty value, a bad `_count`.
    """
    faults: list[Fault] = []
    tests: list[Test] = []
    used: list[tuple[str, str]] = []
    ignored: list[str] = []
    for key, values in query.items():
        name, _, modifier = key.partition(":")
        if name not in PARAMETERS:
            ignored.append(key)
            if not lenient:
                faults.append(_unknown(key))
        elif modifier and not (modifier == "text" and name in _CONCEPTS and name != "status"):
            faults.append(Fault("not-supported", f"The modifier of {key!r} is not supported."))
        elif name not in _PAGING:
            used += [(key, value) for value in values]
            for value in values:
                try:
                    tests.append(_test(name, modifier, value))
                except ValueError as error:
                    faults.append(Fault("value", f"The search parameter {key!r} {error}."))
    count = _number(query, "_count", faults)
    offset = _number(query, "_offset", faults)
    if faults:
        raise NotFhir(*faults)
    found = [
        resource
        for resource in (medication_knowledge(drug, drugs, base) for drug in drugs)
        if all(test(resource) for test in tests)
    ]
    return _page(found, used, count, offset or 0, tuple(ignored))


def _page(
    found: list[Resource],
    used: list[tuple[str, str]],
    count: int | None,
    offset: int,
    ignored: tuple[str, ...],
) -> Page:
    size = DEFAULT_COUNT if count is None else min(count, MOST_COUNT)

    def link(start: int) -> str:
        return _query([*used, ("_count", str(size)), ("_offset", str(start))])

    this = [*used]
    if count is not None:
        this.append(("_count", str(size)))
    if offset:
        this.append(("_offset", str(offset)))
    return Page(
        total=len(found),
        resources=tuple(found[offset : offset + size]),
        query=_query(this),
        next=link(offset + size) if size and offset + size < len(found) else None,
        previous=link(max(0, offset - size)) if size and offset else None,
        ignored=ignored,
    )


def _query(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, quote_via=quote, safe=":,")


def _unknown(key: str) -> Fault:
    return Fault(
        "not-supported",
        f"The search parameter {key!r} is not supported. Supported: {', '.join(PARAMETERS)}.",
    )


def _number(query: Mapping[str, Sequence[str]], name: str, faults: list[Fault]) -> int | None:
    values = query.get(name, ())
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(r"[0-9]{1,9}", values[0]):
        faults.append(Fault("value", f"{name} must be given once, as a whole number from 0."))
        return None
    return int(values[0])


def _test(name: str, modifier: str, value: str) -> Test:
    """What one value asks for: any of its comma-separated parts."""
    parts = list(_split(value, ","))
    if not all(part.strip() for part in parts):
        raise ValueError("has an empty value")
    if name == "_id":
        ids = {_plain(part) for part in parts}
        return lambda resource: resource["id"] in ids
    concepts = _CONCEPTS[name]
    if modifier == "text":
        starts = [_plain(part).casefold() for part in parts]
        return lambda resource: any(
            text.casefold().startswith(start)
            for concept in concepts(resource)
            for text in _texts(concept)
            for start in starts
        )
    wanted = [_token(part) for part in parts]
    by_name = name == "ingredient"
    return lambda resource: any(
        _meets(concept, token, by_name) for concept in concepts(resource) for token in wanted
    )


def _token(part: str) -> tuple[str | None, str]:
    """(system, code): None is any system, an empty system is none, an empty code is any."""
    pieces = [_plain(piece) for piece in _split(part, "|")]
    if len(pieces) > 2 or not any(pieces):
        raise ValueError("must be code, system|code, |code or system|")
    if len(pieces) == 1:
        return None, pieces[0]
    return pieces[0], pieces[1]


def _meets(concept: Mapping[str, Any], token: tuple[str | None, str], by_name: bool) -> bool:
    """Codes are compared as written, but for upper and lower case, as FHIR R4 says."""
    system, code = token
    for coding in concept.get("coding", ()):
        if system is not None and coding.get("system", "") != system:
            continue
        if not code or coding.get("code", "").casefold() == code.casefold():
            return True
    return by_name and system is None and concept.get("text", "").casefold() == code.casefold()


def _texts(concept: Mapping[str, Any]) -> Iterator[str]:
    if "text" in concept:
        yield concept["text"]
    yield from (coding["display"] for coding in concept.get("coding", ()) if "display" in coding)


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


def _plain(part: str) -> str:
    r"""The part without FHIR's escapes: `\,` `\|` `\$` `\\`."""
    return re.sub(r"\\([,|$\\])", r"\1", part)
