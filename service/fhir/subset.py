"""A resource cut down to what a search asked for (`_summary`, `_elements`), and tagged so.

It claims no profile: what is left of it need not have all that a profile asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.core.search_parameter import Elements

_BASE = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}


def summarised(resource: Mapping[str, Any], summary: str, elements: Elements) -> dict[str, Any]:
    """The resource as `_summary` says: `true`, `text`, `data`, or all of it for any other."""
    if summary == "true":
        return _kept(resource, elements.summary | elements.always)
    if summary == "text":
        return _kept(resource, {"text"} | elements.always)
    if summary == "data":
        return _tagged({k: v for k, v in resource.items() if k != "text"})
    return dict(resource)


def only(resource: Mapping[str, Any], names: Iterable[str], elements: Elements) -> dict[str, Any]:
    """The named top-level elements (`value` is any `value[x]`), and those that always stay."""
    asked = tuple(names)
    chosen = {name for name in resource if any(_is(name.removeprefix("_"), a) for a in asked)}
    return _kept(resource, chosen | elements.always)


def _is(name: str, asked: str) -> bool:
    return name == asked or (name.startswith(asked) and name[len(asked)].isupper())


def _kept(resource: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    keep = _BASE | {*names}
    return _tagged({k: v for k, v in resource.items() if k in keep or k.removeprefix("_") in keep})


def _tagged(resource: dict[str, Any]) -> dict[str, Any]:
    meta = resource.get("meta")
    meta = {k: v for k, v in meta.items() if k != "profile"} if isinstance(meta, Mapping) else {}
    tags = meta.get("tag")
    meta["tag"] = [*(tags if isinstance(tags, list) else []), SUBSETTED]
    return resource | {"meta": meta}
