"""The story that every client plays: a patient, IHC 2+, and then an amplified ISH.

What a client is given is plain JSON, and so is what it tells: (step, said) pairs, in the order of
STEPS. `said` is what the client itself hands its caller, written as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from tests.support.evidence import (
    IHC,
    SCORES,
    answer_of,
    copies,
    observation,
    patient,
    ratio,
    specimen,
)

Json = Any

#: The steps of the story -> what is done, and what is said of it.
STEPS = {
    "metadata": "the CapabilityStatement",
    "created": "`visitor` by create",
    "read": "the same by its id",
    "updated": "the same with `gender` female",
    "upserted": "the same with `gender` other, by conditional update: `visitor-criteria`",
    "first": "its first version",
    "history": "its versions, the newest first",
    "once": "`known` by conditional create: `known-criteria`",
    "twice": "the same again",
    "found": "every Patient that meets `known-criteria`, by search",
    "waiting": "the response to the transaction `waiting`",
    "pending": "the Bundle that $assess-her2 answers for the Patient of that transaction",
    "plan": "CarePlans of that Patient that are draft, by search",
    "amplified": "the response to the transaction `amplified`",
    "positive": "as `pending`",
    "plans": "as `plan`",
    "categories": "Observations with `category-code` of that Patient, by search",
    "paged": "every Observation of that Patient, by the client's own paging, one a page",
    "counted": "how many they are, by a search that asks for the number alone",
    "batched": "that Patient and the searchset of its Observations, read in one batch",
    "gone": "the OperationOutcome of reading the first Patient, now deleted",
    "refused": "the OperationOutcome of creating `unreadable`",
}

CATEGORY = "https://her2.example/fhir/CodeSystem/her2-observable|her2-category"
DAY = "2026-05-01"


class Client(Protocol):
    """Plays the story against a base such as http://127.0.0.1:8080/fhir/r4."""

    def __call__(self, base: str, given: Json) -> Iterator[tuple[str, Json]]: ...


def given(client: str) -> Json:
    """What a client is given; the people are its own, so that clients do not meet."""
    visitor, known, treated = (
        _person(f"{client}-{name}") for name in ("visitor", "known", "treated")
    )
    return {
        "visitor": visitor,
        "visitor-criteria": _criteria(visitor),
        "known": known,
        "known-criteria": _criteria(known),
        "waiting": _sent(treated, _ihc()),
        "amplified": _sent(treated, *_ish()),
        "unreadable": _new(observation(IHC, answer_of("LA0000-0"), sample="", when=DAY)),
        "category-code": CATEGORY,
    }


def _person(name: str) -> Json:
    return _new(patient(name))


def _new(resource: Json) -> Json:
    """Without the id that it is yet to be given."""
    return {name: value for name, value in resource.items() if name != "id"}


def _criteria(resource: Json) -> Json:
    known = resource["identifier"][0]
    return {"identifier": f"{known['system']}|{known['value']}"}


def _ihc() -> Json:
    return observation(IHC, answer_of(SCORES["2+"]), name="ihc", when=DAY)


def _ish() -> tuple[Json, Json]:
    return ratio(2.6, when=DAY), copies(6.2, when=DAY)


def _sent(treated: Json, *results: Json) -> Json:
    """A transaction as an engine sends it: the patient and the tissue are known or created."""
    tissue = _new(specimen()) | {
        "identifier": [{**treated["identifier"][0], "system": "https://hospital.example/tissue"}]
    }
    people, tissues = (
        "urn:uuid:6e20b509-8ed6-5389-9370-d169175e8503",
        ("urn:uuid:e371834e-6bbe-590b-859c-d5a4c983392e"),
    )
    tissue["subject"] = {"reference": people}
    of_them = {"subject": {"reference": people}, "specimen": {"reference": tissues}}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            _known_or_created(people, treated),
            _known_or_created(tissues, tissue),
            *(
                {
                    "resource": _new(result) | of_them,
                    "request": {"method": "POST", "url": "Observation"},
                }
                for result in results
            ),
        ],
    }


def _known_or_created(url: str, resource: Json) -> Json:
    kind = resource["resourceType"]
    criteria = f"identifier={_criteria(resource)['identifier']}"
    return {
        "fullUrl": url,
        "resource": resource,
        "request": {"method": "POST", "url": kind, "ifNoneExist": criteria},
    }
