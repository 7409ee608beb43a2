"""`[sources.NAME]`: read as documented, and every mistake told with its place, never its value."""

from __future__ import annotations

import pytest

from service.core.errors import SettingsError
from service.fhir.version import FhirVersion
from service.settings import read_settings
from service.settings_sources import read_sources
from service.usecases.exchange.source import Form, Payload
from service.usecases.record.kept import EVIDENCE

BASE = {"base_url": "http://127.0.0.1:8090/fhir"}
SECRET = "Zq7-never-to-be-shown"
#: As interfaces.md has it, Settings.
EXAMPLE = """
[sources.hapi]                                  # NAME in /notify/NAME and `her2 subscribe NAME`
base_url = "http://127.0.0.1:8090/fhir"         # the only place anything is fetched from
fhir_version = "4.0.1"
public_url = "http://127.0.0.1:8080/notify/hapi"  # what the source is told to call
write_back = true                               # true: to base_url; or another URL; default false
mode = "quarantine"                             # or "strict"
hmac_secret = "..."                             # optional; so are auth settings of the source
"""


def source_of(**settings):
    (source,) = read_sources({"hapi": BASE | settings})
    return source


def refused(settings, name="hapi"):
    with pytest.raises(SettingsError) as told:
        read_sources({name: settings})
    assert SECRET not in str(told.value)
    return str(told.value)


@pytest.fixture
def file(tmp_path):
    """A settings file of this text, as HER2_CONFIG names it."""

    def write(text):
        path = tmp_path / "her2.toml"
        path.write_text(text)
        return {"HER2_CONFIG": str(path)}

    return write


def test_the_documented_example_is_read_as_it_stands(file):
    (source,) = read_settings(file(EXAMPLE)).sources
    assert source.name == "hapi"
    assert source.at.base == "http://127.0.0.1:8090/fhir"
    assert source.at.release is FhirVersion.R4
    assert source.public_url == "http://127.0.0.1:8080/notify/hapi"
    assert source.writes_back
    assert not source.strict
    assert source.hmac_secret == "..."


def test_all_but_the_address_may_be_left_out():
    source = source_of()
    assert source.write_to is None
    assert (source.strict, source.publish) == (False, False)
    assert (source.hmac_secret, source.token) == ("", "")
    assert source.types == frozenset(EVIDENCE)
    assert (source.form, source.payload) == (Form.REST_HOOK, Payload.FULL)
    assert source.at.authorization == ""
    assert source.id_prefix is None


def test_sources_keep_the_order_of_the_file(file):
    text = "".join(
        f'[sources.{n}]\nbase_url = "http://{n}.example/fhir"\n' for n in ("zeta", "alpha", "mid")
    )
    assert [s.name for s in read_settings(file(text)).sources] == ["zeta", "alpha", "mid"]


def test_without_a_file_there_is_no_source():
    assert read_settings({}).sources == ()


def test_sources_are_of_the_file_alone():
    with pytest.raises(SettingsError, match="HER2_SOURCES"):
        read_settings({"HER2_SOURCES": "hapi"})


@pytest.mark.parametrize(
    ("version", "release", "form"),
    [
        ("4.0", FhirVersion.R4, Form.REST_HOOK),
        ("4.3.0", FhirVersion.R4, Form.BACKPORT),
        ("5.0.0", FhirVersion.R5, Form.R5),
    ],
)
def test_a_fhir_version_brings_its_own_form_of_subscription(version, release, form):
    source = source_of(fhir_version=version)
    assert (source.at.release, source.form) == (release, form)


def test_a_token_and_a_password_become_the_header_that_is_sent():
    assert source_of(bearer_token="t0ken").at.authorization == "Bearer t0ken"
    basic = source_of(user="me", password="you").at.authorization
    assert basic == "Basic bWU6eW91"


def test_another_server_gets_plans_with_its_own_secrets_and_never_the_sources():
    source = source_of(
        write_back="https://plans.example/fhir",
        write_back_fhir_version="5.0.0",
        bearer_token="of-the-source",
        write_back_bearer_token="of-the-plans",
    )
    assert not source.writes_back
    assert source.write_to.authorization == "Bearer of-the-plans"
    assert source.write_to.release is FhirVersion.R5
    alone = source_of(write_back="https://plans.example/fhir", bearer_token="of-the-source")
    assert alone.write_to.authorization == ""


def test_the_sources_own_address_as_write_back_is_the_source_itself():
    source = source_of(write_back=BASE["base_url"], bearer_token="t0ken")
    assert source.writes_back
    assert source.write_to.authorization == "Bearer t0ken"


