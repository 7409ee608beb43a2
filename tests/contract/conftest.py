"""What the contract tests share: the judges' closing lines, and one HAPI server a session."""

import pytest

from tests.judges import hapi

LINES = pytest.StashKey[list]()


@pytest.fixture(scope="session")
def tell(request):
    """Adds a line to what is printed at the very end."""
    return request.config.stash.setdefault(LINES, []).append


@pytest.fixture(scope="session")
def hapi_base(tmp_path_factory):
    """The address of a HAPI FHIR R4 server that this session started."""
    with hapi.running(tmp_path_factory.mktemp("hapi") / "server.log") as base:
        yield base


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("judges")
    for line in lines:
        terminalreporter.write_line(line)
