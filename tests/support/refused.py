"""The bodies of fixtures/refused, and at which FHIR versions' addresses each is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from werkzeug.test import TestResponse

from service.fhir.version import FhirVersion
from tests.support.cases import FIXTURES
from tests.support.doors import FHIR_JSON, post


@dataclass(frozen=True)
class Refused:
    """One folder under fixtures/refused.

    said: its case.yaml; `only` names the one version that refuses it, where the other takes it.
    """

    folder: Path
    said: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name, a sentence."""
        return self.folder.name

    @property
    def body(self) -> bytes:
        """What is posted."""
        return (self.folder / str(self.said["body"])).read_bytes()

    @property
    def query(self) -> dict[str, Sequence[str]]:
        """The parameters beside it."""
        return {name: [str(value)] for name, value in self.said.get("query", {}).items()}

    @property
    def headers(self) -> dict[str, str]:
        """What is said of it."""
        accept = {"Accept": self.said["accept"]} if "accept" in self.said else {}
        return {"Content-Type": self.said.get("content-type", FHIR_JSON), **accept}

    @property
    def versions(self) -> list[FhirVersion]:
        """At whose addresses it is refused."""
        return [FhirVersion(self.said["only"])] if "only" in self.said else list(FhirVersion)

    def answer(self, version: FhirVersion) -> TestResponse:
        """What HTTP answers to it at this version's address."""
        path = f"{version.base}/$assess-her2"
        return post(self.body, self.query, self.headers, path=path)


@cache
def refused() -> tuple[Refused, ...]:
    """All of them, in alphabetical order."""
    folders = sorted(f for f in (FIXTURES / "refused").iterdir() if f.is_dir())
    return tuple(
        Refused(f, yaml.safe_load((f / "case.yaml").read_text(encoding="utf-8"))) for f in folders
    )
