"""One patient's record on the assessment day, as the readers of facts ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from service.core.findings import Moment, time_order
from service.fhir.coder import Coder
from service.fhir.conditions import Diagnosis
from service.fhir.entries import Located
from service.fhir.index import Index
from service.fhir.moments import moment

Read = TypeVar("Read")

_GONE = {"entered-in-error", "cancelled"}
_DATES = (
    "issued",
    "recordedDate",
    "performedDateTime",
    "authoredOn",
    "dateAsserted",
    "occurrenceDateTime",
    "occurenceDateTime",  # so spelt in R5's MedicationAdministration
    "date",
)


@dataclass(frozen=True)
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
        """Resources of these types that stand (not in error) and began on or before the day.

        One without any date counts; so does one whose period ends after the day.
        """
        if len(types) > 1:
            yield from (r for r in self.resources if r.type in types and self._counts(r))
        else:
            yield from self._standing(types[0])

    def observations(self, *concepts: str) -> list[Located]:
        """Observations whose code is one of these concepts (group `test`), the newest last."""
        found = {o.where: o for c in concepts for o in self._by_test.get(c, ())}
        return sorted(found.values(), key=lambda o: (time_order(dated(o)), o.reference, o.where))

    def once(self, read: Callable[[PatientRecord], Read]) -> Read:
        """What a reader says of this record; it reads the first time only."""
        if read not in self._read:
            self._read[read] = read(self)
        found: Read = self._read[read]
        return found

    def _counts(self, located: Located) -> bool:
        if str(located.resource.get("status")) in _GONE:
            return False
        when = began(located)
        return when is None or when.day <= self.as_of

    def _standing(self, kind: str) -> Sequence[Located]:
        """What counts of a type, as it came; found when it is first asked for."""
        if kind not in self._found:
            self._found[kind] = [r for r in self._by_type.get(kind, ()) if self._counts(r)]
        return self._found[kind]

    @cached_property
    def _read(self) -> dict[object, Any]:
        return {}

    @cached_property
    def _found(self) -> dict[str, Sequence[Located]]:
        return {}

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Located]]:
        found: dict[str, list[Located]] = {}
        for located in self.resources:
            found.setdefault(located.type, []).append(located)
        return found

    @cached_property
    def _by_test(self) -> Mapping[str, Sequence[Located]]:
        """Each code is looked up once: a record may hold a thousand results."""
        found: dict[str, list[Located]] = {}
        for observation in self.of_type("Observation"):
            for concept in self.coder.concepts("test", observation.resource.get("code")):
                found.setdefault(concept, []).append(observation)
        return found


def dated(located: Located) -> Moment | None:
    """When the resource's content was true: effective, performed, issued, authored, recorded.

    A period counts from its end, so that the newest is the one that ended last.
    """
    return _moment(located.resource, ("end", "start"))


def began(located: Located) -> Moment | None:
    """As `dated`, but a period counts from its start."""
    return _moment(located.resource, ("start", "end"))


def _moment(resource: Mapping[str, Any], ends: Sequence[str]) -> Moment | None:
    for name in ("effectiveDateTime", "effectiveInstant"):
        if found := moment(resource.get(name)):
            return found
    if found := _in_period(resource.get("effectivePeriod"), ends):
        return found
    for name in _DATES:
        if found := moment(resource.get(name)):
            return found
    for name in ("performedPeriod", "occurrencePeriod", "occurencePeriod"):
        if found := _in_period(resource.get(name), ends):
            return found
    return None


def _in_period(period: object, ends: Sequence[str]) -> Moment | None:
    if not isinstance(period, dict):
        return None
    return next((found for end in ends if (found := moment(period.get(end)))), None)
