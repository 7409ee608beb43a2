"""Whether a body is from who shares a secret with us."""

from __future__ import annotations

import hmac


def signed(secret: str, body: bytes, said: str) -> bool:
    """Whether `said` is the HMAC-SHA256 of the raw body in hex (Medplum's X-Signature).

    Compared in constant time. Upper-case hex and GitHub's `sha256=` before it are taken. False
    without a secret: an empty one would be known to everybody.
    """
    said = said.strip().lower().removeprefix("sha256=")
    if not secret or not said or not said.isascii():
        return False
    return hmac.compare_digest(hmac.new(secret.encode(), body, "sha256").hexdigest(), said)
