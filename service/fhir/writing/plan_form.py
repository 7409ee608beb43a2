"""What of a CarePlan has another form in each FHIR version."""

from __future__ import annotations

from service.fhir.answer import Writing
from service.fhir.r4.plan_form import R4_PLANS
from service.fhir.r5.plan_form import R5_PLANS
from service.fhir.version import FhirVersion
from service.fhir.writing.planned import PlanForm

_FORMS = {FhirVersion.R4: R4_PLANS, FhirVersion.R5: R5_PLANS}


def form_of(writing: Writing) -> PlanForm:
    """The form of plans in the version that is written."""
    return _FORMS[writing.version]
