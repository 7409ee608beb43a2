"""A PostgreSQL of our own in a temporary directory, reached by its socket, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.judges.java import lacking

_NAME = "her2"
_PATIENCE = 60.0
_COUNTER = count(1)


class Cluster:
    """A server of our own; `socket` is the directory of its socket, which nobody else can enter."""

    def __init__(self, home: Path, programs: Path, account: str | None) -> None:
        self.socket, self._programs, self._account = home, programs, account
        self.start()

    def start(self) -> None:
        """With what it kept; ready when this returns."""
        home = self.socket
        with (home / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", home / "data", "-k", home, "-h", "", "-F"],
                user=self._account,
                group=self._account and pwd.getpwnam(self._account).pw_gid,
                extra_groups=[] if self._account else None,
                cwd=home,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        _wait_for(self, self._server, home / "log")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends the connections and stops; SIGQUIT is a crash."""
        self._server.send_signal(how)
        self._server.wait(_PATIENCE)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL, for SQLAlchemy, of an empty database that is dropped afterwards."""
        name = f"test_{next(_COUNTER)}"
        self._say(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://{_NAME}@/{name}?host={self.socket}"
        self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self) -> psycopg.Connection[Any]:
        """A connection to the database that is always there."""
        return psycopg.connect(host=str(self.socket), user=_NAME, dbname="postgres")

    def _say(self, statement: str) -> None:
        with self.connect() as connection:
            connection.autocommit = True
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Cluster]:
    """A new cluster, stopped and removed afterwards.

    Skips the test that asks where there is no PostgreSQL; fails it when CI=true.
    """
    programs = _programs()
    account = _account()
    # Short, since a socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="her2-pg-"))
    try:
        if account:
            shutil.chown(home, account)
        data = home / "data"
        _initialise(programs, data, account)
        cluster = Cluster(home, programs, account)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """The directory of PostgreSQL's server programs, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not kept:
        lacking("The tests of the store need PostgreSQL: no `initdb` is here.")
    return kept[-1].parent


def _account() -> str | None:
    """Whom PostgreSQL runs as: ourselves, or where we are root, which it refuses, its own user."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    lacking("PostgreSQL refuses to run as root, and there is no `postgres` or `nobody` here.")
    return None


def _initialise(programs: Path, data: Path, account: str | None) -> None:
    """A cluster that sorts as English does, as most do: ours must not lean on sorting by byte."""
    can = subprocess.run([programs / "initdb", "--help"], capture_output=True, text=True).stdout
    english = ["--locale-provider=icu", "--icu-locale=en-US"] if "--icu-locale" in can else []
    done = subprocess.run(
        [
            programs / "initdb",
            *("-D", data, "-U", _NAME, "-A", "trust", "-E", "UTF8"),
            *("--locale=C", "--no-sync", "--no-instructions"),
            *english,
        ],
        user=account,
        group=account and pwd.getpwnam(account).pw_gid,
        extra_groups=[] if account else None,
        cwd=data.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"initdb failed:\n{done.stderr[-3000:]}"


def _wait_for(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            cluster.connect().close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-3000:]}")
