import pytest

from service.settings import Settings, read_settings
from service.wiring import create_app

from .conftest import ASSESS, TOKEN, outcome


@pytest.fixture
def client(empty_record):
    return create_app(Settings(api_token=TOKEN, database_url=empty_record)).test_client()


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        f"Token {TOKEN}",
        TOKEN,
        "Bearer é",
        "Bearer " + "x" * 5000,
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ASSESS), ("GET", "/fhir/r4/MedicationKnowledge"), ("GET", "/"), ("GET", "/nope")],
)
def test_without_the_token_nothing_is_done(client, calls, method, path, sent):
    headers = {} if sent is None else {"Authorization": sent}
    answer = client.open(path, method=method, headers=headers, json={})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert outcome(answer)["code"] == "login"
    assert TOKEN not in answer.text
    assert not calls


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token_the_door_opens(client, calls, scheme):
    answer = client.post(ASSESS, json={}, headers={"Authorization": f"{scheme} {TOKEN}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/fhir/r4/metadata"])
def test_health_and_metadata_are_open(client, path):
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200


def test_metadata_says_that_a_token_is_needed(client):
    security = client.get("/fhir/r4/metadata").json["rest"][0]["security"]
    assert "Bearer" in security["description"]
    assert TOKEN not in str(security)


def test_a_token_of_any_characters_that_the_settings_take_can_be_sent(calls):
    token = "aZ09._~+/-" * 4 + "=="
    settings = read_settings({"HER2_API_TOKEN": token})
    client = create_app(settings).test_client()
    assert client.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_without_a_token_configured_none_is_asked_for(calls):
    assert create_app(Settings()).test_client().post(ASSESS, json={}).status_code == 200
