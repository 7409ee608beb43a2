"""When all is over: every patient's plan stands at his server, once, as a fresh assessment of what
stands there says, and whatever was acknowledged was worked on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from service.adapters.store.tables import notice
from service.fhir.json import decode, encode
from service.fhir.own import WITHDRAWN, is_own
from tests.support.cases import HOUSE
from tests.support.endpoint import Resource, content, fresh
from tests.support.running_exchange import Exchange, FhirServer

_BASE = HOUSE.canonical_base
_EVIDENCE = ("Patient", "Specimen", "Condition", "Observation")
_SETTLED = {"done", "stale"}


@dataclass(frozen=True, slots=True)
class Found:
    """lost, doubled: a sentence each. plans: that stand. patients: that have a result."""

    plans: int
    patients: int
    lost: list[str]
    doubled: list[str]


def found_after(exchange: Exchange) -> Found:
    """Look at everything, at all servers."""
    lost, doubled = unsettled(exchange), []
    plans = patients = 0
    for name, server in exchange.servers.items():
        at = _At(server, exchange.store.desk.state(name).prefix)
        doubled += at.doubled()
        for patient in at.patients:
            standing, expected = at.standing(patient), at.expected(patient)
            plans += sum(_is_plan(r) for r in standing.values())
            patients += bool(expected)
            if standing != expected:
                lost.append(f"{name}: Patient/{patient}: {_difference(standing, expected)}")
    return Found(plans, patients, lost, doubled)


def unsettled(exchange: Exchange) -> list[str]:
    """What was acknowledged, and is not kept or not settled."""
    columns = (notice.c.source, notice.c.type, notice.c.id, notice.c.version)
    with exchange.store.engine.connect() as connection:
        rows = connection.execute(select(*columns, notice.c.state)).all()
    states = {tuple(row[:4]): row[4] for row in rows}
    told = {(e.source, e.kind, e.id, e.version) for e in exchange.taken}
    return [
        f"{one}: {states.get(one, 'not kept')}"
        for one in sorted(told)
        if states.get(one) not in _SETTLED
    ]


class _At:
    """What stands at a server. prefix: of its ids in our record, by which what is derived of its
    patients is called."""

    def __init__(self, server: FhirServer, prefix: str) -> None:
        self._prefix = prefix
        found = [r for kind in _EVIDENCE for r in server.found(kind)]
        self._evidence = [r for r in found if not is_own(r, _BASE)]
        self._own = [r for r in found if is_own(r, _BASE)] + server.found("CarePlan")
        self._provenance = server.found("Provenance")
        self.patients = sorted(r["id"] for r in self._evidence if r["resourceType"] == "Patient")

    def standing(self, patient: str) -> dict[str, Resource]:
        """What of us stands of a patient."""
        return _plain(
            {
                f"{r['resourceType']}/{r['id']}": r
                for r in _of(patient, self._own)
                if r["status"] != WITHDRAWN[r["resourceType"]]
            },
            self._prefix,
        )

    def expected(self, patient: str) -> dict[str, Resource]:
        """What a fresh assessment says, of a patient who has a result."""
        evidence = _of(patient, self._evidence)
        if not any(r["resourceType"] == "Observation" for r in evidence):
            return {}
        ours = [decode(encode(r)) for r in evidence]
        if self._prefix:
            ours = [_renamed(r, self._prefix) for r in ours]
        return _plain(fresh(ours, day=date.today()), self._prefix)

    def doubled(self) -> list[str]:
        """What is there twice."""
        named = Counter(i["value"] for r in self._own for i in r["identifier"])
        tagged = Counter(
            tag["code"]
            for r in self._provenance
            for tag in r["meta"]["tag"]
            if tag["system"].endswith("/her2-assessment")
        )
        assert sum(tagged.values()) == len(self._provenance)
        told = Counter(map(_told, self._provenance))
        return [f"{one}: {n} times" for one, n in (named + tagged + told).items() if n > 1]


def _told(provenance: Resource) -> str:
    """All that it says, but for when it was written down."""
    said = {k: v for k, v in provenance.items() if k not in ("id", "meta", "recorded")}
    return encode(said).decode()


def _of(patient: str, resources: Iterable[Resource]) -> list[Resource]:
    return [
        r
        for r in resources
        if (r["resourceType"], r["id"]) == ("Patient", patient)
        or r.get("subject", {}).get("reference") == f"Patient/{patient}"
    ]


def _renamed(resource: Resource, prefix: str) -> Resource:
    """As our record has it."""
    text = re.sub(rb'("reference":\s*"\w+/)', rb"\g<1>" + prefix.encode(), encode(resource))
    return {**decode(text), "id": prefix + resource["id"]}


def _plain(resources: Mapping[str, Resource], prefix: str = "") -> dict[str, Resource]:
    """Without versions, which only the server gives, and with its own ids."""
    found: dict[str, Resource] = {}
    for reference, resource in content(_without_profiles(resources)).items():
        text = re.sub(rb'/_history/\d+"', b'"', encode(resource))
        text = text.replace(f"/{prefix}".encode(), b"/") if prefix else text  # in sentences too
        found[reference] = decode(text)
    return found


def _without_profiles(resources: Mapping[str, Resource]) -> dict[str, Any]:
    kept = ("tag", "security")
    return {
        reference: {**r, "meta": {k: v for k, v in r["meta"].items() if k in kept}}
        for reference, r in resources.items()
    }


def _is_plan(resource: Resource) -> bool:
    return resource["resourceType"] == "CarePlan" and "partOf" not in resource


def _difference(standing: Mapping[str, Resource], expected: Mapping[str, Resource]) -> str:
    """What is there that should not, what is not, and in what the others differ."""
    both = sorted(set(standing) & set(expected))
    differs = [
        f"{reference} {name}: {standing[reference].get(name)} for {expected[reference].get(name)}"
        for reference in both
        for name in sorted({*standing[reference], *expected[reference]})
        if standing[reference].get(name) != expected[reference].get(name)
    ]
    too_many = sorted(set(standing) - set(expected))
    too_few = sorted(set(expected) - set(standing))
    return f"missing {too_few}, too many {too_many}, different {differs}"
