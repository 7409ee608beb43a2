"""JSON in and out with numbers as written: 2.50 stays 2.50.

`decode` gives Decimal for every number with a point or exponent and int for the others;
`encode` writes a Decimal with the digits it holds. Neither ever makes a float.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from service.core.errors import Fault, NotFhir

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
#: Levels of nesting that are still read; FHIR's own resources stay far below.
DEEPEST = 100
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_TOO_DEEP = Fault("structure", "The JSON nests more deeply than FHIR allows.")
_encoder = msgspec.json.Encoder(decimal_format="number")
_in_order = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def decode(body: bytes) -> Any:
    """The JSON value in the body; NotFhir when it is not JSON or nests too deeply."""
    try:
        value = _decoder.decode(body)
    except RecursionError:
        raise NotFhir(_TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, ArithmeticError) as error:
        raise NotFhir(
            Fault("structure", f"The body is not JSON ({_place(error)}). Send FHIR as JSON.")
        ) from None

    if _may_nest_deeply(body) and _depth(value) > DEEPEST:
        raise NotFhir(_TOO_DEEP)
    return value


def _may_nest_deeply(body: bytes) -> bool:
    """Quick and safe: brackets alone, pairs taken away level by level (strings may add some)."""
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


def _depth(value: Any) -> int:
    """How many objects and lists are around the innermost value."""
    deepest, todo = 0, [(value, 0)]
    while todo:
        here, depth = todo.pop()
        deepest = max(deepest, depth)
        inner = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        todo += [(v, depth + 1) for v in inner]
    return deepest


def _place(error: Exception) -> str:
    """Where the text stops being JSON, without repeating any of it."""
    said = str(error)
    _, found, byte = said.rpartition("(byte ")
    return f"byte {byte.rstrip(')')}" if found else "unreadable text"


def encode(value: Any) -> bytes:
    """UTF-8 JSON of plain values and Decimals."""
    return _encoder.encode(value)


def encode_in_order(value: Any) -> bytes:
    """The same with the elements of each object in order: equal for equal JSON."""
    return _in_order.encode(value)
