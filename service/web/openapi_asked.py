"""What an operation takes and gives, as its OpenAPI description says it."""

from __future__ import annotations

from typing import NamedTuple

from service.fhir.version import FhirVersion
from service.usecases.definitions import SHIPPED_BASE
from service.usecases.shelf import shipped_shelf
from service.usecases.terminology import OPERATIONS
from service.web.openapi_parts import Said, query

#: FHIR types that a query can hold.
_SIMPLE = frozenset({"boolean", "canonical", "code", "date", "id", "integer", "string", "uri"})
_TERMINOLOGY = {(operation.kind, operation.name): operation for operation in OPERATIONS}


class Asked(NamedTuple):
    """kinds: what may be posted. takes: in the query. answered: what comes back. optional: the
    body may be left out."""

    kinds: tuple[str, ...]
    takes: tuple[Said, ...]
    answered: tuple[str, ...]
    optional: bool


def asked_of(version: FhirVersion, kind: str, name: str) -> Asked:
    """Of the base (no kind) or of a type; KeyError for an operation that is not described."""
    if found := _TERMINOLOGY.get((kind, name)):
        takes = tuple(query(n, "", t) for n, t in found.takes(version).items() if t in _SIMPLE)
        return Asked(
            ("Parameters",), takes, ("ValueSet" if name == "expand" else "Parameters",), False
        )
    evidence = () if kind else ("Observation", "Bundle", "Parameters")
    return {
        "assess-her2": Asked(
            evidence or ("Parameters",), _of_assess(version), ("Bundle",), bool(kind)
        ),
        "process-message": Asked(("Bundle",), (), ("Bundle",), False),
        "purge": Asked(("Parameters",), (), ("OperationOutcome",), True),
    }[name]


def _of_assess(version: FhirVersion) -> tuple[Said, ...]:
    """Those of its OperationDefinition that a query can hold."""
    shelf = shipped_shelf(version, SHIPPED_BASE)
    [defined] = (
        d for d in shelf.by_type["OperationDefinition"].values() if d["code"] == "assess-her2"
    )
    return tuple(
        query(p["name"], p["documentation"], p["type"])
        for p in defined["parameter"]
        if p["use"] == "in" and p.get("type") in _SIMPLE
    )
