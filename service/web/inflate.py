"""Undo gzip with a bound, so that a small body cannot become a large one in memory."""

from __future__ import annotations

import zlib

from service.core.errors import Fault, NotFhir, TooLarge

MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


def inflate(packed: bytes, limit: int) -> bytes:
    """The bytes in a gzip stream of one or more members, `limit` of them at the most.

    Raises TooLarge when there would be more, NotFhir when it is not a whole gzip stream. Never
    holds more than `limit` + 1 unpacked bytes.
    """
    plain = bytearray()
    while packed:
        member = zlib.decompressobj(_GZIP)
        try:
            plain += member.decompress(packed, limit + 1 - len(plain))
        except zlib.error:
            raise _broken() from None
        if len(plain) > limit:
            raise too_large(limit)
        if not member.eof:
            raise _broken()
        packed = member.unused_data.lstrip(b"\0")  # gzip files may be padded with zeros
    return bytes(plain)


def too_large(limit: int) -> TooLarge:
    """The refusal of a body, or of what its gzip holds, that exceeds the limit."""
    return TooLarge(
        Fault("too-long", f"The body exceeds {limit} bytes: send fewer resources at a time.")
    )


def _broken() -> NotFhir:
    return NotFhir(Fault("structure", "The body is not a whole gzip stream."))
