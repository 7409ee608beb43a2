"""Search the drug records by FHIR's rules, over what they look like when emitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from service.fhir.searchset import Page
from service.usecases.search import Resource, Searched, Test, alternatives, find, plain, token

_R4_STATUS = "http://terminology.hl7.org/CodeSystem/medicationknowledge-status"
_R5_STATUS = "http://hl7.org/fhir/CodeSystem/medicationknowledge-status"


def _substances(record: Resource) -> list[dict[str, Any]]:
    """The ingredients as concepts: R4's element, or R5's under `definitional`."""
    if "definitional" in record:
        return [i["item"]["concept"] for i in record["definitional"].get("ingredient", ())]
    return [i["itemCodeableConcept"] for i in record.get("ingredient", ())]


def _status(record: Resource) -> list[dict[str, Any]]:
    """The status as a concept: its code system is another one in each version."""
    system = _R5_STATUS if "definitional" in record else _R4_STATUS
    return [{"coding": [{"system": system, "code": record["status"]}]}]


#: Parameters that match CodeableConcepts -> where those are.
_CONCEPTS: Mapping[str, Callable[[Resource], list[dict[str, Any]]]] = {
    "code": lambda r: [r["code"]],
    "ingredient": _substances,
    "ingredient-code": _substances,
    "classification": lambda r: [
        concept for c in r["medicineClassification"] for concept in c["classification"]
    ],
    "status": _status,
}

#: Every parameter that is answered; CapabilityStatement and README name the same.
PARAMETERS = ("_id", "_count", "_offset", *_CONCEPTS)


def find_drugs(
    records: Iterable[Resource], query: Mapping[str, Sequence[str]], lenient: bool
) -> Page:
    """The records, as they are emitted, that meet the query; NotFhir with every fault.

    `ingredient` is a reference in FHIR; ours are coded, so a token or the exact name is read
    too (`trastuzumab` is not `trastuzumab emtansine`), and a reference meets none. `:text`
    reads the start of the text or of a display.
    """
    return find(records, _SEARCHED, query, lenient)


def _test(name: str, modifier: str, value: str) -> Test:
    """What one value asks for: any of its comma-separated parts."""
    parts = alternatives(value)
    if name == "_id":
        ids = {plain(part) for part in parts}
        return lambda resource: resource["id"] in ids
    concepts = _CONCEPTS[name]
    if modifier == "text":
        starts = [plain(part).casefold() for part in parts]
        return lambda resource: any(
            text.casefold().startswith(start)
            for concept in concepts(resource)
            for text in _texts(concept)
            for start in starts
        )
    wanted = [token(part) for part in parts]
    by_name = name == "ingredient"
    return lambda resource: any(
        _meets(concept, asked, by_name) for concept in concepts(resource) for asked in wanted
    )


def _meets(concept: Mapping[str, Any], asked: tuple[str | None, str], by_name: bool) -> bool:
    """Codes are compared as written, but for upper and lower case, as FHIR R4 says."""
    system, code = asked
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


_SEARCHED = Searched(
    PARAMETERS,
    lambda name, modifier: modifier == "text" and name in _CONCEPTS and name != "status",
    _test,
)
