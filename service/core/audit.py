"""What is told of a change to the record: who did what to which resource, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: Operations as `Audit.interaction` names them.
PURGE, PRUNE = "$purge", "$prune"


@dataclass(frozen=True, slots=True)
class Audit:
    """One change; no clinical content.

    recorded: in UTC. action: FHIR's C, U, D or E. interaction: `create`, `update`, `delete`, PURGE
    or PRUNE. type, target: the resource, `Observation` and its id; of PRUNE no type, and the day
    until which all was kept. number: of the version that it led to. patient: the key of whose
    record it is in, empty for nobody's. agent: who asked, as authentication knows it. network: the
    caller's address. request: its id. base: the FHIR base asked; empty for a command. outcome:
    FHIR's 0, 4, 8 or 12.
    """

    id: str
    recorded: datetime
    action: str
    interaction: str
    type: str
    target: str
    number: int | None
    patient: str
    agent: str
    network: str
    request: str
    base: str
    outcome: int = 0

    @property
    def reference(self) -> str:
        """`Type/id`, with the version where there is one; empty when it is about no resource."""
        if not self.type:
            return ""
        version = f"/_history/{self.number}" if self.number is not None else ""
        return f"{self.type}/{self.target}{version}"
