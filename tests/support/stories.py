"""What happens to invented patients at their hospital, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from tests.support.running_exchange import Event, FhirServer, told_of
from tests.support.sources import ihc, ish, person, sample

Step = Callable[[FhirServer], list[Event]]


def story(name: str, number: int) -> list[Step]:
    """2+ comes, then its ISH; of every third patient the result is corrected afterwards, of every
    fifth it is withdrawn. Each step puts something at the server, and is what it tells of that."""
    steps = [_registered(name), _comes(lately(ish(name)))]
    if number % 3 == 2:
        steps.append(_comes(lately(ihc(name, "3+"))))
    if number % 5 == 4:
        steps.append(_deleted(f"ihc-{name}", f"ish-{name}"))
    return steps


def first_step(name: str, score: str = "2+") -> Step:
    """A patient, his sample and a first result."""
    return _registered(name, score)


def all_steps(server: FhirServer, names: list[str]) -> list[Event]:
    """Everything happens at the server, and nobody has been told of it yet."""
    told = [[step(server) for step in story(name, n)] for n, name in enumerate(names)]
    return [event for steps in told for events in steps for event in events]


def in_rounds(server: FhirServer, rounds: int, each: int) -> Iterator[list[Event]]:
    """In each round some patients are new, and the stories of those before go on."""
    open_stories: list[Iterator[Step]] = []
    number = 0
    for _ in range(rounds):
        for _ in range(each):
            open_stories.append(iter(story(f"p{number}", number)))
            number += 1
        events = []
        for steps in open_stories:
            for step in steps:
                events += step(server)
                break
        yield events


def _registered(name: str, score: str = "2+") -> Step:
    def step(server: FhirServer) -> list[Event]:
        sampled = sample(name) | {"collection": {"collectedDateTime": _day(30)}}
        kept = server.put(person(name), sampled, lately(ihc(name, score)))
        return [told_of(server.name, kept[2])]

    return step


def _comes(resource: dict[str, Any]) -> Step:
    return lambda server: [told_of(server.name, kept) for kept in server.put(resource)]


def _deleted(*ids: str) -> Step:
    def step(server: FhirServer) -> list[Event]:
        for id in ids:
            server.delete("Observation", id)
        return [Event(server.name, "DELETE", "Observation", id) for id in ids]

    return step


def lately(result: dict[str, Any]) -> dict[str, Any]:
    """The services that are tested here read the real clock."""
    return result | {"effectiveDateTime": _day(20)}


def _day(ago: int) -> str:
    return (date.today() - timedelta(days=ago)).isoformat()
