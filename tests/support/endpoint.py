"""The FHIR endpoint over a database of a test's own, with a clock that the test sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.adapters.store.schema import upgrade
from service.adapters.store.tables import metadata
from service.fhir.json import decode, encode
from service.fhir.own import WITHDRAWN
from service.fhir.version import FhirVersion
from service.settings import Settings
from service.usecases.record.stored import as_resource, linked
from service.wiring import create_app
from tests.support.evidence import answered

Resource = dict[str, Any]

FHIR_JSON = "application/fhir+json"
DERIVED = "https://her2.example/fhir/CodeSystem/her2-provenance|derived"


class Endpoint:
    """A base of the service. `now` is what its clock says."""

    def __init__(self, url: str, base: str = "/fhir/r4", **settings: Any) -> None:
        upgrade(url)
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.base = base
        chosen = Settings(database_url=url, log_level="error", **settings)
        self._app = create_app(chosen, clock=lambda: self.now)
        self.store = self._app.extensions["her2.store"]
        self.tradings = self._app.extensions["her2.tradings"]

    def client(self) -> FlaskClient:
        """For tests that send their own requests."""
        return self._app.test_client()

    def close(self) -> None:
        """Give the connections back."""
        self.store.close()

    def call(
        self,
        method: str,
        path: str = "",
        body: object = None,
        base: str = "",
        **headers: str,
    ) -> TestResponse:
        """Whatever HTTP answers; a body that is no bytes is sent as JSON, digits kept."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", FHIR_JSON)
        address = f"{base or self.base}{'/' if path else ''}{path}"
        data = body if isinstance(body, bytes | None) else encode(body)
        return self._app.test_client().open(address, method=method, data=data, headers=sent)

    def put(self, resource: Resource, **headers: str) -> TestResponse:
        """Update, or create with the resource's own id."""
        path = f"{resource['resourceType']}/{resource['id']}"
        return self.call("PUT", path, resource, **headers)

    def create(self, resource: Resource, **headers: str) -> TestResponse:
        """Create with an id of the server's."""
        return self.call("POST", str(resource["resourceType"]), resource, **headers)

    def post(self, bundle: Resource, **headers: str) -> TestResponse:
        """A Bundle to the base."""
        return self.call("POST", "", bundle, **headers)

    def send(self, root: Resource, **headers: str) -> TestResponse:
        """A Bundle goes to the base, anything else to its type."""
        return (self.post if root["resourceType"] == "Bundle" else self.put)(root, **headers)

    def clear(self) -> None:
        """Nothing is kept any more."""
        with self.store.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    def read(self, path: str, base: str = "", status: int = 200) -> Resource:
        """What GET answers, decoded."""
        answer = self.call("GET", path, base=base)
        assert answer.status_code == status, answer.get_data(as_text=True)
        said: Resource = decode(answer.get_data())
        return said

    def history(self, path: str = "", base: str = "") -> list[Resource]:
        """The entries of a history, the newest first."""
        said = self.read(f"{path}/_history" if path else "_history", base)
        return list(said.get("entry", []))

    def derived(self, patient: str, base: str = "") -> dict[str, Resource]:
        """`Type/id` -> what was derived for a patient and stands."""
        release = FhirVersion((base or self.base).rpartition("/")[2])
        with self.store.reading() as reader:
            found = [as_resource(version, release) for version in reader.derived(patient)]
        return {
            f"{r['resourceType']}/{r['id']}": r
            for r in found
            if r.get("status") != WITHDRAWN.get(r["resourceType"])
        }


def content(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """What is said of a patient: without Provenance, versions and the notes of the summary."""
    return {
        reference: {
            **{k: v for k, v in resource.items() if k not in ("meta", "note")},
            "meta": {
                k: v for k, v in resource["meta"].items() if k not in ("versionId", "lastUpdated")
            },
        }
        for reference, resource in resources.items()
        if resource["resourceType"] in ("Observation", "CarePlan")
    }


def fresh(resources: Iterable[Resource], **asked: Any) -> dict[str, Resource]:
    """What a stateless assessment of these resources says of their one patient.

    asked: as `answered` is told, such as the day.
    """
    entries = [{"resource": resource} for resource in resources]
    bundle = {"resourceType": "Bundle", "type": "collection"} | (
        {"entry": entries} if entries else {}
    )
    answer = answered(bundle, lenient=True, **asked)
    found = {
        e["fullUrl"]: e["resource"]
        for e in answer.get("entry", [])
        if e["resource"]["resourceType"] in ("Observation", "CarePlan")
    }
    addresses = {url: f"{r['resourceType']}/{r['id']}" for url, r in found.items()}
    return content({addresses[url]: linked(r, addresses) for url, r in found.items()})
