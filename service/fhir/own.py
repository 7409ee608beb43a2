"""Recognising this service's own outputs: they are never evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.fhir.index import codings
from service.fhir.lab_words import as_list

#: The status of an output of ours that no longer holds.
WITHDRAWN = {"CarePlan": "revoked", "Observation": "entered-in-error"}

_DEFAULT_BASE = "https://her2.example/fhir"


def is_own(resource: Mapping[str, Any], base: str) -> bool:
    """By tag, by identifier system, or by the code of what was observed."""
    bases = (base, _DEFAULT_BASE)
    meta = resource.get("meta")
    tags = as_list(meta.get("tag")) if isinstance(meta, dict) else []
    if _of_systems(tags, [f"{b}/CodeSystem/her2-provenance" for b in bases]):
        return True
    if derived_identifier(resource, base):
        return True
    observables = [f"{b}/CodeSystem/her2-observable" for b in bases]
    return bool(_of_systems(codings(resource.get("code")), observables))


def derived_identifier(resource: Mapping[str, Any], base: str) -> str:
    """The value of the identifier in our own system, or empty."""
    systems = [f"{b}/sid/derived" for b in (base, _DEFAULT_BASE)]
    found = _of_systems(as_list(resource.get("identifier")), systems)
    return str(found[0].get("value", "")) if found else ""


def _of_systems(values: Sequence[object], systems: Sequence[str]) -> list[dict[str, Any]]:
    """The codings or identifiers whose system is one of these."""
    return [v for v in values if isinstance(v, dict) and v.get("system") in systems]
