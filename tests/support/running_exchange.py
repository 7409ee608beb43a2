"""The exchange as it runs: FHIR servers, the service and its worker, each a process of its own.

What a FHIR server would send by itself is sent by `Exchange.send`, as HAPI does it: again and again
for a minute, and then never more. The searches by which the worker looks for what it was not told
find nothing here, so that what is not lost was not lost by itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, or_, select, update

from service.adapters.store.store import SqlStore
from service.adapters.store.tables import feed, notice, outbox
from service.fhir.json import decode, encode
from tests.support.endpoint import FHIR_JSON, Resource
from tests.support.server import free_port, wait_for

ROOT = Path(__file__).parents[2]
_HER2 = ("-c", "from service.cli import main; main()")
#: Seconds for which HAPI tries to deliver a notification (RetryPolicyProvider).
HAPI_TRIES = 60.0
#: Seconds within which all has to be over once nothing is wrong any more.
PATIENCE = 90.0


class FhirServer:
    """The stub FHIR server at a port of its own; what it acknowledged is on the disk."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.port = name, free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.base = f"{self.root}/fhir"
        self._file, self._log = folder / f"{name}.state", folder / f"{name}.log"
        self.start()

    def start(self) -> None:
        """With what it kept."""
        program = ("-m", "tests.support.fhir_stub", "--port", str(self.port))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, "--file", str(self._file)],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        wait_for(self.port, self._process)

    def kill(self) -> None:
        """At once; harmless when it is dead already."""
        self._process.kill()
        self._process.wait()

    def hold(self) -> None:
        """It takes connections still, and says nothing any more."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `hold`."""
        self._process.send_signal(signal.SIGCONT)

    def fault(self, mode: str = "ok", **named: Any) -> None:
        """What goes wrong from now on: see `fhir_stub`."""
        said = encode({"mode": mode, **named})
        assert requests.post(f"{self.root}/__faults", data=said, timeout=10).ok

    def count(self, kind: str) -> dict[str, int]:
        """How many there are, and how many versions were ever written."""
        found: dict[str, int] = requests.get(f"{self.root}/__count?type={kind}", timeout=10).json()
        return found

    def harmed(self) -> int:
        """How many requests got no answer, half of one, or were told that it cannot now."""
        log = requests.get(f"{self.root}/__log", timeout=60).json()
        return sum(each["status"] in (0, 500, 503) for each in log)

    def has_kept(self, kind: str) -> bool:
        """Whether it ever kept one, also while it cannot be asked."""
        return f'"{kind}"'.encode() in self._file.read_bytes()

    def put(self, *resources: Mapping[str, Any]) -> list[Resource]:
        """Keep them, together: as they stand there, with their versions."""
        entry = [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
            for r in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entry}
        said = {"Content-Type": FHIR_JSON}
        answer = requests.post(self.base, data=encode(bundle), headers=said, timeout=60)
        assert answer.status_code == 200, answer.text
        done = [entry["response"] for entry in decode(answer.content)["entry"]]
        return [
            {
                **resource,
                "meta": {
                    "versionId": response["etag"].strip('W/"'),
                    "lastUpdated": response["lastModified"],
                },
            }
            for resource, response in zip(resources, done, strict=True)
        ]

    def delete(self, kind: str, id: str) -> None:
        """Delete it there."""
        assert requests.delete(f"{self.base}/{kind}/{id}", timeout=10).ok

    def found(self, kind: str) -> list[Resource]:
        """All of a type, over all pages."""
        url: str | None = f"{self.base}/{kind}?_count=1000"
        found: list[Resource] = []
        while url:
            page = decode(requests.get(url, timeout=60).content)
            found += [entry["resource"] for entry in page.get("entry", [])]
            url = {link["relation"]: link["url"] for link in page["link"]}.get("next")
        return found


@dataclass(frozen=True)
class Event:
    """Something that happened at a server, which tells us of it."""

    source: str
    method: str
    kind: str
    id: str
    version: str = ""
    body: bytes = b""

    @property
    def headers(self) -> dict[str, str]:
        """As HAPI sends them."""
        if self.method == "DELETE":
            return {}
        return {
            "Content-Type": f"{FHIR_JSON}; charset=UTF-8",
            "If-Match": f'W/"{self.version}"',
        }


def told_of(source: str, kept: Resource) -> Event:
    """A resource was created or updated."""
    version = kept["meta"]["versionId"]
    return Event(source, "PUT", kept["resourceType"], kept["id"], version, encode(kept))


