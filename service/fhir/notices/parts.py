"""Looking into JSON that anyone may have sent: what is not of the kind expected is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from service.core.errors import Fault, NotFhir

#: Longer texts than this (addresses, codes, moments) are no sender's.
_LONGEST = 1024
_MOST_FAULTS = 50
_DIGITS = re.compile(r"[0-9]{1,18}")


def not_fhir(text: str, where: str = "", code: str = "structure") -> NotFhir:
    """The refusal of one fault; `text` never repeats what was sent."""
    return NotFhir(Fault(code, text, where))


def all_of(faults: Sequence[Fault]) -> NotFhir:
    """The refusal of several faults; of very many, the first, since they are read by a person."""
    return NotFhir(*faults[:_MOST_FAULTS])


def object_at(value: object, name: str) -> Mapping[str, Any]:
    """The object of that name, else an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def list_at(value: object, name: str) -> list[Any]:
    """The list of that name, else an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def text_at(value: object, name: str) -> str:
    """The text of that name, else an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) and len(found) <= _LONGEST else ""


def count_at(value: object, name: str) -> int | None:
    """A count as a JSON number or as digits in a string.

    R5's integer64 is a JSON string (R5 json.html), the backport's R4 form a FHIR string, Aidbox's
    and R4B's a number. What nobody counts to is None.
    """
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, str) and _DIGITS.fullmatch(found):
        return int(found)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**18:
        return found
    return None
