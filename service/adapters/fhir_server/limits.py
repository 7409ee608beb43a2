"""How much of a server's answer is taken, and how long it is waited for."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call.

    connect: seconds until connected. answer: seconds from the start of a try to the last byte
    of its answer, so that a server that drips is not waited for. bytes: of one answer, packed and
    unpacked. pages, resources, search_bytes, search_seconds: of a search with all its pages;
    what was found until then is given. tries: of a GET within one call. pause: seconds before
    the second try, doubled for each other. patience: the longest `Retry-After` that is sat out
    within a call. remembered: seconds that a CapabilityStatement is.
    """

    connect: float = 5
    answer: float = 30
    bytes: int = 20 * _MIB
    pages: int = 50
    resources: int = 5_000
    search_bytes: int = 100 * _MIB
    search_seconds: float = 300
    tries: int = 3
    pause: float = 0.2
    patience: float = 5
    remembered: float = 600


USUAL = Limits()
