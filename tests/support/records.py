"""One invented patient's record as the readers of facts ask it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from service.core.codes import Codes, LocalCodes
from service.fhir.coder import Coder
from service.fhir.conditions import read_diagnosis
from service.fhir.entries import Opened, open_resource
from service.fhir.facts.record import PatientRecord
from service.fhir.index import index
from service.fhir.json import decode, encode
from service.knowledge.codes import read_codes
from tests.support.evidence import SNOMED, Resource, bundle, concept

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TODAY = date(2026, 11, 22)
ANNA = {"subject": {"reference": "Patient/anna"}}


@cache
def codes() -> Codes:
    """The shipped code files."""
    return read_codes(files("service.knowledge") / "codes")


def record(*resources: Resource, day: date = TODAY) -> PatientRecord:
    """The record of these resources on a day."""
    opened = Opened()
    open_resource(decode(encode(bundle(*resources))), "Bundle", opened)
    found, _ = index(opened.resources)
    coder = Coder(codes(), LocalCodes({}, {}, ""))
    diagnoses = [d for c in found.of_type("Condition") if (d := read_diagnosis(c, coder))]
    others = [r for r in found.resources if r.type != "Patient"]
    return PatientRecord(None, others, diagnoses, found, coder, day)


def _made(kind: str, name: str, more: Mapping[str, Any]) -> Resource:
    whole = {"resourceType": kind, "id": name, **ANNA, **more}
    return {k: v for k, v in whole.items() if v is not None}


def observed(code: Resource, value: Mapping[str, Any], when: str | None = None, **more: Any) -> Any:
    """An Observation; its id follows from its content."""
    name = f"o-{abs(hash(repr((code, value, when, sorted(more)))))}"
    base = {"status": "final", "code": code, "effectiveDateTime": when}
    return _made("Observation", name, {**base, **value, **more})


def staged(code: str, text: str, when: str | None = "2026-01-10", **more: Any) -> Resource:
    """A staging Observation whose value is a text."""
    return observed(concept("http://loinc.org", code), {"valueString": text}, when, **more)


def given(drug: str, when: str | None, status: str = "completed", **more: Any) -> Resource:
    """A dose of a drug named in words."""
    medication = {"medicationCodeableConcept": {"text": drug}, "effectiveDateTime": when}
    whole = {"status": status, **medication, **more}
    return _made("MedicationAdministration", f"a-{abs(hash(repr((drug, when, status))))}", whole)


def taken(drug: str, start: str | None, end: str | None = None, status: str = "") -> Resource:
    """A medication history; active without an end, completed with one."""
    period = {k: v for k, v in (("start", start), ("end", end)) if v}
    whole: dict[str, Any] = {
        "status": status or ("completed" if end else "active"),
        "medicationCodeableConcept": {"text": drug},
        "effectivePeriod": period or None,
    }
    return _made("MedicationStatement", f"s-{abs(hash(repr((drug, start, end, status))))}", whole)


def operated(text: str = "Mastectomy", when: str | None = "2026-06-01", **more: Any) -> Resource:
    """A completed operation."""
    whole = {"status": "completed", "code": {"text": text}, "performedDateTime": when, **more}
    return _made("Procedure", f"p-{abs(hash(repr((text, when))))}", whole)


def diagnosed(code: str | Resource, onset: str | None = None, **more: Any) -> Resource:
    """A Condition by SNOMED code or concept."""
    coded = concept(SNOMED, code) if isinstance(code, str) else code
    whole = {"code": coded, "onsetDateTime": onset, **more}
    return _made("Condition", f"c-{abs(hash(repr((code, onset))))}", whole)


def status(word: str, when: str) -> Resource:
    """A cancer disease status (97509-4)."""
    meant = {"worsened": "271299001", "stable": "359746009", "improved": "268910001"}[word]
    value = {"valueCodeableConcept": concept(SNOMED, meant)}
    return observed(concept("http://loinc.org", "97509-4"), value, when)
