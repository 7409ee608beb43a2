"""The drug records on the server that plans are written to: once an edition."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.adapters.fhir_server.server import FhirServer
from service.core.errors import ServerAway, ServerRefused, SettingsError
from service.usecases.exchange.publish import edition_of, is_due, publish
from service.usecases.exchange.trading import Trading
from service.usecases.record.links import references_in
from tests.exchange.exchange_support import TOPIC, watched, without
from tests.support.hospital import Hospital

KIND = "MedicationKnowledge"


@contextmanager
def opened(path: Path, **more: Any) -> Iterator[Hospital]:
    """As the tests of the exchange have it; `update_create` and `conditional_update` as in the
    CapabilityStatement of the server."""
    offered = {
        name: more.pop(name) for name in ("update_create", "conditional_update") & more.keys()
    }
    with watched(f"sqlite:///{path / 'her2.db'}", **more) as found:
        for name, whether in offered.items():
            setattr(found.server.fhir, name, whether)
        yield found


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Hospital]:
    with opened(tmp_path) as found:
        yield found


def another_edition(trading: Trading) -> Trading:
    """With a library whose therapy edition is newer, and one drug's form named otherwise."""
    library = trading.recording.library
    first, *rest = library.drugs
    drug = replace(first, dose_form=replace(first.dose_form, text="another form"))
    therapy = replace(library.therapy, version="2099.01")
    library = replace(library, therapy=therapy, drugs=(drug, *rest))
    return replace(trading, recording=replace(trading.recording, library=library))


def due(trading: Trading) -> bool:
    state = trading.desk.state(trading.source.name)
    return is_due(state, edition_of(trading), trading.clock())


@pytest.mark.parametrize("ways", [{}, {"update_create": False}])
def test_the_records_are_there_once_however_often_they_are_published(tmp_path, ways):
    with opened(tmp_path, **ways) as clinic:
        drugs = len(clinic.trading.recording.library.drugs)
        assert publish(clinic.trading).records == drugs
        publish(clinic.trading)
        assert clinic.server.count(KIND) == {"count": drugs, "versions": drugs}


@pytest.mark.parametrize("ways", [{}, {"update_create": False}])
def test_the_records_refer_to_each_other_as_the_server_knows_them(tmp_path, ways):
    with opened(tmp_path, **ways) as clinic:
        publish(clinic.trading)
        records = clinic.at_source(KIND)
        there = {f"{KIND}/{record['id']}" for record in records}
        referred = {r for record in records for r in references_in(record) if r[0] != "#"}
        assert len(referred) > 5
        assert referred <= there


def test_a_record_says_all_that_our_own_does_but_its_profile(clinic):
    publish(clinic.trading)
    for record in clinic.at_source(KIND):
        own = clinic.endpoint.read(f"{KIND}/{record['id']}")
        meta = record.pop("meta")
        assert "profile" not in meta
        del own["meta"]
        assert record == own


def test_a_server_of_r5_gets_the_records_of_r5(tmp_path):
    with opened(tmp_path, fhir_version="5.0.0", topic=TOPIC) as clinic:
        publish(clinic.trading)
        own = clinic.endpoint.read(KIND, base="/fhir/r5")["entry"][0]["resource"]
        (there,) = [r for r in clinic.at_source(KIND) if r["id"] == own["id"]]
        assert there["definitional"] == own["definitional"]


@pytest.mark.parametrize("ways", [{}, {"update_create": False}])
def test_what_a_new_edition_changes_is_brought_up_to_date(tmp_path, ways):
    with opened(tmp_path, **ways) as clinic:
        publish(clinic.trading)
        before = clinic.server.count(KIND)
        assert not due(clinic.trading)
        newer = another_edition(clinic.trading)
        assert due(newer)
        publish(newer)
        assert clinic.trading.desk.state("hapi").published.startswith("therapy|2099.01|")
        after = clinic.server.count(KIND)
        assert after == {"count": before["count"], "versions": before["versions"] + 1}


def test_another_server_to_write_to_has_nothing_yet(clinic):
    publish(clinic.trading)
    source = clinic.trading.source
    moved = replace(source, write_to=replace(source.write_to, base="https://new.example/fhir"))
    assert due(replace(clinic.trading, source=moved))


def test_a_server_without_the_type_is_told_about_until_the_edition_changes(clinic):
    without(clinic, KIND)
    with pytest.raises(ServerRefused, match="has no MedicationKnowledge"):
        publish(clinic.trading)
    state = clinic.trading.desk.state("hapi")
    assert "has no MedicationKnowledge" in state.publish_said
    assert state.published == ""
    clinic.later(days=400)
    assert not due(clinic.trading)
    assert due(another_edition(clinic.trading))


def test_a_server_where_they_would_be_doubled_is_refused(tmp_path):
    ways = {"update_create": False, "conditional_update": False}
    with opened(tmp_path, **ways) as clinic:
        with pytest.raises(ServerRefused, match="updateCreate"):
            publish(clinic.trading)
        assert clinic.server.count(KIND)["count"] == 0
        assert not due(clinic.trading)


def test_a_person_may_ask_again_whatever_was_refused(tmp_path):
    with opened(tmp_path) as clinic:
        capability = clinic.server.fhir.capability
        without(clinic, KIND)
        with pytest.raises(ServerRefused):
            publish(clinic.trading)
        clinic.server.fhir.capability = capability
        target = FhirServer(clinic.source.at)  # as a command has it: nothing is remembered
        assert publish(replace(clinic.trading, target=target)).records > 0
        assert clinic.trading.desk.state("hapi").publish_said == ""


def test_a_server_that_is_away_is_tried_later_and_nothing_is_half_there(clinic):
    clinic.server.fault("503", retry_after=100)
    with pytest.raises(ServerAway):
        publish(clinic.trading)
    assert not due(clinic.trading)
    clinic.later(seconds=99)
    assert not due(clinic.trading)
    clinic.later(seconds=2)
    assert due(clinic.trading)
    clinic.server.fault("ok")
    publish(clinic.trading)
    assert not due(clinic.trading)
    assert clinic.trading.desk.state("hapi").publish_said == ""


def test_an_answer_that_was_lost_leads_to_the_same(clinic):
    clinic.trading.target.capability()
    clinic.server.fault("cut", times=1)
    with pytest.raises(ServerAway):
        publish(clinic.trading)
    clinic.later(minutes=20)
    done = publish(clinic.trading)
    assert clinic.server.count(KIND) == {"count": done.records, "versions": done.records}


def test_another_refusal_is_tried_again_after_an_hour(clinic):
    clinic.server.refusing = True
    with pytest.raises(ServerRefused, match="403"):
        publish(clinic.trading)
    assert not due(clinic.trading)
    clinic.later(minutes=61)
    assert due(clinic.trading)


def test_without_a_server_to_write_to_the_setting_is_named(tmp_path):
    with opened(tmp_path, write_back=False) as clinic:
        trading = clinic.trading
        with pytest.raises(SettingsError, match=r"\[sources.hapi\] write_back"):
            publish(trading)
