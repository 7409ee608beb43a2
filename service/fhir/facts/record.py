"""One patient's record on the assessment day, as the readers of facts ask it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from service.core.findings import Moment, time_order
from service.fhir.coder import Coder
from service.fhir.conditions import Diagnosis
from service.fhir.entries import Located
from service.fhir.index import Index
from service.fhir.moments import effective, moment

_GONE = {"entered-in-error", "cancelled"}
_DATES = (
    "recordedDate",
    "performedDateTime",
    "authoredOn",
    "dateAsserted",
    "occurrenceDateTime",
    "date",
)


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """Everything posted about one patient.

    patient: the Patient resource, if posted. resources: all others of this patient, own outputs
    left out. diagnoses: the Conditions that count. as_of: the assessment day.
    """

    patient: Located | None
    resources: Sequence[Located]
    diagnoses: Sequence[Diagnosis]
    index: Index
    coder: Coder
    as_of: date

    def of_type(self, *types: str) -> Iterator[Located]:
        """Resources of these types that stand (not in error) and are not later than the day."""
        for located in self.resources:
            if located.type not in types or str(located.resource.get("status")) in _GONE:
                continue
            when = dated(located)
            if when is None or when.day <= self.as_of:
                yield located

    def observations(self, *concepts: str) -> list[Located]:
        """Observations whose code is one of these concepts (group `test`), the newest last."""
        found = [
            o
            for o in self.of_type("Observation")
            if set(self.coder.concepts("test", o.resource.get("code"))) & set(concepts)
        ]
        return sorted(found, key=lambda o: (time_order(dated(o)), o.reference, o.where))


def dated(located: Located) -> Moment | None:
    """When the resource's content was true: effective, performed, issued, authored, recorded."""
    resource = located.resource
    found = effective(resource) or moment(resource.get("issued"))
    for name in _DATES:
        found = found or moment(resource.get(name))
    for name in ("performedPeriod", "occurrencePeriod"):
        period = resource.get(name)
        if found is None and isinstance(period, dict):
            found = moment(period.get("end")) or moment(period.get("start"))
    return found
