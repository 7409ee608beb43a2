"""Terminology operations over our own definitions, and over those that a caller sends along.

What is not ours is refused, never answered with `false`: we cannot say what is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.fhir.parameters import Takes
from service.fhir.version import FhirVersion
from service.usecases.shelf import Shelf
from service.usecases.terminology_asked import Given, Resource
from service.usecases.terminology_reading import expand, look_up
from service.usecases.terminology_validation import validate_in_code_system, validate_in_value_set
from service.usecases.translation import translate

_LOOKED_UP = {
    "code": "code",
    "system": "uri",
    "version": "string",
    "coding": "Coding",
    "displayLanguage": "code",
}
_CHECKED = {
    "url": "uri",
    "code": "code",
    "display": "string",
    "coding": "Coding",
    "codeableConcept": "CodeableConcept",
    "displayLanguage": "code",
}
_IN_CODE_SYSTEM = {**_CHECKED, "codeSystem": "CodeSystem", "version": "string"}
_IN_VALUE_SET = {
    **_CHECKED,
    "valueSet": "ValueSet",
    "valueSetVersion": "string",
    "system": "uri",
    "systemVersion": "string",
}
_EXPANDED = {
    "url": "uri",
    "valueSet": "ValueSet",
    "valueSetVersion": "string",
    "filter": "string",
    "offset": "integer",
    "count": "integer",
    "includeDesignations": "boolean",
    "activeOnly": "boolean",
    # These would change nothing: all here is flat, and none of it a rule for composing codes.
    "displayLanguage": "code",
    "excludeNested": "boolean",
    "excludeNotForUI": "boolean",
    "excludePostCoordinated": "boolean",
}
_TRANSLATED = {
    "url": "uri",
    "conceptMapVersion": "string",
    "system": "uri",
    "version": "string",
}
_IN_R4 = {
    "code": "code",
    "coding": "Coding",
    "codeableConcept": "CodeableConcept",
    "targetsystem": "uri",
}
_IN_R5 = {
    "sourceCode": "code",
    "sourceCoding": "Coding",
    "sourceCodeableConcept": "CodeableConcept",
    "targetSystem": "uri",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: of which type, under which name, what it takes, and who answers.

    answer: (shelf, what is given, the resource it was asked of, or None, the time) -> a resource.
    """

    kind: str
    name: str
    takes: Callable[[FhirVersion], Takes]
    answer: Callable[[Shelf, Given, Resource | None, datetime], Resource]


def _of_value_set(release: FhirVersion) -> Takes:
    r5 = release is FhirVersion.R5
    return {**_IN_VALUE_SET, **({"inferSystem": "boolean"} if r5 else {})}


def _of_concept_map(release: FhirVersion) -> Takes:
    return {**_TRANSLATED, **(_IN_R5 if release is FhirVersion.R5 else _IN_R4)}


OPERATIONS = (
    Operation("CodeSystem", "lookup", lambda _: _LOOKED_UP, look_up),
    Operation("CodeSystem", "validate-code", lambda _: _IN_CODE_SYSTEM, validate_in_code_system),
    Operation("ValueSet", "expand", lambda _: _EXPANDED, expand),
    Operation("ValueSet", "validate-code", _of_value_set, validate_in_value_set),
    Operation("ConceptMap", "translate", _of_concept_map, translate),
)
