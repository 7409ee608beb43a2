"""How what is derived refers to evidence where it is written: as that server knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from service.core.errors import Fault, Unreadable
from service.fhir.json import decode
from service.fhir.lab_words import as_list
from service.usecases.exchange.desk import Desk
from service.usecases.exchange.source import Source
from service.usecases.record.along import Seen
from service.usecases.record.links import local, references_in
from service.usecases.record.owner import identifiers_of
from service.usecases.record.port import Reader, Version
from service.usecases.record.stored import as_resource

Resource = dict[str, Any]


class Addresses:
    """Of one patient's evidence. Gathered in one look, asked afterwards."""

    def __init__(self, source: Source, prefix: str, patient: str, seen: Mapping[str, Seen]) -> None:
        self._source, self._prefix, self._patient = source, prefix, patient
        self._seen = dict(seen)
        self._versions: dict[str, str] = {}
        self._kept: dict[str, Resource] = {}

    def there(self, said: str) -> Resource:
        """On the source itself: its own ids again, and its own versions where they are known.

        What came from elsewhere is not there: it is named, not referred to.
        """
        named = local(said)
        kind, _, id = named.partition("/")
        seen = self._seen.get(named)
        if seen is not None:
            version = self._versions.get(said)
            return {"reference": f"{kind}/{seen.id}" + (f"/_history/{version}" if version else "")}
        if named == self._patient:
            return {"reference": f"{kind}/{id.removeprefix(self._prefix)}"}
        return self._by_identifier(named) or {"type": kind, "display": f"{kind}, not from here"}

    def elsewhere(self, said: str) -> Resource:
        """On another server: the patient by search, the rest by identifier.

        Raises Unreadable for a patient without an identifier: nobody there can be told to be him.
        """
        named = local(said)
        kind = named.partition("/")[0]
        if kind == "Patient":
            found = identifiers_of(self._kept.get(named, {}))
            if not found:
                text = (
                    "The patient has no identifier (or has not been read from the source): on "
                    "another server nothing tells who that is."
                )
                raise Unreadable(Fault("required", text))
            system, value = found[0]
            token = f"{system}|{value}" if system else value
            return {"reference": f"Patient?identifier={quote(token, safe=':/|')}"}
        return self._by_identifier(named) or {"type": kind, "display": f"{kind} at the source"}

    def worded(self, text: str) -> str:
        """A sentence with the source's own ids in it: `[Condition/north.1]` is `[Condition/1]`."""
        if not self._prefix:
            return text
        return re.sub(rf"\b([A-Z][A-Za-z]+/){re.escape(self._prefix)}", r"\1", text)

    def _by_identifier(self, named: str) -> Resource | None:
        identifiers = [
            {k: i[k] for k in ("system", "value") if i.get(k)}
            for i in as_list(self._kept.get(named, {}).get("identifier"))
            if isinstance(i, dict) and i.get("value")
        ]
        if not identifiers:
            return None
        return {"type": named.partition("/")[0], "identifier": identifiers[0]}

    def gather(self, reader: Reader, referred: Sequence[str]) -> None:
        """Read what these references are about."""
        self._kept = {
            v.reference: as_resource(v, v.release)
            for v in reader.by_ids({local(said) for said in referred} - {""})
        }
        for said in referred:
            kind, id, *rest = said.split("/")
            if f"{kind}/{id}" in self._seen and len(rest) == 2 and rest[1].isdigit():
                version = reader.version(kind, id, int(rest[1]))
                if version is not None and (at_source := _versioned(version)):
                    self._versions[said] = at_source


def referred_in(versions: Sequence[Version]) -> list[str]:
    """What derived resources refer to beside each other, as they say it."""
    ours = {v.reference for v in versions}
    found: dict[str, None] = {}
    for version in versions:
        if version.body is not None:
            found |= dict.fromkeys(references_in(decode(version.body)))
    return [said for said in found if local(said) and local(said) not in ours]


def addresses_of(
    source: Source,
    prefix: str,
    patient: str,
    versions: Sequence[Version],
    reader: Reader,
    desk: Desk,
) -> Addresses:
    """For what was derived of a patient."""
    referred = referred_in(versions)
    named = {tuple(local(said).split("/", 1)) for said in referred}
    seen = desk.seen_as(source.name, named) if named else {}  # type: ignore[arg-type]
    addresses = Addresses(source, prefix, patient, seen)
    addresses.gather(reader, referred)
    return addresses


def _versioned(version: Version) -> str:
    """What the source called the version that came in as this one."""
    if version.body is None:
        return ""
    meta = decode(version.body).get("meta")
    return str(meta.get("versionId", "")) if isinstance(meta, dict) else ""
