"""fhirpy, as its README has it used."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.contract.clients.story import Json


def play(base: str, given: Json) -> Iterator[tuple[str, Json]]:
    """fhirpy sends the criteria of a conditional create in the query, not in If-None-Exist."""
    client = SyncFHIRClient(base)
    yield "metadata", client.execute("metadata", method="get")

    visitor = client.resource(**_named(given["visitor"]))
    yield "created", visitor.create().serialize()
    yield "read", client.reference("Patient", visitor.id).to_resource().serialize()
    visitor["gender"] = "female"
    yield "updated", visitor.update().serialize()
    visitors = client.resources("Patient").search(**given["visitor-criteria"])
    other = client.resource(**_named(given["visitor"]), gender="other")
    upserted, _ = visitors.update(other)
    yield "upserted", upserted.serialize()
    yield "first", client.execute(f"{visitor.reference}/_history/1", method="get")

    history = client.execute(f"{visitor.reference}/_history", method="get")
    yield "history", [entry["resource"] for entry in history["entry"]]

    people = client.resources("Patient").search(**given["known-criteria"])
    known = client.resource(**_named(given["known"]))
    for step, new in (("once", True), ("twice", False)):
        resource, created = people.get_or_create(known)
        assert created is new
        yield step, resource.serialize()
    yield "found", _written(people.fetch_all())

    message = client.resource(**_named(given["waiting"]))
    yield "waiting", message.save().serialize()
    address = message["entry"][0]["response"]["location"].split("/_history")[0]
    patient = client.reference(reference=address)
    plans = client.resources("CarePlan").search(subject=patient, status="draft")
    yield "pending", patient.execute("$assess-her2")
    yield "plan", _written(plans.fetch_all())
    yield "amplified", client.resource(**_named(given["amplified"])).save().serialize()
    yield "positive", patient.execute("$assess-her2", method="get")
    yield "plans", _written(plans.fetch_all())
    observations = client.resources("Observation").search(patient=patient)
    yield "categories", _written(observations.search(code=given["category-code"]).fetch_all())
    yield "paged", _written(observations.limit(1).fetch_all())

    yield "counted", observations.count()
    urls = address, f"Observation?patient={address}"
    asked = [{"request": {"method": "GET", "url": url}} for url in urls]
    batch = client.resource("Bundle", type="batch", entry=asked).save()
    yield "batched", [entry["resource"] for entry in batch.serialize()["entry"]]

    visitor.delete()
    try:
        visitor.refresh()
    except ResourceNotFound as error:
        yield "gone", json.loads(str(error))
    try:
        client.resource(**_named(given["unreadable"])).create()
    except OperationOutcome as error:
        yield "refused", error.resource


def _named(resource: Json) -> Json:
    """The arguments of `client.resource`."""
    return {
        "resource_type": resource["resourceType"],
        **{k: v for k, v in resource.items() if k != "resourceType"},
    }


def _written(found: list) -> Json:
    return [resource.serialize() for resource in found]
