"""What the CapabilityStatement says of the definitions that are served."""

from __future__ import annotations

from typing import Any

from service.usecases.definition_search import SEARCH_PARAMETERS
from service.usecases.shelf import TYPES
from service.usecases.terminology import OPERATIONS


def definition_resources() -> list[dict[str, Any]]:
    """One `rest.resource` for each type on the shelf."""
    return [_resource(kind) for kind in TYPES]


def _resource(kind: str) -> dict[str, Any]:
    operations = [
        {
            "name": operation.name,
            "definition": f"http://hl7.org/fhir/OperationDefinition/{kind}-{operation.name}",
        }
        for operation in OPERATIONS
        if operation.kind == kind
    ]
    return {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [
            {"name": name, "type": type_, "documentation": said}
            for name, (type_, said) in SEARCH_PARAMETERS.items()
        ],
        **({"operation": operations} if operations else {}),
    }
