"""Search the drug records by FHIR's rules, over what they look like when emitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from service.core.drug import Drug
from service.core.errors import Fault, NotFhir
from service.fhir.searchset import Page
from service.fhir.version import FhirVersion
from service.fhir.writing.drug_writer import drug_writer
from service.usecases.search import PAGING, alternatives, number_in, page_of, plain, token, unknown

_R4_STATUS = "http://terminology.hl7.org/CodeSystem/medicationknowledge-status"
_R5_STATUS = "http://hl7.org/fhir/CodeSystem/medicationknowledge-status"

Resource = dict[str, Any]
Test = Callable[[Resource], bool]


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
    drugs: Sequence[Drug],
    base: str,
    query: Mapping[str, Sequence[str]],
    lenient: bool,
    version: FhirVersion = FhirVersion.R4,
) -> Page:
    """The records that meet the query: repeated parameters are `and`, commas are `or`.

    `ingredient` is a reference in FHIR; ours are coded, so a token or the exact name is read
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
                faults.append(unknown(key, PARAMETERS))
        elif modifier and not (modifier == "text" and name in _CONCEPTS and name != "status"):
            faults.append(Fault("not-supported", f"The modifier of {key!r} is not supported."))
        elif name not in PAGING:
            used += [(key, value) for value in values]
            for value in values:
                try:
                    tests.append(_test(name, modifier, value))
                except ValueError as error:
                    faults.append(Fault("value", f"The search parameter {key!r} {error}."))
    count = number_in(query, "_count", faults)
    offset = number_in(query, "_offset", faults)
    if faults:
        raise NotFhir(*faults)
    found = [
        resource
        for resource in (drug_writer(version)(drug, drugs, base) for drug in drugs)
        if all(test(resource) for test in tests)
    ]
    return page_of(found, used, count, offset or 0, tuple(ignored))


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
