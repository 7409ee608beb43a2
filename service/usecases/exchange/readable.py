"""Whether a resource by itself can be taken in: it is FHIR, and a result in it can be read."""

from __future__ import annotations

from typing import Any

from service.core.errors import RequestRefused
from service.usecases.assess import Caller, assess
from service.usecases.exchange.trading import Trading
from service.usecases.record.door import admit
from service.usecases.record.interaction import Interaction
from service.usecases.record.kept import EVIDENCE
from service.usecases.record.port import Method


def check(resource: dict[str, Any], kind: str, id: str, trading: Trading) -> None:
    """Raises NotFhir, or Unreadable for a result that cannot be read, with every fault."""
    recording, release = trading.recording, trading.source.at.release
    asked = Interaction(Method.PUT, kind, id, resource=resource)
    admit([asked], release, recording.house.canonical_base)
    if kind in EVIDENCE:
        caller = Caller(query={}, lenient=False, now=trading.clock())
        assess(resource, caller, recording.library, recording.house, release)


def told(refused: RequestRefused) -> str:
    """All faults as one text, each with its place."""
    return " ".join(f"{f.where}: {f.text}" if f.where else f.text for f in refused.faults)