@pytest.mark.parametrize(
    "name",
    [
        "hmac_secret",
        "token",
        "bearer_token",
        "write_back_bearer_token",
    ],
)
def test_no_secret_is_in_a_repr(name):
    source = source_of(write_back="https://plans.example/fhir", **{name: SECRET})
    for shown in (source, source.at, source.write_to, (source,), {"x": source}):
        assert SECRET not in repr(shown)
        assert SECRET not in str(shown)


def test_no_password_is_in_a_repr_of_the_settings(file):
    text = EXAMPLE + f'user = "me"\npassword = "{SECRET}"\n'
    settings = read_settings(file(text))
    assert SECRET not in repr(settings)
    assert settings.sources[0].at.authorization not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", ""),
        ("base_url", "ftp://127.0.0.1/fhir"),
        ("base_url", "http://127.0.0.1/fhir/"),
        ("base_url", "http://127.0.0.1/fhir?x=1"),
        ("base_url", "http:///fhir"),
        ("base_url", f"http://me:{SECRET}@127.0.0.1/fhir"),
        ("base_url", 5),
        ("fhir_version", "3.0.2"),
        ("public_url", f"http://x/?token={SECRET}"),
        ("write_back", "yes"),
        ("write_back", 1),
        ("write_back_fhir_version", "4"),
        ("mode", "lenient"),
        ("types", ["Observation", "Encounter"]),
        ("types", "Observation"),
        ("hmac_secret", f"{SECRET}\n"),
        ("hmac_secret", 5),
        ("token", f"{SECRET}\u00e9"),
        ("bearer_token", f"{SECRET}\r\nX: y"),
        ("ca_file", f"/nowhere/{SECRET}"),
        ("subscription", "websocket"),
        ("payload", "all"),
        ("criteria", ["Encounter?status=finished"]),
        ("criteria", ["Observation"]),
        ("id_prefix", "a_b."),
        ("publish", "often"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_its_value(name, value):
    said = refused(BASE | {name: value})
    assert said.startswith(f"[sources.hapi] {name}: ")
    if isinstance(value, str) and len(value) > 4:
        assert value not in said


def test_the_address_is_required():
    assert refused({}).startswith("[sources.hapi] base_url: ")


def test_all_mistakes_of_a_source_are_told_together():
    lines = refused(BASE | {"mode": "x", "payload": "y", "token": f"{SECRET}\n"}).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "[sources.hapi] mode",
        "[sources.hapi] payload",
        "[sources.hapi] token",
    ]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"user": "me"}, "user"),
        ({"password": SECRET}, "user"),
        ({"user": "me", "password": SECRET, "bearer_token": SECRET}, "user"),
        ({"write_back_user": "me"}, "write_back_user"),
        ({"publish": True}, "publish"),
        (
            {"subscription": "backport", "public_url": "http://127.0.0.1:8080/notify/hapi"},
            "topic",
        ),
    ],
)
def test_what_needs_something_else_says_so(settings, place):
    assert refused(BASE | settings).startswith(f"[sources.hapi] {place}: ")


def test_a_key_that_is_not_known_names_the_nearest():
    said = refused(BASE | {"hmac_secert": SECRET})
    assert "[sources.hapi] hmac_secert" in said
    assert said.endswith("Did you mean hmac_secret?")


@pytest.mark.parametrize(
    "name", ["", "1st", "a b", "a/b", "x" * 21, "-a", "\u00fcni", SECRET + "!"]
)
def test_a_name_is_a_part_of_an_address(name):
    assert "name of a source" in refused(BASE, name)


@pytest.mark.parametrize("given", [[], "hapi", 5, {"hapi": "http://127.0.0.1/fhir"}, {"hapi": []}])
def test_what_is_no_table_is_refused(given):
    with pytest.raises(SettingsError, match=r"\[sources\.\w+\]|must be"):
        read_sources(given)


def test_two_servers_may_not_have_one_prefix():
    with pytest.raises(SettingsError, match="two patients could become one"):
        read_sources(
            {
                "one": BASE | {"id_prefix": "x."},
                "two": {"base_url": "http://other.example/fhir", "id_prefix": "x."},
            }
        )


def test_two_names_of_one_server_may_share_its_prefix():
    both = read_sources({"one": BASE | {"id_prefix": ""}, "two": BASE | {"id_prefix": ""}})
    assert len(both) == 2
