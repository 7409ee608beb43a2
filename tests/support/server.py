"""The real service as a process of its own, as `her2 serve` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

_START = "from service.cli import main; main()"


@contextmanager
def running(log: Path, workers: int = 1, **settings: str) -> Iterator[int]:
    """The port of a running service; its standard error goes to `log`. Stopped with SIGTERM."""
    port = free_port()
    kept = {"HER2_DATABASE_URL": f"sqlite:///{log.with_suffix('.db')}"}
    options = ("--port", str(port), "--workers", str(workers))
    with started("-c", _START, "serve", *options, port=port, log=log, **(kept | settings)):
        yield port


@contextmanager
def serving(port: int, log: Path, config: Path) -> Iterator[Callable[..., str]]:
    """The service with the settings of a file; gives a way to run its other commands with them."""
    options = ("serve", "--port", str(port), "--workers", "1")
    settings = {"HER2_CONFIG": str(config)}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HER2_")}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _START, *command],
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with started("-c", _START, *options, port=port, log=log, **settings):
        yield run


@contextmanager
def started(*arguments: str, port: int, log: Path, **settings: str) -> Iterator[None]:
    """A Python process that serves at a port; its standard error goes to `log`."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HER2_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment | settings,
            stdout=subprocess.DEVNULL,
            stderr=out,
        )
    try:
        wait_for(port, process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(20)
    assert ended == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the service answers; fails when its process has ended."""
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
