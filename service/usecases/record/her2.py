"""Whether a resource says something of HER2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.fhir.coder import Coder
from service.fhir.entries import Opened, open_resource
from service.fhir.her2_observation import parts_of


def says_her2(resource: Mapping[str, Any], coder: Coder) -> bool:
    """An Observation that reports HER2, readable or not."""
    if resource["resourceType"] != "Observation":
        return False
    opened = Opened()
    open_resource(resource, "Observation", opened)
    return bool(parts_of(opened.resources[0], coder))
