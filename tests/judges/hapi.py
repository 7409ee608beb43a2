"""A HAPI FHIR server on loopback, empty at its start and gone at its end."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.judges.java import command

START_SECONDS = 240


@contextmanager
def running(log: Path, port: int = 0, database: Path | None = None) -> Iterator[str]:
    """The base address of a running server, which prints to `log` and is ended by its id.

    port: 0 for any. database: a file that keeps what it has; in memory without.
    """
    kept = {"fhir.jdbc": f"jdbc:h2:file:{database}"} if database else {}
    program = command("Server", str(port), heap="2g", properties=kept)
    with log.open("wb") as out:
        server = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield _address(server, log)
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(START_SECONDS * 5):
        said = log.read_text(encoding="utf-8")
        ready = re.search(r"^READY (\S+)$", said, re.MULTILINE)
        if ready:
            return ready[1]
        assert server.poll() is None, f"the HAPI server ended at its start:\n{said[-3000:]}"
        time.sleep(0.2)
    raise AssertionError(f"the HAPI server did not start within {START_SECONDS} seconds")
