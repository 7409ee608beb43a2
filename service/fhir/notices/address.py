"""Which resource is meant: type, id and version, never the server that a sender names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.fhir.notices.parts import not_fhir

_TYPE = r"[A-Z][A-Za-z]+"
_ID = r"[A-Za-z0-9.-]{1,64}"
_ADDRESS = re.compile(rf"(?:^|/)({_TYPE})/({_ID})(?:/_history/({_ID}))?\Z")
_ETAG = re.compile(rf'(?:W/)?"({_ID})"')


@dataclass(frozen=True, slots=True)
class Address:
    """A resource of the sender. version: empty when the reference names none."""

    type: str
    id: str
    version: str = ""


def address_in(reference: str) -> Address | None:
    """Type, id and version at the end of a relative or absolute reference; None for others.

    The rest of an absolute address is dropped: what has to be fetched is fetched from the base
    that the source is configured with, never from one that was sent (wire-facts (a), rule 6).
    """
    found = _ADDRESS.search(reference.partition("?")[0])
    return Address(found[1], found[2], found[3] or "") if found else None


def id_in(text: str) -> str:
    """The text where it is an id (R4 datatypes.html#id), as versions are too; else empty."""
    return text if re.fullmatch(_ID, text) else ""


def version_in(etag: str) -> str:
    """The version in an ETag such as `W/"3"` (R4 http.html#versioning); else empty."""
    found = _ETAG.fullmatch(etag)
    return found[1] if found else ""


def check_type(text: str, where: str) -> None:
    """NotFhir unless it is written as FHIR writes the name of a type."""
    if not re.fullmatch(_TYPE, text):
        raise not_fhir("This is not the name of a FHIR resource type.", where)


def check_id(text: str, where: str) -> None:
    """NotFhir unless it is an id (R4 datatypes.html#id)."""
    if not id_in(text):
        raise not_fhir("An id has 1 to 64 letters, digits, '-' and '.'.", where, "value")
