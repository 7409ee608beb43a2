"""A hospital on SQLite; `tests/database` has the tests that both databases run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hospital import Hospital, hospital


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Hospital]:
    """With one patient and his sample, of whom nothing is known yet."""
    with hospital(f"sqlite:///{tmp_path / 'her2.db'}") as found:
        yield found.fill()
