"""Undo gzip with a bound, so that a small body cannot become a large one in memory."""

from __future__ import annotations

import zlib

_GZIP = 16 + zlib.MAX_WBITS


class NoGzip(Exception):
    """It is no gzip stream."""


class CutShort(Exception):
    """The stream ends before its end."""


class TooMuch(Exception):
    """It holds more bytes than the limit."""


def gunzip(packed: bytes, limit: int) -> bytes:
    """The bytes in a gzip stream of one or more members, `limit` of them at the most.

    Raises NoGzip, CutShort or TooMuch. Never holds more than `limit` + 1 unpacked bytes.
    """
    plain = bytearray()
    while packed:
        member = zlib.decompressobj(_GZIP)
        try:
            plain += member.decompress(packed, limit + 1 - len(plain))
        except zlib.error:
            raise NoGzip from None
        if len(plain) > limit:
            raise TooMuch
        if not member.eof:
            raise CutShort
        packed = member.unused_data.lstrip(b"\0")  # gzip files may be padded with zeros
    return bytes(plain)
