"""What a version of a resource can be found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from service.fhir.search_values import SearchValue, Ways, search_values, ways_of
from service.fhir.version import FhirVersion
from service.knowledge.search_parameters import shipped_search


def found_by(resource: Mapping[str, Any] | None, release: FhirVersion) -> Sequence[SearchValue]:
    """By FHIR's search parameters of its type; nothing finds a deletion (None).

    release: in which form the resource is; its references are resolved.
    """
    if resource is None:
        return ()
    return search_values(resource, _ways(resource["resourceType"], release))


def derived_found_by(as_r4: Mapping[str, Any], as_r5: Mapping[str, Any]) -> Sequence[SearchValue]:
    """What was derived is found by what either of its forms says."""
    alike = _read_alike(as_r4["resourceType"])
    others = {k: v for k, v in as_r5.items() if k not in alike or k not in as_r4 or as_r4[k] != v}
    both = found_by(as_r4, FhirVersion.R4)
    more = search_values(others, _ways(as_r5["resourceType"], FhirVersion.R5))
    return list(dict.fromkeys((*both, *more)))


@cache
def _ways(kind: str, release: FhirVersion) -> Ways:
    return ways_of(shipped_search()[release].parameters[kind].values())


@cache
def _read_alike(kind: str) -> frozenset[str]:
    """Elements of which R5 finds nothing that R4 does not: what both forms say is read once."""
    as_r4, as_r5 = _ways(kind, FhirVersion.R4), _ways(kind, FhirVersion.R5)
    return frozenset(e for e, read in as_r5.items() if set(read) <= set(as_r4.get(e, ())))
