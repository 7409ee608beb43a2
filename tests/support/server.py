"""The real service as a process of its own, as `her2 serve` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

_START = "from service.cli import main; main()"


@contextmanager
def running(log: Path, **settings: str) -> Iterator[int]:
    """The port of a running service; its standard error goes to `log`. Stopped with SIGTERM."""
    port = _free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HER2_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, "serve", "--port", str(port), "--workers", "1"],
            env=environment | settings,
            stderr=out,
        )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(20)
    assert ended == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        assert process.poll() is None, "the server ended at its start"
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/health/live")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise AssertionError("the server did not start within 30 seconds")
