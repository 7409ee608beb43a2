"""When systemic anticancer therapy was given: enough to tell a sample taken after it began."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from service.core.findings import Moment
from service.fhir.conditions import all_texts
from service.fhir.facts.adherence import adherence
from service.fhir.moments import moment

if TYPE_CHECKING:
    from service.fhir.coder import Coder
    from service.fhir.entries import Located
    from service.fhir.index import Index

_TYPES = {"MedicationAdministration", "MedicationStatement", "MedicationRequest", "Procedure"}
_GIVEN = {"completed", "in-progress", "stopped", "active", "recorded"}
#: R4's elements, then R5's (`occurence` is so spelt in its MedicationAdministration).
_DAYS = (
    *("effectiveDateTime", "performedDateTime", "authoredOn"),
    *("occurrenceDateTime", "occurenceDateTime"),
)
_PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "occurencePeriod")
_DRUGS = re.compile(
    r"\btrastuzumab|\bpertuzumab|\bphesgo\b|\bherceptin\b|\bperjeta\b|\bkadcyla\b|\benhertu\b"
    r"|\bdocetaxel|\bpaclitaxel|\bcarboplatin|\bdoxorubicin|\bepirubicin|\bcyclophosphamide"
)
_THERAPY = re.compile(r"\bneo-?adjuvant\b|\bchemotherapy\b")


def first_systemic_therapies(record: Sequence[Located], index: Index, coder: Coder) -> list[Moment]:
    """The days on which a patient's record has systemic therapy."""
    days = []
    for located in record:
        if located.type not in _TYPES or str(located.resource.get("status")) not in _GIVEN:
            continue
        if adherence(located.resource).startswith("not-taking"):
            continue
        if _is_systemic(located, index, coder) and (day := _day(located.resource)):
            days.append(day)
    return days


def _is_systemic(located: Located, index: Index, coder: Coder) -> bool:
    resource = located.resource
    if located.type == "Procedure":
        code = resource.get("code")
        chemotherapy = "chemotherapy" in coder.concepts("procedure", code)
        return chemotherapy or bool(_THERAPY.search(all_texts(code)))
    both = resource.get("medication")  # R5's CodeableReference
    both = both if isinstance(both, dict) else {}
    reference = resource.get("medicationReference") or both.get("reference")
    medication = index.find(reference, host=located)
    concept = resource.get("medicationCodeableConcept") or both.get("concept")
    concept = concept or (medication.resource.get("code") if medication else None)
    return bool(_DRUGS.search(all_texts(concept)))


def _day(resource: Mapping[str, Any]) -> Moment | None:
    for name in _DAYS:
        if found := moment(resource.get(name)):
            return found
    for name in _PERIODS:
        period = resource.get(name)
        if isinstance(period, dict) and (found := moment(period.get("start"))):
            return found
    return None
