"""What can stand for an id in an address: never a word of FHIR's own, `_history` or `$purge`."""

from __future__ import annotations

from werkzeug.routing import BaseConverter


class NoWordOfFhir(BaseConverter):
    """A part of an address that does not begin with `_` or `$`, as no id does, and that any
    database can look for: PostgreSQL knows no U+0000."""

    regex = r"[^/_$\x00][^/\x00]*"
    part_isolating = True
