"""What changed at a source is found, whatever it told us of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.usecases.exchange.catch_up import catch_up
from tests.support.sources import ihc


class ByItsInnerName:
    """A server whose history names its resources by the address that it has within its network."""

    def __init__(self, server) -> None:
        self._server = server

    def __getattr__(self, name):
        return getattr(self._server, name)

    def history(self, kind, query):
        found = self._server.history(kind, query)
        return replace(found, resources=tuple(map(self._named, found.resources)))

    def _named(self, entry):
        request = entry["request"]
        return {**entry, "request": {**request, "url": f"http://inner:8080/fhir/{request['url']}"}}


@pytest.mark.parametrize("named", [lambda server: server, ByItsInnerName], ids=["", "inner name"])
def test_a_deletion_that_nobody_told_of_is_found_in_the_history(clinic, named):
    clinic.happens(ihc(score="3+"))
    clinic.work()
    assert len(clinic.plans("p1")) == 1
    clinic.delete("Observation/ihc-p1")
    asked = replace(clinic.trading, server=named(clinic.trading.server))
    assert catch_up(asked) == 1
    assert catch_up(asked) == 0
    clinic.work()
    assert clinic.plans("p1") == []


def test_what_was_deleted_and_made_anew_stands(clinic):
    clinic.happens(ihc(score="3+"))
    clinic.work()
    clinic.delete("Observation/ihc-p1")
    clinic.put(ihc(score="3+"))
    catch_up(clinic.trading)
    clinic.work()
    assert len(clinic.plans("p1")) == 1
