"""fhir.resources at the door: structure, types, cardinality, and what it lets through.

The classes are imported one by one and late: all of R4B costs seconds and 100 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from service.core.errors import Fault
from service.fhir.entries import Located
from service.fhir.values import value_keys
from service.fhir.version import FhirVersion

#: Required bindings that fhir.resources does not check (R4 and R5 value sets).
_STATUSES = {
    "Observation": {
        "registered",
        "preliminary",
        "final",
        "amended",
        "corrected",
        "cancelled",
        "entered-in-error",
        "unknown",
    },
    "Specimen": {"available", "unavailable", "unsatisfactory", "entered-in-error"},
}
_TYPES: dict[str, tuple[type, ...]] = {
    "valueInteger": (int,),
    "valueBoolean": (bool,),
    "valueString": (str,),
    "valueDateTime": (str,),
    "valueTime": (str,),
}
_VALUE_X = re.compile(
    r"^(value|effective|onset|abatement|deceased|multipleBirth|collected)[A-Z]\w*$"
)
_TOLD = 20


#: R4 bodies are read with R4B: the resources used are the same.
_PACKAGES = {FhirVersion.R4: "fhir.resources.R4B", FhirVersion.R5: "fhir.resources"}


@cache
def _model(resource_type: str, version: FhirVersion) -> type[BaseModel]:
    module = import_module(f"{_PACKAGES[version]}.{resource_type.lower()}")
    model: type[BaseModel] = getattr(module, resource_type)
    return model


def load_models() -> None:
    """Import the models that requests are checked with, so that the first need not wait."""
    for version in FhirVersion:
        _model("Observation", version)


def faults_of(located: Located, version: FhirVersion = FhirVersion.R4) -> list[Fault]:
    """Everything that makes the resource no valid FHIR of the version; empty when nothing does.

    Where it is valid in the other version, the first fault says which base reads that one.
    """
    faults = [
        *(_hollow(located.resource, located.where) if _has_hollow(located.resource) else ()),
        *_own_checks(located.resource, located.where, located.type),
    ]
    if faults:
        return faults[:_TOLD]
    faults = _modelled(located, version)
    if faults and not _modelled(located, version.other):
        text = (
            f"This is FHIR {version.other.name}, and {version.base} reads {version.name}: "
            f"post it to {version.other.base}."
        )
        return [Fault("not-supported", text, located.where), *faults]
    return faults


def _modelled(located: Located, version: FhirVersion) -> list[Fault]:
    """What the model of the version has against the resource."""
    try:
        _model(located.type, version).model_validate(located.resource)
    except ValidationError as error:
        seen = [
            _fault(e, located.where) for e in error.errors(include_url=False, include_input=False)
        ]
        return list(dict.fromkeys(seen))[:_TOLD]
    except (TypeError, KeyError, ValueError, RecursionError, AttributeError):
        return [Fault("structure", "This resource is not valid FHIR.", located.where)]
    return []


def _fault(error: Any, where: str) -> Fault:
    """A pydantic error as a FHIRPath and a sentence without any of the resource's content."""
    path = where
    for step in error["loc"]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step and not str(step)[0].isupper():
            path += f".{fhirpath_name(str(step))}"
    kind = str(error["type"])
    text = _SENTENCES.get(kind, "This element is not valid FHIR here")
    return Fault(_CODES.get(kind, "structure"), f"{text} ({kind.replace('_', ' ')}).", path)


_SENTENCES = {
    "extra_forbidden": "FHIR has no such element here",
    "missing": "This element is required",
    "model_fhir_validation_error": "This element is required or stands beside one it excludes",
    "value_error": "This value is not valid FHIR here",
}
_CODES = {"missing": "required", "value_error": "value", "extra_forbidden": "structure"}


def fhirpath_name(element: str) -> str:
    """The FHIRPath name of an element: valueQuantity is `value`."""
    match = _VALUE_X.match(element)
    return match[1] if match else element


def _has_hollow(value: object) -> bool:
    """Whether `_hollow` may find anything: it notes its place at each step, and seldom needs to."""
    if isinstance(value, dict):
        return not value or any(map(_has_hollow, value.values()))
    if isinstance(value, list):
        return not value or any(map(_has_hollow, value))
    return value is None or value == ""


def _hollow(value: object, where: str) -> Iterator[Fault]:
    """Nulls, empty objects, arrays and strings: FHIR has none, fhir.resources lets them pass."""
    if isinstance(value, dict):
        if not value:
            yield Fault("structure", "An object is never empty in FHIR.", where)
        for key, inner in value.items():
            yield from _hollow(inner, f"{where}.{fhirpath_name(key)}")
    elif isinstance(value, list):
        if not value:
            yield Fault("structure", "A list is never empty in FHIR.", where)
        for i, inner in enumerate(value):
            if inner is None:  # a gap beside a list of primitive extensions
                continue
            yield from _hollow(inner, f"{where}[{i}]")
    elif value is None:
        yield Fault("structure", "null stands for nothing in FHIR: leave the element out.", where)
    elif value == "":
        yield Fault("structure", "A string is never empty in FHIR.", where)


def _own_checks(resource: Mapping[str, Any], where: str, kind: str) -> Iterator[Fault]:
    """Status bindings, the type of a value, and one value[x] only."""
    allowed = _STATUSES.get(kind)
    status = resource.get("status")
    if allowed and "status" in resource and not (isinstance(status, str) and status in allowed):
        text = f"status is one of {', '.join(sorted(allowed))}."
        yield Fault("code-invalid", text, f"{where}.status")
    if kind != "Observation":
        return
    if "status" not in resource:
        yield Fault("required", "An Observation has a status.", f"{where}.status")
    yield from _one_value(resource, where)
    components = resource.get("component", [])
    for i, part in enumerate(components if isinstance(components, list) else []):
        if isinstance(part, dict):
            yield from _one_value(part, f"{where}.component[{i}]")


def _one_value(part: Mapping[str, Any], where: str) -> Iterator[Fault]:
    keys = value_keys(part)
    if len(keys) > 1:
        yield Fault("structure", "There is more than one value[x]: send one.", f"{where}.value")
    for key in keys:
        wanted = _TYPES.get(key)
        value = part[key]
        wrong = wanted and (not isinstance(value, wanted) or (wanted == (int,) and value is True))
        if wrong or (wanted == (int,) and isinstance(value, bool)):
            yield Fault("structure", f"{key} has a value of another type.", f"{where}.value")
