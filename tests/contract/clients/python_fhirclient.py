"""fhirclient (SMART): its models refuse whatever is not FHIR R4, so every answer is judged."""

from __future__ import annotations

from collections.abc import Iterator

from fhirclient.models.bundle import Bundle
from fhirclient.models.careplan import CarePlan
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRServer
from requests import HTTPError

from tests.contract.clients.story import Json


def play(base: str, given: Json) -> Iterator[tuple[str, Json]]:
    """fhirclient knows no conditional requests: they go through its server's session."""
    server = FHIRServer(None, base_uri=base)
    yield "metadata", server.capabilityStatement.as_json()

    created = Patient(Patient(given["visitor"]).create(server))
    yield "created", created.as_json()
    visitor = Patient.read(created.id, server)
    yield "read", visitor.as_json()
    visitor.gender = "female"
    yield "updated", Patient(visitor.update(server)).as_json()
    by_identifier = f"Patient?identifier={given['visitor-criteria']['identifier']}"
    other = Patient(given["visitor"] | {"gender": "other"}).as_json()
    yield "upserted", Patient(server.put_json(by_identifier, other).json()).as_json()
    yield "first", Patient.read_from(f"{visitor.relativePath()}/_history/1", server).as_json()

    history = Bundle.read_from(f"{visitor.relativePath()}/_history", server)
    yield "history", _resources(history)

    for step in ("once", "twice"):
        server.session.headers["If-None-Exist"] = (
            f"identifier={given['known-criteria']['identifier']}"
        )
        yield step, Patient(Patient(given["known"]).create(server)).as_json()
    del server.session.headers["If-None-Exist"]
    yield "found", _written(Patient.where(given["known-criteria"]), server)

    answer = Bundle(Bundle(given["waiting"]).create(server))
    yield "waiting", answer.as_json()
    address = answer.entry[0].response.location.split("/_history")[0]
    plans = CarePlan.where({"subject": address, "status": "draft"})
    yield "pending", Bundle.read_from(f"{address}/$assess-her2", server).as_json()
    yield "plan", _written(plans, server)
    yield "amplified", Bundle(Bundle(given["amplified"]).create(server)).as_json()
    yield "positive", Bundle.read_from(f"{address}/$assess-her2", server).as_json()
    yield "plans", _written(plans, server)
    of_patient = {"patient": address}
    by_code = Observation.where(of_patient | {"code": given["category-code"]})
    yield "categories", _written(by_code, server)
    yield "paged", _written(Observation.where(of_patient | {"_count": "1"}), server)

    counted = Observation.where(of_patient | {"_summary": "count"}).perform_iter(server)
    yield "counted", next(counted).total
    yield "batched", _resources(Bundle(_batch(address).create(server)))

    visitor.delete(server)
    try:
        Patient.read(visitor.id, server)
    except HTTPError as error:
        yield "gone", error.response.json()
    try:
        Observation(given["unreadable"]).create(server)
    except HTTPError as error:
        yield "refused", error.response.json()


def _batch(address: str) -> Bundle:
    """Reads a Patient and searches its Observations."""
    urls = address, f"Observation?patient={address}"
    asked = [{"request": {"method": "GET", "url": url}} for url in urls]
    return Bundle({"type": "batch", "entry": asked})


def _resources(bundle: Bundle) -> Json:
    return [entry.resource.as_json() for entry in bundle.entry]


def _written(search: object, server: FHIRServer) -> Json:
    return [resource.as_json() for resource in search.perform_resources_iter(server)]
