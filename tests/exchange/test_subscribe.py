"""`her2 subscribe`: our address registered at a source, once, and seen to be active."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fhir.resources.R4B.subscription import Subscription as SubscriptionR4
from fhir.resources.subscription import Subscription as SubscriptionR5

from service.core.errors import ServerAway, ServerRefused, SettingsError
from service.fhir.json import encode
from service.usecases.exchange.subscribe import subscribe
from service.usecases.exchange.subscription_forms import same_events, wanted
from tests.exchange.exchange_support import PUBLIC, TOPIC, becomes, channel, ours, watched
from tests.support.hospital import Hospital
from tests.support.sources import ihc, source_at

CRITERIA = ["Observation?code=http://loinc.org|85319-2,http://loinc.org|85318-4&status=final"]
FORMS = ("rest-hook", "backport", "r5")
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"


def settings(form: str, **more) -> dict:
    found = {"subscription": form, "public_url": PUBLIC, "criteria": CRITERIA, "topic": TOPIC}
    return found | ({"fhir_version": "5.0.0"} if form == "r5" else {}) | more


def form_of(form: str, **more) -> dict:
    """The one that is wanted."""
    (found,) = wanted(source_at("https://hapi.example/fhir", **settings(form, **more)))
    return found


@contextmanager
def opened(path: Path, form: str = "rest-hook", **more) -> Iterator[Hospital]:
    with watched(f"sqlite:///{path / 'her2.db'}", **settings(form, **more)) as found:
        yield found


def never(seconds: float) -> None:
    raise AssertionError("it waits although it is active")


def subscribed(clinic: Hospital):
    return subscribe(clinic.trading, 5, never)


@pytest.mark.parametrize("payload", ["empty", "id-only", "full-resource"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_a_subscription_of_its_version(form, payload):
    model = SubscriptionR5 if form == "r5" else SubscriptionR4
    said = form_of(form, payload=payload, token="open sesame", hmac_secret="hush")
    model.model_validate_json(encode(said))
    assert said["status"] == "requested"


def test_a_plain_rest_hook_brings_the_resource_where_it_names_a_media_type():
    full, empty = form_of("rest-hook"), form_of("rest-hook", payload="empty")
    assert full["criteria"] == CRITERIA[0]
    assert full["channel"]["payload"] == "application/fhir+json"
    assert "payload" not in empty["channel"]


def test_hapi_is_asked_to_tell_of_deletions_too():
    extension = form_of("rest-hook")["channel"]["extension"]
    url = "http://hapifhir.io/fhir/StructureDefinition/subscription-send-delete-messages"
    assert {"url": url, "valueBoolean": True} in extension


def test_the_backport_has_the_topic_for_criteria_and_the_search_for_a_filter():
    said = form_of("backport", payload="id-only")
    assert said["criteria"] == TOPIC
    assert said["meta"]["profile"] == [f"{BACKPORT}subscription"]
    filters = {"url": f"{BACKPORT}filter-criteria", "valueString": CRITERIA[0]}
    assert said["_criteria"]["extension"] == [filters]
    content = {"url": f"{BACKPORT}payload-content", "valueCode": "id-only"}
    assert said["channel"]["_payload"]["extension"] == [content]


def test_r5_has_a_filter_for_each_parameter_of_the_search():
    said = form_of("r5", criteria=["Observation?code:in=urn:set&status=final"])
    assert said["filterBy"] == [
        {
            "resourceType": "Observation",
            "filterParameter": "code",
            "modifier": "in",
            "value": "urn:set",
        },
        {"resourceType": "Observation", "filterParameter": "status", "value": "final"},
    ]


@pytest.mark.parametrize("form", FORMS)
def test_the_server_is_told_the_token_to_send_and_nobody_else_is(form):
    said = form_of(form, token="open sesame")
    told = said["parameter"][0]["value"] if form == "r5" else said["channel"]["header"][0]
    assert told.endswith("Bearer open sesame")
    assert "Bearer" not in str(form_of(form))


@pytest.mark.parametrize("form", ["rest-hook", "backport"])
def test_medplum_is_told_the_secret_to_sign_with(form):
    url = "https://www.medplum.com/fhir/StructureDefinition/subscription-secret"
    assert form_of(form, hmac_secret="hush")["extension"] == [{"url": url, "valueString": "hush"}]
    assert "extension" not in form_of(form)


@pytest.mark.parametrize("form", FORMS)
def test_other_criteria_are_other_events(form):
    other = form_of(form, criteria=["Observation?code=http://loinc.org|48676-1"])
    assert not same_events(form_of(form), other)
    assert same_events(form_of(form), form_of(form, payload="empty", token="t"))


@pytest.mark.parametrize("form", FORMS)
def test_a_subscription_is_made_once_however_often_it_is_asked_for(tmp_path, form):
    with opened(tmp_path, form) as clinic:
        first = subscribed(clinic)
        assert (first.made, first.others) == (1, ())
        again = subscribed(clinic)
        assert again.active == first.active
        assert again.made == 0
        (there,) = clinic.at_source("Subscription")
        assert there["status"] == "active"
        assert clinic.server.count("Subscription") == {"count": 1, "versions": 1}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_known_of_it_is_kept(tmp_path, form):
    with opened(tmp_path, form) as clinic:
        (name,) = subscribed(clinic).active
        known = channel(clinic, name)
        assert (known.status, known.said) == ("active", "")
        assert known.heartbeat == (0 if form == "rest-hook" else 60)
        assert known.heard == clinic.trading.clock()


def test_each_criterion_has_a_subscription_of_its_own(tmp_path):
    criteria = [*CRITERIA, "DiagnosticReport?code=http://loinc.org|60568-3"]
    with opened(tmp_path, criteria=criteria) as clinic:
        assert subscribed(clinic).made == 2
        there = [s["criteria"] for s in clinic.at_source("Subscription")]
        assert sorted(there) == sorted(criteria)


def test_one_whose_settings_changed_is_brought_up_to_date(tmp_path):
    with opened(tmp_path, payload="empty", token="new") as clinic:
        clinic.put(ours(criteria=CRITERIA[0]))
        done = subscribed(clinic)
        assert (done.active, done.made) == (("Subscription/her2",), 0)
        (there,) = clinic.at_source("Subscription")
        assert there["channel"]["header"] == ["Authorization: Bearer new"]
        assert there["status"] == "active"


@pytest.mark.parametrize("status", ["error", "off"])
def test_one_that_was_switched_off_is_activated_again(tmp_path, status):
    with opened(tmp_path) as clinic:
        (name,) = subscribed(clinic).active
        (there,) = clinic.at_source("Subscription")
        clinic.put(there | {"status": status, "error": "The endpoint did not answer"})
        assert subscribed(clinic).active == (name,)
        (there,) = clinic.at_source("Subscription")
        assert there["status"] == "active"
        assert "error" not in there


def test_others_that_call_us_are_named_and_left_alone(tmp_path):
    with opened(tmp_path) as clinic:
        clinic.put(ours("off"))
        done = subscribed(clinic)
        assert done.others == ("Subscription/her2",)
        there = {s["id"]: s["status"] for s in clinic.at_source("Subscription")}
        assert there["her2"] == "off"
        assert len(there) == 2


def test_what_calls_somebody_else_is_nothing_of_ours(tmp_path):
    with opened(tmp_path) as clinic:
        elsewhere = {"type": "rest-hook", "endpoint": "https://other.example/notify"}
        clinic.put(ours(criteria=CRITERIA[0], channel=elsewhere))
        done = subscribed(clinic)
        assert (done.made, done.others) == (1, ())


def test_a_server_that_cannot_search_by_url_is_asked_for_all(tmp_path):
    with opened(tmp_path) as clinic:
        clinic.server.unsearchable = ("url",)
        assert subscribed(clinic).made == 1
        assert subscribed(clinic).made == 0
        assert len(clinic.at_source("Subscription")) == 1


def test_from_now_on_what_changes_is_known(tmp_path):
    with opened(tmp_path) as clinic:
        assert clinic.trading.desk.state("hapi").caught_up is None
        kept = clinic.put(ihc())
        subscribed(clinic)
        first = clinic.trading.desk.state("hapi").caught_up
        assert first.isoformat() >= kept["meta"]["lastUpdated"].replace("Z", "+00:00")
        clinic.put(ihc(score="3+"))
        subscribed(clinic)
        assert clinic.trading.desk.state("hapi").caught_up == first


def test_an_error_is_told_with_what_the_server_says_of_it(tmp_path):
    with opened(tmp_path, "backport") as clinic:
        becomes(clinic, "error", "No such topic here")
        with pytest.raises(ServerRefused) as told:
            subscribed(clinic)
        for part in ("`error`", "No such topic here", PUBLIC, TOPIC):
            assert part in str(told.value)
        assert channel(clinic, "Subscription/1").status == "error"


def test_one_that_is_never_activated_is_told_after_the_wait(tmp_path):
    with opened(tmp_path) as clinic:
        becomes(clinic, "requested")
        slept = []
        with pytest.raises(ServerRefused, match="`requested`"):
            subscribe(clinic.trading, 3, slept.append)
        assert sum(slept) == 3


def test_one_that_takes_its_time_is_waited_for(tmp_path):
    with opened(tmp_path) as clinic:
        becomes(clinic, "requested")

        def activated(seconds: float) -> None:
            becomes(clinic, "active")
            (there,) = clinic.at_source("Subscription")
            clinic.put(there)

        assert subscribe(clinic.trading, 3, activated).made == 1


def test_a_source_without_our_address_names_the_setting(tmp_path):
    with opened(tmp_path, public_url="") as clinic:
        with pytest.raises(SettingsError, match=r"\[sources.hapi\] public_url"):
            subscribed(clinic)
        assert clinic.at_source("Subscription") == []


def test_ids_alone_are_nothing_that_a_plain_rest_hook_knows(tmp_path):
    with opened(tmp_path, payload="id-only") as clinic:
        with pytest.raises(SettingsError, match="backport"):
            subscribed(clinic)
        assert clinic.at_source("Subscription") == []


def test_a_server_that_is_away_is_told(tmp_path):
    with opened(tmp_path) as clinic:
        clinic.server.fault("refuse")
        with pytest.raises(ServerAway):
            subscribed(clinic)
