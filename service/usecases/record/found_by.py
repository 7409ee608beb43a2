"""What a version of a resource can be found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.fhir.search_values import SearchValue, search_values
from service.fhir.version import FhirVersion
from service.knowledge.search_parameters import shipped_search


def found_by(resource: Mapping[str, Any] | None, release: FhirVersion) -> Sequence[SearchValue]:
    """By FHIR's search parameters of its type; nothing finds a deletion (None).

    release: in which form the resource is; its references are resolved.
    """
    if resource is None:
        return ()
    parameters = shipped_search()[release].parameters[resource["resourceType"]]
    return list(search_values(resource, parameters.values()))


def derived_found_by(as_r4: Mapping[str, Any], as_r5: Mapping[str, Any]) -> Sequence[SearchValue]:
    """What was derived is found by what either of its forms says."""
    both = (*found_by(as_r4, FhirVersion.R4), *found_by(as_r5, FhirVersion.R5))
    return list(dict.fromkeys(both))
