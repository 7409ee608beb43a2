"""What an entry of a batch or a transaction reads: one resource, or a search."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from service.core.errors import Fault, NotFound
from service.fhir.version import FhirVersion
from service.usecases.record.kept import KEPT
from service.usecases.record.stored import as_resource
from service.usecases.record.targets import there
from service.web.parts import Parts
from service.web.record_parts import number_in, readable
from service.web.record_search import searched

_MANY = re.compile(r"/?([A-Z][A-Za-z]+)\?(.*)")
_ONE = re.compile(r"/?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([^/?]+))?")


def read_at(url: str, parts: Parts, version: FhirVersion, address: str) -> dict[str, Any]:
    """The resource, the version of one, or the searchset at an address below the base."""
    if (one := _ONE.fullmatch(url)) and one[1] in KEPT:
        with parts.store.reading() as reader:
            found = (
                reader.version(one[1], one[2], number_in(one[3]))
                if one[3]
                else reader.current(one[1], one[2])
            )
        return as_resource(readable(there(found, one[1]), version), version)
    if (many := _MANY.fullmatch(url)) and many[1] in KEPT:
        query = parse_qs(many[2], keep_blank_values=True)
        return searched(many[1], query, address, False, parts, version)
    raise NotFound(Fault("not-found", "An entry reads `Type/id` or a search of a kept type."))
