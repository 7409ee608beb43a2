"""A gzipped body unpacked, or refused as any other body that is too large or no FHIR."""

from __future__ import annotations

from service.core.errors import Fault, NotFhir, TooLarge
from service.core.gunzip import CutShort, NoGzip, TooMuch, gunzip

MAGIC = b"\x1f\x8b"


def inflate(packed: bytes, limit: int) -> bytes:
    """The bytes in a gzip stream of one or more members, `limit` of them at the most.

    Raises TooLarge when there would be more, NotFhir when it is not a whole gzip stream. Never
    holds more than `limit` + 1 unpacked bytes.
    """
    try:
        return gunzip(packed, limit)
    except TooMuch:
        raise too_large(limit) from None
    except (NoGzip, CutShort):
        raise NotFhir(Fault("structure", "The body is not a whole gzip stream.")) from None


def too_large(limit: int) -> TooLarge:
    """The refusal of a body, or of what its gzip holds, that exceeds the limit."""
    return TooLarge(
        Fault("too-long", f"The body exceeds {limit} bytes: send fewer resources at a time.")
    )
