"""What contradicts a statement, as warnings of the answer: which of the two was used."""

from __future__ import annotations

from service.core.assessment import Remark
from service.core.fact_book import Conflict, Origin
from service.fhir.answer import PatientAnswer, Writing
from service.fhir.plan_words import conflict_line, setting_line

_CODE = "business-rule"


def contradictions(answer: PatientAnswer, writing: Writing) -> list[Remark]:
    """One warning a contradiction, at the resource that says otherwise where there is one."""
    suggestion = answer.suggestion
    remarks = [
        Remark(conflict_line(conflict, writing), _place(conflict, answer), "warning", _CODE)
        for conflict in suggestion.conflicts
    ]
    if suggestion.setting.rather:
        text = setting_line(suggestion.setting, writing)
        remarks.append(Remark(text, severity="warning", code=_CODE))
    return remarks


def _place(conflict: Conflict, answer: PatientAnswer) -> str:
    """Where the record says it; empty when only the caller and the results speak."""
    if Origin.RECORD not in (conflict.used_origin, conflict.against_origin):
        return ""
    facts = [fact for fact in answer.recorded.known if fact.name == conflict.fact]
    return next((source.where for fact in facts for source in fact.sources), "")
