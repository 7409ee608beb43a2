"""The web doors over the shipped knowledge; the use case is real unless a test replaces it."""

import json
from datetime import UTC, datetime

import pytest

from service.settings import Settings
from service.web import operations
from service.wiring import create_app

ASSESS = "/fhir/r4/$assess-her2"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "a-token-of-thirty-two-characters"


@pytest.fixture
def app():
    return create_app(Settings(max_body_bytes=2048), clock=lambda: NOON)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def calls(monkeypatch):
    """What reached the use case, as (posted, caller); it answers with an empty Bundle."""
    reached = []

    def assess(posted, caller, library, house, version):
        reached.append((posted, caller))
        return {"resourceType": "Bundle", "type": "collection"}

    monkeypatch.setattr(operations, "assess", assess)
    return reached


def outcome(response):
    """The OperationOutcome's one issue; fails where the answer is anything else."""
    assert response.content_type == "application/fhir+json; charset=utf-8"
    said = json.loads(response.get_data())
    assert said["resourceType"] == "OperationOutcome"
    assert said["issue"]
    assert all(issue["details"]["text"] for issue in said["issue"])
    return said["issue"][0]
