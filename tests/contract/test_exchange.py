"""The whole round with a real HAPI server: it notifies us, and gets its plans; nobody posts to us.

HAPI's Subscription calls the real service; the worker beside it reads the patient's record from
HAPI, and writes the plan back there. Other tests fill the same HAPI with results by the thousand,
which the worker would find and take in: these come before them, by the name of this file.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from service.fhir.json import decode, encode
from tests.judges import hapi
from tests.support.cases import cases
from tests.support.server import free_port, serving
from tests.support.sources import ihc, ish

#: How many patients there are by the payload that HAPI is asked to send.
PATIENTS = {"full-resource": 200, "empty": 20}
#: What happens at a machine that does much else beside.
PATIENCE = 180.0
DERIVED = "https://her2.example/fhir/CodeSystem/her2-provenance|derived"


@dataclass
class Hospital:
    """A HAPI server, and the service that it notifies. base: HAPI's. service: our FHIR base."""

    base: str
    service: str
    payload: str

    def put(self, *resources: dict[str, Any]) -> None:
        """All of these in one transaction."""
        entries = [
            {
                "resource": r,
                "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"},
            }
            for r in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = requests.post(self.base, data=encode(bundle), headers=FHIR, timeout=60)
        assert answer.status_code == 200, answer.text

    def search(self, kind: str, **query: Any) -> list[dict[str, Any]]:
        """All that meets it, on however many pages."""
        url: str | None = f"{self.base}/{kind}?{urlencode({'_count': 500, **query})}"
        found = []
        while url:
            page = decode(requests.get(url, headers=FHIR, timeout=60).content)
            found += [entry["resource"] for entry in page.get("entry", [])]
            url = next((li["url"] for li in page["link"] if li["relation"] == "next"), None)
        return found

    def plans(self, patients: list[str], **query: Any) -> list[dict[str, Any]]:
        """Every CarePlan of these patients, options too."""
        found = []
        for i in range(0, len(patients), 50):
            subjects = ",".join(f"Patient/{patient}" for patient in patients[i : i + 50])
            asked = {"subject": subjects, "_elements": "status,category,subject,partOf", **query}
            found += self.search("CarePlan", **asked)
        return found

    def kinds(self, patients: list[str]) -> Counter[str]:
        """How many patients have just one standing plan of which kind."""
        standing: dict[str, list[str]] = {}
        for plan in self.plans(patients, status="draft"):
            if "partOf" not in plan:
                (coding,) = plan["category"][0]["coding"]
                standing.setdefault(plan["subject"]["reference"], []).append(coding["code"])
        return Counter(
            "+".join(standing.get(f"Patient/{patient}", ["none"])) for patient in patients
        )


MAN = next(case for case in cases() if case.name == "a-man-in-the-second-line")
FHIR = {"Content-Type": "application/fhir+json", "Cache-Control": "no-cache"}


@pytest.fixture(scope="module", params=["full-resource", "empty"])
def hospital(
    request: pytest.FixtureRequest, hapi_base: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hospital]:
    """Subscribed by `her2 subscribe`, and the subscription deleted in the end."""
    folder: Path = tmp_path_factory.mktemp("hospital")
    port = free_port()
    config = configured(folder, hapi_base, port, request.param)
    with serving(port, folder / "log", config) as run:
        run("subscribe", "hapi")
        yield Hospital(hapi_base, f"http://127.0.0.1:{port}/fhir/r4", request.param)
    for subscription in decode(
        requests.get(f"{hapi_base}/Subscription", headers=FHIR, timeout=60).content
    ).get("entry", []):
        id = subscription["resource"]["id"]
        assert requests.delete(f"{hapi_base}/Subscription/{id}", timeout=60).ok


def configured(folder: Path, base: str, port: int, payload: str) -> Path:
    """The settings of a service at a port with HAPI as its source."""
    config = folder / "her2.toml"
    config.write_text(
        f"""
        database_url = "sqlite:///{folder / "her2.db"}"
        [sources.hapi]
        base_url = "{base}"
        public_url = "http://127.0.0.1:{port}/notify/hapi"
        write_back = true
        payload = "{payload}"
        """
    )
    return config


def eventually(found: Any, wanted: Any) -> None:
    """Wait for it; what was found instead is told."""
    until = time.monotonic() + PATIENCE
    while (now := found()) != wanted and time.monotonic() < until:
        time.sleep(2)  # asking is work for the server too
    assert now == wanted


