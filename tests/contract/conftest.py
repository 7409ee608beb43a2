"""What the contract tests share: one HAPI server a session."""

import pytest

from tests.judges import hapi


@pytest.fixture(scope="session")
def hapi_base(tmp_path_factory):
    """The address of a HAPI FHIR R4 server that this session started."""
    with hapi.running(tmp_path_factory.mktemp("hapi") / "server.log") as base:
        yield base
