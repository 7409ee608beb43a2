"""What a source is asked to notify us of where its settings do not say: every HER2 result."""

from __future__ import annotations

from service.core.codes import Codes, LocalCodes

_LOINC = "http://loinc.org"
_HER2 = ("ihc", "ish", "ratio", "copies", "cep17", "cells", "conclusion", "panel")


def every_result(codes: Codes, local: LocalCodes | None) -> tuple[str, ...]:
    """One search: the verified LOINC codes of HER2 tests, and the hospital's own that equal one."""
    tests = {
        known: coding
        for known, coding in codes.read.get("test", {}).items()
        if coding.concept in _HER2 and coding.verified
    }
    known = {f"{_LOINC}|{code}" for system, code in tests if system == _LOINC}
    if local is not None:
        known |= {f"{s}|{code}" for (s, code), to in local.same.items() if to in tests}
    return (f"Observation?code={','.join(sorted(known))}",)