def test_a_plan_goes_from_testing_to_therapy_in_hapi_and_is_withdrawn_there(hospital, tell):
    """IHC 2+, then ISH of group 1, then both in error, each as a change at HAPI alone."""
    number = PATIENTS[hospital.payload]
    patients = [f"told-{hospital.payload}-{n}" for n in range(number)]
    began = time.monotonic()
    for some in (patients[i : i + 50] for i in range(0, number, 50)):
        hospital.put(*(r for p in some for r in record_of(p)))
    for some in (patients[i : i + 50] for i in range(0, number, 50)):
        hospital.put(*(ihc(p, "2+", **at_liver(p)) for p in some))
    eventually(lambda: hospital.kinds(patients), Counter({"testing-only": number}))
    first = {plan["id"] for plan in hospital.plans(patients)}

    for some in (patients[i : i + 50] for i in range(0, number, 50)):
        hospital.put(*(ish(p, **at_liver(p)) for p in some))
    eventually(lambda: hospital.kinds(patients), Counter({"therapy": number}))
    now = hospital.plans(patients, status="draft")
    assert {plan["id"] for plan in now if "partOf" not in plan} == first

    for some in (patients[i : i + 50] for i in range(0, number, 50)):
        hospital.put(*(ish(p, **at_liver(p), status="entered-in-error") for p in some))
        hospital.put(*(ihc(p, **at_liver(p), status="entered-in-error") for p in some))
    eventually(lambda: hospital.plans(patients, status="draft"), [])
    plans = hospital.plans(patients)
    assert {plan["status"] for plan in plans} == {"revoked"}
    assert {plan["id"] for plan in plans if "partOf" not in plan} == first
    told = [p for p in hospital.search("Provenance", _tag=DERIVED) if targets(p) & first]
    assert len(told) == 3 * number
    tell(
        f"HAPI, payload {hospital.payload}: {number} patients from testing-only to therapy to "
        f"revoked, {len(first)} plans throughout, in {time.monotonic() - began:.0f} s"
    )


def test_hapi_that_was_down_for_the_whole_of_a_run_has_every_plan_once_when_it_is_back(
    tmp_path, tell
):
    """Results are told of while HAPI is down; when it comes back it gets them."""
    number, port, database = 20, free_port(), tmp_path / "hapi"
    patients = [f"down-{n}" for n in range(number)]
    with hapi.running(tmp_path / "before.log", port, database) as base:
        before = Hospital(base, "", "full-resource")
        before.put(*(r for p in patients for r in record_of(p)))
        before.put(*(ihc(p, "3+", **at_liver(p)) for p in patients))
        results = [
            requests.get(f"{base}/Observation/ihc-{p}", headers=FHIR, timeout=60) for p in patients
        ]
    ours = free_port()
    config = configured(tmp_path, base, ours, "full-resource")
    with serving(ours, tmp_path / "log", config) as run:
        for p, result in zip(patients, results, strict=True):
            told = requests.put(
                f"http://127.0.0.1:{ours}/notify/hapi/Observation/ihc-{p}",
                data=result.content,
                headers=FHIR | {"If-Match": result.headers["ETag"]},
                timeout=60,
            )
            assert told.status_code == 204
        eventually(lambda: status(run)["notices"].get("waiting", 0), 0)
        assert status(run)["outbox"]["owed"] == number
        with hapi.running(tmp_path / "after.log", port, database):
            after = Hospital(base, "", "full-resource")
            eventually(lambda: after.kinds(patients), Counter({"therapy": number}))
            eventually(lambda: status(run)["outbox"]["owed"], 0)
            plans = after.plans(patients)
    main = [plan for plan in plans if "partOf" not in plan]
    tell(
        f"HAPI down for a whole run: {number} events sent, 1 fault, lost "
        f"{number - len(main)}, doubled {len(main) - number}"
    )
    assert len(main) == number


def status(run: Callable[..., str]) -> Any:
    """What `her2 status` says of the one source."""
    (source,) = decode(run("status", "--format", "json").encode())["sources"]
    return source


def targets(provenance: dict[str, Any]) -> set[str]:
    """The ids of what it is about."""
    return {target["reference"].split("/")[1] for target in provenance["target"]}


def record_of(patient: str) -> list[dict[str, Any]]:
    """The record of a man in the second line, without his HER2 result, under other ids."""
    text = encode(MAN.posted[0][0])
    renamed = decode(text.replace(b"sl-man", patient.encode()).replace(b"SL-MAN", patient.encode()))
    found = [entry["resource"] for entry in renamed["entry"]]
    return [resource for resource in found if resource["id"] != f"{patient}-ihc"]


def at_liver(patient: str) -> dict[str, Any]:
    """The sample that the results are of."""
    return {
        "specimen": {"reference": f"Specimen/{patient}-liver-core"},
        "effectiveDateTime": "2025-09-05",
    }
