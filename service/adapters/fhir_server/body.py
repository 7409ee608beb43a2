"""An answer's body: as many bytes as are allowed, unpacked, and read as FHIR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import IncompleteRead

from service.core.errors import NotFhir, ServerRefused
from service.core.gunzip import CutShort, NoGzip, TooMuch, gunzip
from service.fhir.json import decode

_CHUNK = 64 * 1024


class AnswerTooLong(ServerRefused):
    """An answer of more bytes than are taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. sure: whether it is whole; False where a cut would not be noticed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sure: bool = True

    @property
    def cut(self) -> bool:
        """Whether it seems to have been cut: JSON of no known length that is none."""
        json = _json(self.headers.get("Content-Type", ""))
        return not self.sure and json and self._value() is None

    def _value(self) -> Any:
        try:
            return decode(self.body)
        except NotFhir:
            return None

    def fhir(self, what: str, *kinds: str) -> dict[str, Any]:
        """The resource in it; ServerRefused when it is none, or none of the kinds."""
        if not _json(self.headers.get("Content-Type", "")):
            raise ServerRefused(
                f"The server answered {what} with something else than FHIR as JSON"
                f" (HTTP {self.status}).",
                self.status,
            )
        value = self._value()
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str) or (kinds and kind not in kinds):
            wanted = " or ".join(kinds) or "FHIR"
            raise ServerRefused(
                f"The server's answer to {what} is no {wanted} (HTTP {self.status}).", self.status
            )
        return dict(value)


def _json(content_type: str) -> bool:
    """Whether it says JSON, or nothing at all."""
    return not content_type or "json" in content_type.partition(";")[0].lower()


def read(response: requests.Response, limit: int, what: str) -> Answer:
    """The whole answer; AnswerTooLong, or an error of `requests` or `urllib3` when it is cut."""
    raw = response.raw
    packed = bytearray()
    while chunk := raw.read(_CHUNK, decode_content=False):
        packed += chunk
        if len(packed) > limit:
            raise _too_long(what, limit, response.status_code)
    body = bytes(packed)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        body = _unpacked(body, limit, what, response.status_code)
    elif encoding not in ("", "identity"):
        raise ServerRefused(
            f"The server packed its answer to {what} in a way that it was not asked for.",
            response.status_code,
        )
    # An answer that says no length ends where the connection does, wherever that is. 204 has no
    # body, and of a refusal nothing more is needed.
    status = response.status_code
    sure = any(name in response.headers for name in ("Content-Length", "Transfer-Encoding"))
    sure = sure or encoding != "" or status == 204 or status >= 300
    return Answer(status, response.headers, body, sure)


def _unpacked(packed: bytes, limit: int, what: str, status: int) -> bytes:
    """What the members of a gzip stream hold; never more than the limit is in memory."""
    try:
        return gunzip(packed, limit)
    except TooMuch:
        raise _too_long(what, limit, status) from None
    except CutShort:
        raise IncompleteRead(len(packed), 1) from None
    except NoGzip:
        raise ServerRefused(
            f"The server's answer to {what} is no gzip stream, though it says so.", status
        ) from None


def _too_long(what: str, limit: int, status: int) -> AnswerTooLong:
    return AnswerTooLong(f"The server's answer to {what} exceeds {limit} bytes.", status)