class Exchange:
    """servers: by the name of the source. taken: what was answered with 204. tries: how often it
    was sent until then. refused: how often each other status was the answer."""

    def __init__(self, url: str, folder: Path, *names: str) -> None:
        self.url, self.port = url, free_port()
        self.servers = {name: FhirServer(name, folder) for name in names or ("hapi",)}
        self.server = next(iter(self.servers.values()))
        self.taken: list[Event] = []
        self.tries = 0
        self.refused: dict[int, int] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.store = SqlStore(url)
        self._guard = threading.Lock()
        self._config, self._log = folder / "her2.toml", folder / "her2.log"
        self._config.write_text("".join(map(self._settings, self.servers.values())))

    def _settings(self, server: FhirServer) -> str:
        return (
            f"[sources.{server.name}]\n"
            f'base_url = "{server.base}"\n'
            f'public_url = "http://127.0.0.1:{self.port}/notify/{server.name}"\n'
            'criteria = ["Observation?code=http://loinc.org|none"]\n'
            "write_back = true\n"
        )

    # --- the service

    def start(self, deliver: bool = True, workers: int = 1, wait: bool = True) -> None:
        """`her2 serve`, with its worker or without."""
        options = ("--port", str(self.port), "--workers", str(workers))
        options += ("--deliver" if deliver else "--no-deliver",)
        self._run("serve", *options)
        if wait:
            wait_for(self.port, self.processes[0])

    def start_apart(self) -> None:
        """`her2 serve`, unless it runs, and `her2 deliver`; neither is waited for."""
        if not self.processes:
            self.start(deliver=False, wait=False)
        self._run("deliver")

    def _run(self, *command: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HER2_")}
        told = {"HER2_CONFIG": str(self._config), "HER2_DATABASE_URL": self.url}
        with self._log.open("ab") as log:
            self.processes += [
                subprocess.Popen(
                    [sys.executable, *_HER2, *command],
                    env=environment | told,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,  # a group of its own, to be killed as a whole
                )
            ]

    @property
    def group(self) -> int:
        """Of the processes of `her2 serve`."""
        return self.processes[0].pid

    def kill(self, all_but: int = 0) -> None:
        """`kill -9` of its processes, but for the first so many that were started."""
        for process in self.processes[all_but:]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        del self.processes[all_but:]

    def troubles(self) -> list[str]:
        """Lines of the log about what nobody had thought of."""
        found = []
        for line in self._log.read_text(errors="replace").splitlines():
            said = json.loads(line) if line.startswith("{") else {}
            if "failed" in said or said.get("status") == 500 or "Traceback" in line:
                found.append(line)
        return found

    # --- the servers tell it

    def send(self, event: Event, connection: HTTPConnection | None = None) -> None:
        """As HAPI does: until it is taken, the longer between two tries the more there were."""
        end, pause = time.monotonic() + HAPI_TRIES, 0.2
        while True:
            status = self._sent(event, connection)
            with self._guard:
                self.tries += 1
                if status == 204:
                    self.taken.append(event)
                    return
                self.refused[status] = self.refused.get(status, 0) + 1
            assert time.monotonic() < end, f"{event.kind}/{event.id} was never taken: {status}"
            time.sleep(pause)
            pause *= 1.1

    def _sent(self, event: Event, connection: HTTPConnection | None) -> int:
        """The status; 0 when there was no answer."""
        mine = connection or HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = f"/notify/{event.source}/{event.kind}/{event.id}"
        try:
            mine.request(event.method, path, event.body or None, event.headers)
            answer = mine.getresponse()
            answer.read()
            return answer.status
        except (OSError, HTTPException):
            mine.close()
            return 0
        finally:
            if mine is not connection:
                mine.close()

    def send_all(self, events: Iterable[Event], threads: int = 4) -> None:
        """Several at once."""
        with ThreadPoolExecutor(threads) as senders:
            for _ in senders.map(self.send, events):
                pass

    # --- how far it is

    def waiting(self, source: str, untried: bool = False) -> int:
        """How many notices wait; `untried`: without having been worked on in vain."""
        met = [notice.c.source == source, notice.c.state == "waiting"]
        met += [notice.c.tries == 0] if untried else []
        with self.store.engine.connect() as connection:
            return connection.scalar(select(func.count()).where(*met)) or 0

    def owed(self, source: str) -> int:
        """How many patients' plans are on their way, or parked."""
        counts = self.store.desk.counts(source)
        return counts.owed + counts.parked

    def unread(self, source: str) -> int:
        """How many patients' records are to be read again."""
        with self.store.engine.connect() as connection:
            wanted = select(feed.c.patient).where(feed.c.source == source)
            return len(connection.execute(wanted.where(feed.c.again.is_not(None))).all())

    def claims(self) -> set[str]:
        """Of the workers that took something up and have not given it back, dead ones among
        them."""
        with self.store.engine.connect() as connection:
            waits = select(notice.c.claim).where(notice.c.state == "waiting", notice.c.claim != "")
            owed = select(outbox.c.claim).where(outbox.c.claim != "")
            return set(connection.scalars(waits.union(owed)))

    def until(self, done: Callable[[], object], what: str) -> None:
        """Wait for something."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"in vain: {what}"
            time.sleep(0.05)

    def until_over(self, *sources: str) -> None:
        """Wait until nothing is left to be done for these sources, or for all."""
        for source in sources or self.servers:
            self.until(lambda s=source: not self.waiting(s), f"{source}: notices")
            self.until(lambda s=source: not self.unread(s), f"{source}: records")
            self.until(lambda s=source: not self.owed(s), f"{source}: plans")

    def a_while_goes_by(self) -> None:
        """The time is over for which the workers that were killed had claimed their work, and that
        for which work was put off: a minute or so, which no test waits for."""
        with self.store.engine.begin() as connection:
            connection.execute(update(feed).where(feed.c.again > 0).values(again=1))
            for table in (notice, outbox):
                late = or_(table.c.claimed_until > 0, table.c.due > 0)
                connection.execute(update(table).where(late).values(claimed_until=0, due=0))

    def close(self) -> None:
        """Nothing is left running."""
        self.kill()
        for server in self.servers.values():
            server.kill()
        self.store.close()


@contextmanager
def running_exchange(url: str, folder: Path, *names: str) -> Iterator[Exchange]:
    """The servers run; the service is for the test to start."""
    exchange = Exchange(url, folder, *names)
    try:
        yield exchange
    finally:
        exchange.close()
