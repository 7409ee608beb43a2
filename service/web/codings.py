"""Our own codes in an answer, for a log line and for the table of `her2 assess`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def codes_in(value: Any, name: str) -> list[str]:
    """Each code of CodeSystem `name` (`her2-rule`) anywhere in a resource, once, as found."""
    return list(dict.fromkeys(_walk(value, f"/CodeSystem/{name}")))


def _walk(value: Any, ending: str) -> Iterator[str]:
    if isinstance(value, dict):
        if str(value.get("system", "")).endswith(ending) and isinstance(value.get("code"), str):
            yield value["code"]
        for inner in value.values():
            yield from _walk(inner, ending)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, ending)
