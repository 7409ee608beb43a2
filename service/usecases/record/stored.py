"""A kept version as the resource that callers see, and the digest by which content is compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from service.fhir.json import decode, encode_in_order
from service.fhir.version import FhirVersion
from service.usecases.record.port import Version

Resource = dict[str, Any]


def as_resource(version: Version, release: FhirVersion) -> Resource:
    """What arrived, with our id, version and time, and with the references that were resolved.

    release: which of the two forms of a derived resource is wanted. A deletion has none
    (ValueError).
    """
    sent = form_of(version, release)
    return as_ours(version, linked(sent, version.links) if version.links else sent)


def form_of(version: Version, release: FhirVersion) -> Resource:
    """What arrived, or what was written of a derived resource in this release, as it was."""
    body = version.body_r5 if version.derived and release is FhirVersion.R5 else version.body
    if body is None:
        raise ValueError(f"{version.reference} was deleted")
    found: Resource = decode(body)
    return found


def as_ours(version: Version, sent: Mapping[str, Any]) -> Resource:
    """What arrived, its references resolved, with our id, version and time."""
    meta = sent.get("meta")
    return {
        "resourceType": version.type,
        "id": version.id,
        "meta": {
            "versionId": str(version.number),
            "lastUpdated": instant(version.updated),
            **{k: v for k, v in (meta or {}).items() if k not in _OURS},
        },
        **{k: v for k, v in sent.items() if k not in ("resourceType", "id", "meta")},
    }


_OURS = ("versionId", "lastUpdated")
_NESTED = (dict, list)


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def linked(value: Any, links: Mapping[str, str]) -> Any:
    """The value with every reference that was resolved as what it was resolved to."""
    if isinstance(value, dict):
        return {
            k: links.get(v, v)
            if k == "reference" and isinstance(v, str)
            else linked(v, links)
            if isinstance(v, _NESTED)
            else v
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [linked(v, links) if isinstance(v, _NESTED) else v for v in value]
    return value


def digest_of(resource: Mapping[str, Any], *without: str) -> bytes:
    """Of the content: whoever sends the same again sends nothing new.

    Neither id, version, time nor the order of elements counts, nor what `without` names.
    """
    content = {k: v for k, v in resource.items() if k not in ("id", "meta", *without)}
    meta = resource.get("meta")
    if isinstance(meta, dict):
        kept = {k: v for k, v in meta.items() if k not in (*_OURS, "source")}
        content |= {"meta": kept} if kept else {}
    return blake2b(encode_in_order(content), digest_size=16).digest()
