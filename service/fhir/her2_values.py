"""One HER2 test's value as findings. Sources: codes.md; her2-classification 4, 7, 8b; P01-P41."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.core.findings import Context, Quantity
from service.core.guideline import Guideline
from service.fhir.coder import Coder
from service.fhir.conclusion_value import read_conclusion
from service.fhir.ihc_value import read_ihc
from service.fhir.ish_value import read_ish, read_number
from service.fhir.value_reading import Asked, ValueReading
from service.fhir.values import ValueUnreadable, value_keys

#: Tests in the order in which they are preferred when one code says several.
TESTS = ("ihc", "ratio", "copies", "cep17", "cells", "ish", "conclusion")


def read_value(
    test: str, part: Mapping[str, Any], context: Context, coder: Coder, guideline: Guideline
) -> ValueReading:
    """The findings of an Observation's or component's value.

    Raises ValueUnreadable when it says nothing that the test can take.
    """
    keys = value_keys(part)
    if len(keys) > 1:
        raise ValueUnreadable("There is more than one value[x].")
    asked = Asked(part, keys[0] if keys else "", context, coder, guideline)
    found = ValueReading()
    if test == "ihc":
        read_ihc(asked, found)
    elif test == "ish":
        read_ish(asked, found)
    elif test == "conclusion":
        read_conclusion(asked, found)
    else:
        read_number(Quantity(test), asked, found)
    return found
