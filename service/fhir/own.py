"""Recognising this service's own outputs: they are never evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.fhir.index import codings
from service.fhir.lab_words import as_list

_DEFAULT_BASE = "https://her2.example/fhir"


def is_own(resource: Mapping[str, Any], base: str) -> bool:
    """By tag, by identifier system, or by the code of what was observed."""
    bases = (base, _DEFAULT_BASE)
    meta = resource.get("meta")
    tags = as_list(meta.get("tag")) if isinstance(meta, dict) else []
    systems = {f"{b}/CodeSystem/her2-provenance" for b in bases}
    if any(isinstance(t, dict) and t.get("system") in systems for t in tags):
        return True
    if derived_identifier(resource, base):
        return True
    observables = {f"{b}/CodeSystem/her2-observable" for b in bases}
    return any(c.get("system") in observables for c in codings(resource.get("code")))


def derived_identifier(resource: Mapping[str, Any], base: str) -> str:
    """The value of the identifier in our own system, or empty."""
    systems = {f"{b}/sid/derived" for b in (base, _DEFAULT_BASE)}
    for identifier in as_list(resource.get("identifier")):
        if isinstance(identifier, dict) and identifier.get("system") in systems:
            return str(identifier.get("value", ""))
    return ""
