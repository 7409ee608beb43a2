"""How what is derived refers to evidence where it is written: as that server knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from service.core.errors import Fault, Unreadable
from service.fhir.json import decode
from service.fhir.notices.content import version_of
from service.fhir.references import conditional_reference, logical_reference_to
from service.usecases.exchange.desk import Desk
from service.usecases.exchange.source import Source
from service.usecases.record.along import Seen
from service.usecases.record.links import local, references_in
from service.usecases.record.owner import identifiers_of
from service.usecases.record.port import Reader
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
            return conditional_reference("Patient", found[0])
        return self._by_identifier(named) or {"type": kind, "display": f"{kind} at the source"}

    def worded(self, text: str) -> str:
        """A sentence with the source's own ids in it: `[Condition/north.1]` is `[Condition/1]`."""
        if not self._prefix:
            return text
        return re.sub(rf"\b([A-Z][A-Za-z]+/){re.escape(self._prefix)}", r"\1", text)

    def _by_identifier(self, named: str) -> Resource | None:
        return logical_reference_to(named.partition("/")[0], self._kept.get(named, {}))

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
                if version is not None and version.body is not None:
                    self._versions[said] = version_of(decode(version.body))


def referred_in(forms: Mapping[str, Resource]) -> list[str]:
    """What derived resources refer to beside each other, as they say it."""
    found: dict[str, None] = {}
    for form in forms.values():
        found |= dict.fromkeys(references_in(form))
    return [said for said in found if local(said) and local(said) not in forms]


def addresses_of(
    source: Source,
    prefix: str,
    patient: str,
    forms: Mapping[str, Resource],
    reader: Reader,
    desk: Desk,
) -> Addresses:
    """For what was derived of a patient (`Type/id` -> the resource)."""
    referred = referred_in(forms)
    named = {tuple(local(said).split("/", 1)) for said in referred}
    seen = desk.seen_as(source.name, named) if named else {}  # type: ignore[arg-type]
    addresses = Addresses(source, prefix, patient, seen)
    addresses.gather(reader, referred)
    return addresses
