"""The doors to one assessment: the use case, HTTP and the command, each over a fixed clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.test import TestResponse

from service import cli
from service.fhir.json import decode, encode
from service.fhir.version import FhirVersion
from service.settings import Settings
from service.wiring import create_app
from tests.support.cases import Case, assessed

ASSESS = "/fhir/r4/$assess-her2"
FHIR_JSON = "application/fhir+json"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMIT = Settings().max_body_bytes


@cache
def app(concept_map: Path | None = None, max_body_bytes: int = LIMIT) -> Flask:
    """The application, built once a process for each ConceptMap and limit."""
    named = str(concept_map) if concept_map else ""
    settings = Settings(concept_map=named, max_body_bytes=max_body_bytes)
    return create_app(settings, clock=lambda: NOON)


def post(
    body: bytes | object,
    query: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    concept_map: Path | None = None,
    max_body_bytes: int = LIMIT,
    path: str = ASSESS,
) -> TestResponse:
    """What HTTP answers to a body; anything but bytes is sent as JSON, digits kept."""
    sent = {"Content-Type": FHIR_JSON, **(headers or {})}
    data = body if isinstance(body, bytes) else encode(body)
    client = app(concept_map, max_body_bytes).test_client()
    return client.post(path, data=data, query_string=dict(query or {}), headers=sent)


def run(*arguments: str, sent: bytes | None = None, concept_map: Path | None = None) -> Result:
    """What `her2 ARGUMENTS` does with this standard input, at noon of the fixed day."""
    told = {"HER2_CONCEPT_MAP": str(concept_map)} if concept_map else {}
    with patch.object(cli, "local_time", lambda: NOON):
        return CliRunner(env=told).invoke(cli.main, list(arguments), input=sent)


def flags_of(query: Mapping[str, Sequence[str]], lenient: bool = False) -> list[str]:
    """The options of `her2 assess` that say what a query says."""
    flags = ["--lenient"] if lenient else []
    for name, values in query.items():
        if values[-1] == "true":
            flags.append(f"--{name}")
        elif values[-1] != "false":
            flags += [f"--{name}", values[-1]]
    return flags


def by_use_case(case: Case) -> bytes:
    """The answer of the use case itself."""
    return comparable(assessed(case))


def by_http(case: Case, version: FhirVersion = FhirVersion.R4) -> bytes:
    """The answer of `POST /fhir/r4/$assess-her2`, or of the same under /fhir/r5."""
    prefer = {"Prefer": "handling=lenient"} if case.lenient else {}
    path = f"{version.base}/$assess-her2"
    answer = post(case.body, case.query, prefer, case.concept_map, path=path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return comparable(decode(answer.get_data()))


def by_command(case: Case, version: FhirVersion = FhirVersion.R4) -> bytes:
    """The answer of `her2 assess FILE`."""
    flags = [*flags_of(case.query, case.lenient), "--fhir", version.value]
    file = str(case.folder / "bundle.json")
    done = run("assess", file, *flags, concept_map=case.concept_map)
    assert done.exit_code == 0, done.output
    return comparable(decode(done.stdout_bytes))


def comparable(answer: Mapping[str, Any]) -> bytes:
    """The answer without its clock readings, every digit and the order of entries kept."""
    return encode(without_recorded(answer))


def without_recorded(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer without `Provenance.recorded`, its only clock reading."""
    entries = [
        {**e, "resource": {k: v for k, v in e["resource"].items() if k != "recorded"}}
        if e["resource"]["resourceType"] == "Provenance"
        else e
        for e in answer.get("entry", [])
    ]
    return {**answer, **({"entry": entries} if entries else {})}


def the_outcome(answer: TestResponse) -> dict[str, Any]:
    """The one OperationOutcome of a refusal."""
    assert answer.mimetype == FHIR_JSON
    said: dict[str, Any] = json.loads(answer.get_data())
    assert said["resourceType"] == "OperationOutcome"
    assert said["issue"]
    assert all(issue["details"]["text"] for issue in said["issue"])
    return said
