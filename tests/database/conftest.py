"""Databases of both kinds, empty and of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.endpoint import Endpoint
from tests.support.hospital import Hospital, hospital
from tests.support.postgres import Cluster, running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path / 'her2.db'}"


@pytest.fixture
def clinic(database_url: str) -> Iterator[Hospital]:
    """A hospital with one patient and her sample, of whom nothing is known yet."""
    with hospital(database_url) as found:
        yield found.fill()


@pytest.fixture
def endpoint(database_url: str) -> Iterator[Endpoint]:
    endpoint = Endpoint(database_url)
    yield endpoint
    endpoint.close()
