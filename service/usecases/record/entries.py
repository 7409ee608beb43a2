"""The entries of a posted Bundle as interactions, whatever its type says they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from service.core.errors import Fault, NotFhir
from service.fhir.own import is_own
from service.usecases.record.interaction import Interaction
from service.usecases.record.kept import EVIDENCE
from service.usecases.record.port import Method

#: Bundles that say for each entry what is to be done with it.
ASKING = ("batch", "transaction")
#: Bundles that are a record: each entry is what stands, under its id or as something new.
TELLING = ("collection", "document", "message", "searchset", "history")

_ADDRESS = re.compile(r"/?([A-Z][A-Za-z]+)(?:/([^/?]+))?(?:/_history/[^/?]+)?(?:\?(.*))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. asked: what it asks of the record; None where it asks for something else.

    get: the address of what it wants to read. skipped: why it is left out; told to the caller.
    fault: why it cannot be done.
    """

    where: str
    asked: Interaction | None = None
    get: str = ""
    skipped: str = ""
    fault: Fault | None = None


class _RawEntry(msgspec.Struct):
    resource: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _RawBundle(msgspec.Struct):
    entry: list[_RawEntry] = []


def entries_of(bundle: Mapping[str, Any], body: bytes, base: str) -> list[Entry]:
    """Each entry of a Bundle that was posted to the base, in their order.

    body: the Bundle as it arrived; the resources are kept as they stand in it. base: our
    canonical base. Raises NotFhir for a Bundle of no type that is taken.
    """
    kind = bundle.get("type")
    given = bundle.get("entry", [])
    if kind not in (*ASKING, *TELLING):
        text = f"A Bundle posted here has one of the types {', '.join((*ASKING, *TELLING))}."
        raise NotFhir(Fault("value", text, "Bundle.type"))
    if not isinstance(given, list) or not all(isinstance(e, dict) and e for e in given):
        text = "entry is a list of objects that are not empty."
        raise NotFhir(Fault("structure", text, "Bundle.entry"))
    raw = msgspec.json.decode(body, type=_RawBundle).entry
    bodies = [bytes(e.resource) if isinstance(e.resource, msgspec.Raw) else b"" for e in raw]
    read = _asking if kind in ASKING else _history if kind == "history" else _telling
    entries = [
        _skipping(read(entry, bytes_, f"Bundle.entry[{i}]"), base)
        for i, (entry, bytes_) in enumerate(zip(given, bodies, strict=True))
    ]
    return _newest_first(entries) if kind == "history" else entries


def _asking(entry: Mapping[str, Any], body: bytes, where: str) -> Entry:
    """An entry of a batch or a transaction: `request` says what is wanted."""
    request = entry.get("request")
    if not isinstance(request, dict):
        return Entry(where, fault=Fault("required", "The entry has no request.", where))
    method = request.get("method")
    url = request["url"] if "url" in request else _address_of(entry.get("resource"), method)
    match = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
    if method == "GET" and isinstance(url, str) and url:
        return Entry(where, get=url)
    if method not in tuple(Method) or match is None:
        text = "request.method is GET, POST, PUT or DELETE, and request.url `Type` or `Type/id`."
        return Entry(where, fault=Fault("not-supported", text, f"{where}.request"))
    kind, id, criteria = match[1], match[2] or "", match[3] or ""
    if method == "POST":
        criteria = criteria_in(str(request.get("ifNoneExist") or ""))
    elif not (id or criteria):
        text = "request.url names no resource: it needs an id or a search."
        return Entry(where, fault=Fault("value", text, f"{where}.request.url"))
    return _entry(
        Method(method), kind, id, entry, body, where, criteria, version_in(request.get("ifMatch"))
    )


def _address_of(resource: object, method: object) -> str:
    """Where the resource of an entry belongs that does not say it, as HAPI's `withResources` sends
    them."""
    if not isinstance(resource, dict):
        return ""
    kind, id = str(resource.get("resourceType")), resource.get("id")
    return f"{kind}/{id}" if method == "PUT" and id else kind


def _telling(entry: Mapping[str, Any], body: bytes, where: str) -> Entry:
    """An entry that holds what stands."""
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        return Entry(where, skipped="The entry holds no resource.")
    kind, id = str(resource.get("resourceType")), resource.get("id")
    method = Method.PUT if isinstance(id, str) else Method.POST
    return _entry(method, kind, id if isinstance(id, str) else "", entry, body, where)


def _history(entry: Mapping[str, Any], body: bytes, where: str) -> Entry:
    """An entry that tells what happened to a resource: it stands, or it was deleted."""
    request = entry.get("request")
    if isinstance(request, dict) and request.get("method") == "DELETE":
        return _asking(entry, body, where)
    return _telling(entry, body, where)


def _entry(
    method: Method,
    kind: str,
    id: str,
    entry: Mapping[str, Any],
    body: bytes,
    where: str,
    criteria: str = "",
    if_match: str = "",
) -> Entry:
    url = entry.get("fullUrl")
    asked = Interaction(
        method=method,
        kind=kind,
        id=id,
        criteria=criteria,
        if_match=if_match,
        resource=entry.get("resource") if method is not Method.DELETE else None,
        body=body,
        where=f"{where}.resource" if method is not Method.DELETE else f"{where}.request.url",
        full_url=url if isinstance(url, str) else "",
    )
    return Entry(where, asked)


def _skipping(entry: Entry, base: str) -> Entry:
    """Left out, and told: our own outputs, which are never evidence, and types not kept."""
    asked = entry.asked
    if asked is None:
        return entry
    if isinstance(asked.resource, dict) and is_own(asked.resource, base):
        text = "This is an output of this service: it is never evidence, and was left out."
        return Entry(entry.where, skipped=text)
    if asked.kind not in EVIDENCE:
        text = f"{asked.kind} is not kept here: it was left out."
        return Entry(entry.where, asked, skipped=text)
    return entry


def _newest_first(entries: Sequence[Entry]) -> list[Entry]:
    """A history has the newest version first: the older ones are told and left out."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for entry in entries:
        if entry.asked and not entry.skipped and entry.asked.id:
            key = (entry.asked.kind, entry.asked.id)
            if key in seen:
                text = "An older version: the Bundle has a newer one."
                entry = Entry(entry.where, skipped=text)
            seen.add(key)
        kept.append(entry)
    return kept


def version_in(etag: object) -> str:
    """The version of an entity tag, `W/"3"` or a bare `3`; empty for none and for `*`."""
    said = etag.strip() if isinstance(etag, str) else ""
    return said.removeprefix("W/").strip('"') if said != "*" else ""


def criteria_in(text: str) -> str:
    """The search of an If-None-Exist: bare, behind a `?`, or a full URL (wire-facts e)."""
    return text.rpartition("?")[2] if "?" in text else text
