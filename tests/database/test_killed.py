"""`kill -9` in the middle of a load of writes, again and again: what was acknowledged is there,
nothing is half there, and what is derived is what a fresh assessment of the evidence says."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

import requests
from sqlalchemy import func, select

from service.adapters.store.schema import upgrade
from service.adapters.store.tables import audit, resource, search_value, version
from service.fhir.json import encode
from tests.support.endpoint import FHIR_JSON, Endpoint, content, fresh
from tests.support.evidence import bundle, copies, ihc, patient, ratio
from tests.support.server import free_port, wait_for

KILLS = 20
CLIENTS = 6
#: Seconds of load before each kill; a different moment each time.
LOADS = [0.2 + 0.05 * n for n in range(KILLS)]


def start(url, port, log):
    """The real service with two workers, in a process group of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HER2_")}
    told = {"HER2_DATABASE_URL": url, "HER2_LOG_LEVEL": "error"}
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--workers", "2"],
        env=environment | told,
        stderr=log,
        start_new_session=True,
    )
    wait_for(port, process)
    return process


def load(base, name, stop, acknowledged):
    """One client: results and Bundles of its own patients, until the service is gone."""
    session = requests.Session()
    session.headers["Content-Type"] = FHIR_JSON
    n = 0
    while not stop.is_set():
        n += 1
        who = f"{name}-{n % 3}"
        if n % 5 == 0:
            sent = [patient(who), ihc("2+", of=who, name=f"b{n}"), ratio(Decimal("2.50"), of=who)]
            method, path, body = "POST", "", bundle(*sent)
        else:
            one = (ihc("1+", of=who, name=f"i{n}"), copies(Decimal("6.5"), of=who, name=f"c{n}"))
            sent = [one[n % 2]]
            method, path, body = "PUT", f"/Observation/{sent[0]['id']}", sent[0]
        try:
            answer = session.request(method, f"{base}{path}", data=encode(body), timeout=20)
        except requests.RequestException:
            return
        if answer.status_code in (200, 201):
            acknowledged += [f"{r['resourceType']}/{r['id']}" for r in sent]
        else:
            assert answer.status_code == 503, answer.text[:300]


def halves(store):
    """What a commit cut in two would leave behind, counted."""
    with store.engine.connect() as connection:
        newest = select(version.c.resource, func.max(version.c.number).label("n"))
        newest = newest.group_by(version.c.resource).subquery()
        apart = (
            select(func.count())
            .select_from(resource.outerjoin(newest, newest.c.resource == resource.c.pk))
            .where(func.coalesce(newest.c.n, 0) != resource.c.number)
        )
        evidence = (
            select(func.count())
            .select_from(version.join(resource, version.c.resource == resource.c.pk))
            .where(resource.c.derived.is_(False))
        )
        indexed = select(search_value.c.resource)
        unfindable = select(func.count()).where(resource.c.pk.not_in(indexed))
        return {
            "newest version missing": connection.scalar(apart),
            "changes without an audit": connection.scalar(evidence)
            - connection.scalar(select(func.count()).select_from(audit)),
            "cannot be found": connection.scalar(unfindable),
        }


def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(database_url, tmp_path, tell):
    upgrade(database_url)
    port, acknowledged = free_port(), []
    endpoint = Endpoint(database_url)
    log = (tmp_path / "log").open("wb")
    for kill, seconds in enumerate(LOADS):
        process = start(database_url, port, log)
        stop = Event()
        with ThreadPoolExecutor(CLIENTS) as clients:
            base = f"http://127.0.0.1:{port}/fhir/r4"
            working = [
                clients.submit(load, base, f"k{kill}c{c}", stop, acknowledged)
                for c in range(CLIENTS)
            ]
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            stop.set()
            for client in working:
                client.result()
        assert set(halves(endpoint.store).values()) == {0}, halves(endpoint.store)
    kept, patients = (
        set(),
        {f"Patient/k{k}c{c}-{n}" for k in range(KILLS) for c in range(6) for n in range(3)},
    )
    for one in sorted(patients):
        with endpoint.store.reading() as reader:
            standing = [v.reference for v in reader.evidence(one)]
        kept |= set(standing)
        evidence = [endpoint.read(reference) for reference in standing]
        said = fresh(evidence) if any("Observation" in r for r in standing) else {}
        assert content(endpoint.derived(one)) == said
    lost = set(acknowledged) - kept
    tell(
        f"kill -9, {database_url.partition(':')[0]}: {KILLS} times; {len(acknowledged)} writes "
        f"acknowledged, {len(kept)} resources kept, {len(lost)} lost, 0 half there"
    )
    assert len(acknowledged) > KILLS
    assert not lost
    endpoint.close()
