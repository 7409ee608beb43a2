"""A patient as another engine needs it: the summary of an answer, and an Observation a fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from service.core.fact_book import NOT_TO_STATE
from service.core.facts import FactValue, Stretch
from service.fhir.systems import Systems
from tests.support.cases import BASE
from tests.support.known_patients import KnownPatient

_SYSTEMS = Systems(BASE)
#: What refers to resources that are not there, and what other tests know our answers by.
_LEFT_OUT = {"derivedFrom", "specimen", "focus", "identifier", "meta"}
Resource = dict[str, Any]


def resources_of(patient: KnownPatient, identity: str) -> list[Resource]:
    """The Patient of this id, the derived Observations and the facts, each with an id."""
    subject = {"reference": f"Patient/{identity}"}
    facts = list(_facts(patient))
    return [
        {"resourceType": "Patient", "id": identity},
        *({**_without(o), "subject": subject} for o in patient.observations),
        *({**f, "id": f"{identity}-{n}", "subject": subject} for n, f in enumerate(facts)),
    ]


def _without(observation: Resource) -> Resource:
    return {k: v for k, v in observation.items() if k not in _LEFT_OUT}


def _facts(patient: KnownPatient) -> Iterator[Resource]:
    (world,) = patient.worlds
    for fact, value in world.items():
        if fact not in NOT_TO_STATE:
            yield from (_fact(fact, said) for said in _said(value))
    for told in patient.drug_facts:
        drug = {
            "code": {"coding": [_SYSTEMS.coding("her2-observable", "drug")]},
            "valueString": told.drug,
        }
        yield _fact(told.name, {"valueBoolean": told.value, "component": [drug]})


def _fact(name: str, said: Resource) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [_SYSTEMS.coding("her2-fact", name)]},
        **said,
    }


def _said(value: FactValue) -> Iterable[Resource]:
    """The value, or each end of a stretch."""
    match value:
        case bool():
            yield {"valueBoolean": value}
        case int():
            yield {"valueInteger": value}
        case Decimal():
            yield {"valueQuantity": {"value": value}}
        case str():
            yield {"valueString": value}
        case Stretch(low, high, includes_low, includes_high):
            yield _end(low, ">=" if includes_low else ">")
            if high is not None:
                yield _end(high, "<=" if includes_high else "<")


def _end(value: Decimal, comparator: str) -> Resource:
    return {"valueQuantity": {"value": value, "comparator": comparator}}
