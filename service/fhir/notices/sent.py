"""A request of a FHIR sender, as it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it arrived. kind, id: from the path below /notify/{source}, may be empty.

    headers: names in lower case. body: raw, since signatures and digits are read from it.
    """

    method: str
    kind: str
    id: str
    headers: Mapping[str, str]
    body: bytes
