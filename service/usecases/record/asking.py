"""Who asks for a change, at which base, and with what the record is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.fhir.version import FhirVersion
from service.knowledge.library import Library
from service.usecases.assess import House
from service.usecases.record.port import Store


@dataclass(frozen=True, slots=True)
class Recording:
    """With what the record is kept and assessed.

    sources: names of the servers that tell us of patients -> whether they are owed the plans.
    """

    store: Store
    library: Library
    house: House
    sources: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """One request.

    address: of the base that was asked, `http://host/fhir/r4`, without a slash at its end.
    lenient: a HER2 result that cannot be read is kept, and flagged. now: the one clock reading,
    with its zone. agent: who asks, as authentication knows it; network: from where. request: its
    id. prefix: what the ids of a source's resources begin with here, its references too.
    """

    release: FhirVersion
    address: str
    lenient: bool
    now: datetime
    agent: str = "unauthenticated caller"
    network: str = ""
    request: str = ""
    prefix: str = ""
