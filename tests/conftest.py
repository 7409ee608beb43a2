"""What every test may use: a line that is printed at the very end, with what was measured."""

import pytest

LINES = pytest.StashKey[list]()


@pytest.fixture(scope="session")
def tell(request):
    """Adds a line to what is printed at the very end."""
    return request.config.stash.setdefault(LINES, []).append


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("measured")
    for line in lines:
        terminalreporter.write_line(line)
