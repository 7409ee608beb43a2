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
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode(body: bytes) -> Any:
    """The JSON value in the body; NotFhir when it is not JSON or nests too deeply."""
    try:
        return _decoder.decode(body)
    except RecursionError:
        raise NotFhir(Fault("structure", "The JSON nests more deeply than FHIR allows.")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, ArithmeticError) as error:
        raise NotFhir(
            Fault("structure", f"The body is not JSON ({_place(error)}). Send FHIR as JSON.")
        ) from None


def _place(error: Exception) -> str:
    """Where the text stops being JSON, without repeating any of it."""
    said = str(error)
    _, found, byte = said.rpartition("(byte ")
    return f"byte {byte.rstrip(')')}" if found else "unreadable text"


def encode(value: Any) -> bytes:
    """UTF-8 JSON of plain values and Decimals."""
    return _encoder.encode(value)
