"""Every definition that is served, of one FHIR version: those of `profiles/`, under our base."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.knowledge.profiles import profiles_folder, read_profiles
from service.usecases.definitions import SHIPPED_BASE

Resource = dict[str, Any]

#: What stands on the shelf, in the order in which a CapabilityStatement names them. There are no
#: SearchParameters: all that are answered are FHIR's own.
TYPES = (
    "StructureDefinition",
    "CodeSystem",
    "ValueSet",
    "ConceptMap",
    "PlanDefinition",
    "ActivityDefinition",
    "Library",
    "OperationDefinition",
    "CapabilityStatement",
)


@dataclass(frozen=True)
class Shelf:
    """Definitions by type and id."""

    release: FhirVersion
    by_type: Mapping[str, Mapping[str, Resource]]

    @property
    def types(self) -> tuple[str, ...]:
        """The types of which there is at least one."""
        return tuple(kind for kind in TYPES if self.by_type.get(kind))

    def by_url(self, kind: str, url: str, version: str = "") -> Resource | None:
        """The definition of a canonical, `url` or `url|version`; None when it is not ours."""
        plain, _, said = url.partition("|")
        wanted = {v for v in (version, said) if v}
        for resource in self.by_type.get(kind, {}).values():
            if resource["url"] == plain and wanted <= {resource.get("version")}:
                return resource
        return None


@cache
def shipped_shelf(release: FhirVersion, base: str) -> Shelf:
    """The files of one version, with `base` for the base that they are shipped with."""
    by_type: dict[str, dict[str, Resource]] = {}
    for content in read_profiles(profiles_folder(), str(release)).values():
        resource = decode(_under(base, content))
        for attached in resource["content"] if _has_text(resource) else ():
            attached["data"] = b64encode(_under(base, b64decode(attached["data"]))).decode()
        by_type.setdefault(resource["resourceType"], {})[resource["id"]] = resource
    return Shelf(release, by_type)


def _under(base: str, content: bytes) -> bytes:
    return content.replace(SHIPPED_BASE.encode(), base.encode())


def _has_text(resource: Resource) -> bool:
    """A Library may hold a text as base64, in which our base stands too."""
    return resource["resourceType"] == "Library" and "content" in resource
