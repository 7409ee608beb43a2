"""Identities that we derive: the same for the same thing, for ever."""

from __future__ import annotations

from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

#: Never changed: identities that were given out rest on it, whatever the canonical base is.
NAMESPACE = uuid5(NAMESPACE_URL, "https://her2.example/fhir/sid/derived")


@lru_cache(1024)
def derived_id(*parts: str) -> str:
    """The UUIDv5 of the parts joined by `|`: order counts, and so does every letter."""
    return str(uuid5(NAMESPACE, "|".join(parts)))
