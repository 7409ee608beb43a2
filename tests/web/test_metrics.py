"""`/metrics` as Prometheus reads it: numbers of the desk, by its own parser."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service import __version__
from service.fhir.notices.notice import Happening
from service.settings import Settings
from service.usecases.exchange.desk import Arrival, Channel, State
from service.usecases.record.along import Exchanged
from service.usecases.record.port import Changes
from service.wiring import create_app
from tests.support.endpoint import Endpoint
from tests.support.sources import ihc, source_at

from .conftest import TOKEN

AWAY = "http://127.0.0.1:9/fhir"


@pytest.fixture
def base(tmp_path):
    """A service that nobody has told anything yet."""
    source = source_at(AWAY, token="a-secret-of-the-source")
    endpoint = Endpoint(f"sqlite:///{tmp_path / 'her2.db'}", sources=(source,))
    endpoint.store.desk.settle_in([("hapi", AWAY, None)])
    yield endpoint
    endpoint.close()


def families(endpoint: Endpoint):
    answer = endpoint.client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(endpoint: Endpoint, name: str, **labels: str) -> float | None:
    labels = {"source": "hapi"} | labels
    found = [s.value for s in families(endpoint)[name].samples if s.labels == labels]
    return found[0] if found else None


def owe(endpoint: Endpoint, patient: str) -> None:
    """The source is to hear of a patient's plan."""
    with endpoint.store.changing([patient], alone=True) as unit:
        told = Exchanged("hapi", endpoint.now, owed=[("hapi", patient)])
        unit.apply(Changes(exchanged=told))


def test_of_a_source_that_never_spoke_all_is_zero_and_its_last_word_absent(base):
    assert value(base, "her2_notices", state="waiting") == 0
    assert value(base, "her2_outbox_depth") == 0
    assert value(base, "her2_source_failing") == 0
    assert value(base, "her2_last_notice_age_seconds") is None


def test_notices_are_counted_by_state_and_the_oldest_that_waits_is_timed(base):
    desk, begun = base.store.desk, base.now
    waiting = [Arrival(Happening.CHANGED, "Observation", f"o{n}", key=f"v|{n}") for n in (1, 2)]
    desk.arrive("hapi", waiting, begun)
    desk.arrive("hapi", [Arrival(None, state=State.QUARANTINED)], begun)
    base.now = begun.replace(minute=begun.minute + 2)
    assert value(base, "her2_notices", state="waiting") == 2
    assert value(base, "her2_notices", state="quarantined") == 1
    assert value(base, "her2_notices", state="done") == 0
    assert value(base, "her2_quarantine") == 1
    assert value(base, "her2_notice_oldest_waiting_seconds") == 120
    assert value(base, "her2_last_notice_age_seconds") == 120


def test_a_clock_that_was_set_back_makes_no_age_negative(base):
    base.store.desk.arrive("hapi", [Arrival(Happening.SOMETHING)], base.now)
    base.now = base.now.replace(hour=base.now.hour - 1)
    assert value(base, "her2_last_notice_age_seconds") == 0


def test_what_is_owed_and_what_is_parked_are_told_apart(base):
    desk = base.store.desk
    for patient in ("Patient/p1", "Patient/p2"):
        owe(base, patient)
    assert value(base, "her2_outbox_depth") == 2
    owed = desk.owed("hapi")[0]
    desk.put_off_owed(owed, base.now, "It would not.", parked=True)
    base.now = base.now.replace(minute=base.now.minute + 1)
    assert value(base, "her2_outbox_depth") == 1
    assert value(base, "her2_outbox_parked") == 1
    assert value(base, "her2_outbox_oldest_seconds") == 60


def test_every_event_of_a_gap_is_counted(base):
    desk = base.store.desk
    desk.keep_channel("hapi", Channel("Subscription/1", 30, ((21, 21), (25, 28)), heard=base.now))
    desk.keep_channel("hapi", Channel("Subscription/2", 3, ((1, 1),), heard=base.now))
    assert value(base, "her2_gaps") == 6


def test_a_source_that_fails_is_told(base):
    base.store.desk.note("hapi", failing_since=base.now, said="It is away.")
    assert value(base, "her2_source_failing") == 1


def test_the_build_names_its_version_and_editions(base):
    (sample,) = families(base)["her2_build_info"].samples
    assert sample.value == 1
    assert sample.labels["version"] == __version__
    assert sample.labels["guideline"] == "asco-cap-2018"
    assert sample.labels["therapy"]


def test_every_metric_is_a_gauge_with_help(base):
    for family in families(base).values():
        assert family.type == "gauge"
        assert family.documentation


def test_no_patient_and_no_secret_is_in_it(base):
    base.client().put(
        "/notify/hapi/Observation/ihc-p1",
        json=ihc(),
        headers={"Authorization": "Bearer a-secret-of-the-source"},
    )
    owe(base, "Patient/p1")
    text = base.client().get("/metrics").text
    assert value(base, "her2_notices", state="waiting") == 1
    assert not any(said in text for said in ("p1", "Patient/", "secret", "127.0.0.1"))


def test_without_the_token_it_is_not_read(empty_record):
    client = create_app(Settings(api_token=TOKEN, database_url=empty_record)).test_client()
    assert client.get("/metrics").status_code == 401
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics", headers=allowed).status_code == 200


def test_without_the_database_it_says_503_and_never_zeros():
    settings = Settings(
        database_url="postgresql://her2@127.0.0.1:1/none", sources=(source_at(AWAY),)
    )
    answer = create_app(settings).test_client().get("/metrics")
    assert answer.status_code == 503
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.headers["Retry-After"]
