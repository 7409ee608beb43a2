"""HER2 said in free text or in a diagnosis: told, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from service.core.assessment import Remark
from service.fhir.her2_observation import mentions_her2
from service.fhir.lab_words import as_list

if TYPE_CHECKING:
    from service.fhir.index import Index

_REPORT = (
    "HER2 is spoken of in free text: it was not read. Send the result as an Observation "
    "(LOINC 85319-2 for IHC, 49683-6 and 74860-8 for ISH)."
)
_DIAGNOSIS = "This diagnosis speaks of HER2; a diagnosis is no test result and was not used as one."


def remarks_on_reports(index: Index) -> list[Remark]:
    """Remarks on DiagnosticReport conclusions and on Conditions that name HER2."""
    remarks = []
    for located in index.of_type("DiagnosticReport"):
        for where in _places(located.resource):
            remarks.append(Remark(_REPORT, f"{located.where}.{where}", "warning", "not-supported"))
    for located in index.of_type("Condition"):
        if mentions_her2(located.resource.get("code")):
            remarks.append(Remark(_DIAGNOSIS, f"{located.where}.code"))
    return remarks


def _places(report: Mapping[str, Any]) -> list[str]:
    places = []
    if mentions_her2({"text": report.get("conclusion")}):
        places.append("conclusion")
    for i, concept in enumerate(as_list(report.get("conclusionCode"))):
        if mentions_her2(concept):
            places.append(f"conclusionCode[{i}]")
    return places
