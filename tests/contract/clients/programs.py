"""Clients that are programs of their own: the story goes in as JSON, a line a step comes out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

from tests.contract.clients import node
from tests.contract.clients.story import Json
from tests.judges import java

SECONDS = 180


def fhir_kit_client(base: str, given: Json) -> Iterator[tuple[str, Json]]:
    """fhir-kit-client, by Node."""
    return _told(node.command("fhir_kit_client.mjs", base), given)


def medplum(base: str, given: Json) -> Iterator[tuple[str, Json]]:
    """@medplum/core, by Node."""
    return _told(node.command("medplum.mjs", base), given)


def hapi(base: str, given: Json) -> Iterator[tuple[str, Json]]:
    """HAPI's client, by Java."""
    return _told(java.command("Client", base, heap="512m"), given)


def _told(command: list[str], given: Json) -> Iterator[tuple[str, Json]]:
    """What the program prints as JSON; HAPI has lines of its log between."""
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, f"the client ended with a failure:\n{done.stderr[-3000:]}"
    for line in done.stdout.splitlines():
        if line.startswith('["'):
            step, said = json.loads(line)
            yield step, said
