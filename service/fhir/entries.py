"""What was posted, opened: every resource in it with its place and its addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.core.errors import Fault
from service.fhir.resource_types import RESOURCE_TYPES

#: Bundles in Bundles and contained resources are opened; FHIR's own limit is far below this.
_DEEPEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """One resource of the posted body, itself and no other.

    where: FHIRPath from the posted root. full_url: of its Bundle entry, empty if none.
    host: the place of the resource that contains it, empty unless contained.
    """

    resource: Mapping[str, Any]
    where: str
    full_url: str = ""
    host: str = ""
    type: str = field(init=False)
    id: str = field(init=False)
    #: How an answer refers to it: its urn, else Type/id, else its full URL; may be empty.
    reference: str = field(init=False)

    def __post_init__(self) -> None:
        kind, identity = str(self.resource["resourceType"]), self.resource.get("id")
        identity = identity if isinstance(identity, str) else ""
        by_id = f"{kind}/{identity}" if identity else self.full_url
        reference = self.full_url if self.full_url.startswith("urn:") else by_id
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "id", identity)
        object.__setattr__(self, "reference", "" if self.host else reference)


@dataclass(slots=True)
class Opened:
    """The resources found, and what keeps the body from being FHIR."""

    resources: list[Located] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: Places of resources that the same Bundle deletes.
    deleted: list[str] = field(default_factory=list)


def open_resource(value: object, where: str, opened: Opened, full_url: str = "") -> None:
    """Add the resource, its contained ones, and if it is a Bundle those of its entries."""
    _open(value, where, opened, full_url, depth=0)


def _open(value: object, where: str, opened: Opened, full_url: str, depth: int) -> None:
    if depth > _DEEPEST:
        opened.faults.append(Fault("too-long", "Bundles are nested too deeply.", where))
        return
    if not _is_resource(value, where, opened):
        return
    assert isinstance(value, dict)
    if value["resourceType"] == "Bundle":
        for place, url, resource in _entries(value, where, opened):
            _open(resource, place, opened, url, depth + 1)
        return
    opened.resources.append(Located(value, where, full_url))
    contained = value.get("contained", [])
    if not isinstance(contained, list):
        opened.faults.append(Fault("structure", "contained is not a list.", f"{where}.contained"))
        return
    for i, inner in enumerate(contained):
        place = f"{where}.contained[{i}]"
        if _is_resource(inner, place, opened):
            opened.resources.append(Located(inner, place, host=where))


def _is_resource(value: object, where: str, opened: Opened) -> bool:
    if not isinstance(value, dict):
        said = "A resource is missing here." if value is None else "This is not a FHIR resource."
        opened.faults.append(Fault("structure", said, where))
        return False
    kind = value.get("resourceType")
    if not isinstance(kind, str) or not kind:
        text = "resourceType is missing or not a string: say what resource this is."
        opened.faults.append(Fault("structure", text, f"{where}.resourceType"))
        return False
    if kind not in RESOURCE_TYPES:
        text = "resourceType is no FHIR resource type."
        opened.faults.append(Fault("structure", text, f"{where}.resourceType"))
        return False
    return True


def _entries(
    bundle: Mapping[str, Any], where: str, opened: Opened
) -> Iterator[tuple[str, str, object]]:
    """Place, full URL and resource of every entry that holds one."""
    entries = bundle.get("entry", [])
    if not isinstance(bundle.get("type"), str):
        opened.faults.append(Fault("required", "A Bundle has a type.", f"{where}.type"))
    if not isinstance(entries, list):
        opened.faults.append(Fault("structure", "entry is not a list.", f"{where}.entry"))
        return
    deletions = _deletions(entries)
    for i, entry in enumerate(entries):
        place = f"{where}.entry[{i}]"
        if not isinstance(entry, dict) or not entry:
            text = "This entry is null, empty or no object."
            opened.faults.append(Fault("structure", text, place))
            continue
        if "resource" not in entry:  # a request to read or delete, or a response without a body
            continue
        url = entry.get("fullUrl", "")
        if not isinstance(url, str):
            opened.faults.append(Fault("structure", "fullUrl is not a string.", f"{place}.fullUrl"))
            url = ""
        deleted_at = deletions.get(_address(entry["resource"]))
        if deleted_at is not None and (bundle.get("type") != "history" or deleted_at < i):
            opened.deleted.append(f"{place}.resource")
            continue
        yield f"{place}.resource", url, entry["resource"]


def _deletions(entries: list[Any]) -> dict[str, int]:
    """Type/id of what the Bundle deletes, with the entry; a history has the newest entry first."""
    deletions: dict[str, int] = {}
    for i, entry in enumerate(entries):
        request = entry.get("request") if isinstance(entry, dict) else None
        if isinstance(request, dict) and request.get("method") == "DELETE":
            deletions.setdefault(str(request.get("url")).partition("/_history/")[0], i)
    return deletions


def _address(resource: object) -> str:
    if not isinstance(resource, dict):
        return ""
    return f"{resource.get('resourceType')}/{resource.get('id')}"
