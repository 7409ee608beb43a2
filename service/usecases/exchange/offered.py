"""What a server's CapabilityStatement says that it offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.fhir.notices.parts import list_at
from service.usecases.exchange.server import Server


def offered(server: Server) -> dict[str, Mapping[str, Any]]:
    """Type -> what it says of it (`rest.resource`); empty when it says nothing of any.

    Raises ServerAway, and ServerRefused where it has no statement.
    """
    rest = list_at(server.capability(), "rest")
    resources = list_at(rest[0], "resource") if rest else []
    return {r["type"]: r for r in resources if isinstance(r, dict) and "type" in r}
