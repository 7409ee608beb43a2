"""What a resource must be to be kept: FHIR of the base's version, of a kept type, not our own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from service.core.errors import Fault, NotAllowed, NotFhir, Unreadable
from service.fhir.entries import Opened, open_resource
from service.fhir.own import is_own
from service.fhir.validate import faults_of
from service.fhir.version import FhirVersion
from service.usecases.record.interaction import Interaction
from service.usecases.record.kept import EVIDENCE
from service.usecases.record.port import Method

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def admit(asked: Sequence[Interaction], release: FhirVersion, base: str) -> None:
    """Refuse what cannot be kept, with every fault.

    base: our canonical base. Raises NotAllowed (405), NotFhir (400) or Unreadable (422).
    """
    for one in asked:
        if one.kind not in EVIDENCE:
            text = f"{one.kind} is read here, not written: it is not kept, or this service's own."
            raise NotAllowed(Fault("not-supported", text, one.where))
    if faults := [f for one in asked for f in _not_fhir(one, release)]:
        raise NotFhir(*faults)
    if faults := [f for one in asked for f in _own(one, base)]:
        raise Unreadable(*faults)


def _not_fhir(one: Interaction, release: FhirVersion) -> Iterable[Fault]:
    if one.id and not _ID.fullmatch(one.id):
        yield Fault("value", "An id has 1 to 64 letters, digits, - and . alone.", one.where)
    if "\0" in one.criteria:
        yield Fault("value", "The condition has a character that no value has.", one.where)
    if one.method is Method.DELETE:
        return
    resource = one.resource
    if not isinstance(resource, dict):
        yield Fault("structure", "A resource is a JSON object.", one.where)
        return
    kind = resource.get("resourceType")
    if kind != one.kind:
        text = f"resourceType is not {one.kind}, which the address names."
        yield Fault("invariant", text, f"{one.where}.resourceType")
        return
    if one.method is Method.PUT and one.id and resource.get("id") != one.id:
        text = (
            "The resource needs the id of its address."
            if "id" not in resource
            else ("The resource has another id than its address.")
        )
        yield Fault("invariant", text, f"{one.where}.id")
    opened = Opened()
    open_resource(resource, one.where, opened)
    yield from opened.faults or faults_of(opened.resources[0], release)


def _own(one: Interaction, base: str) -> Iterable[Fault]:
    if one.resource is not None and is_own(one.resource, base):
        text = (
            "This is an output of this service: it is never evidence, and is not kept as such. "
            "What stands is derived from the evidence."
        )
        yield Fault("business-rule", text, one.where)
