"""Azure Health Data Services: events of Event Grid, in its own schema or as CloudEvents.

learn.microsoft.com/azure/event-grid/event-schema-azure-health-data-services. They carry no
resource, only its type, id and version: it has to be fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.core.errors import Fault, NotFhir
from service.fhir.notices.address import check_id, check_type, id_in
from service.fhir.notices.notice import Delivery, Happening, Notice
from service.fhir.notices.parts import all_of, count_at, not_fhir, object_at, text_at

_FHIR = {
    "Microsoft.HealthcareApis.FhirResourceCreated": Happening.CHANGED,
    "Microsoft.HealthcareApis.FhirResourceUpdated": Happening.CHANGED,
    "Microsoft.HealthcareApis.FhirResourceDeleted": Happening.DELETED,
}
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
#: Beside those of FHIR: DICOM images and the end of the event subscription tell us nothing.
_PASSED_OVER = ("Microsoft.HealthcareApis.Dicom", "Microsoft.EventGrid.")


def is_event(value: object) -> bool:
    """Whether an object is one event: of Event Grid (`eventType`) or CloudEvents (`type`)."""
    return isinstance(value, dict) and bool(_kind(value)) and "resourceType" not in value


def read_event_grid(events: Sequence[Any]) -> Delivery:
    """One notice an event; the answer is due when Event Grid asks whether we are there."""
    notices: list[Notice] = []
    faults: list[Fault] = []
    answer = None
    for i, event in enumerate(events):
        data = object_at(event, "data")
        kind, where = _kind(event), f"[{i}].data"
        try:
            if kind == _VALIDATION:
                answer = {"validationResponse": _code(data, where)}
            elif kind in _FHIR:
                notices.append(_notice(_FHIR[kind], event, data, where))
            elif not kind.startswith(_PASSED_OVER):
                raise not_fhir("This is no event of a FHIR service.", f"[{i}]", "not-supported")
        except NotFhir as refused:
            faults += refused.faults
    if not events:
        raise not_fhir("There is no event in this list.")
    if faults:
        raise all_of(faults)
    return Delivery(tuple(notices), answer=answer)


def _kind(event: object) -> str:
    return text_at(event, "eventType") or text_at(event, "type")


def _code(data: object, where: str) -> str:
    code = text_at(data, "validationCode")
    if not code:
        raise not_fhir("There is no code to answer with.", f"{where}.validationCode", "required")
    return code


def _notice(happening: Happening, event: object, data: object, where: str) -> Notice:
    kind, id = text_at(data, "resourceType"), text_at(data, "resourceFhirId")
    check_type(kind, f"{where}.resourceType")
    check_id(id, f"{where}.resourceFhirId")
    version = count_at(data, "resourceVersionId")
    return Notice(
        happening,
        kind,
        id,
        id_in(text_at(data, "resourceVersionId")) if version is None else str(version),
        at=text_at(event, "eventTime") or text_at(event, "time"),
        where=where,
    )
