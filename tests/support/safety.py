"""Invented results, conditions and medicines around one assessment day."""

from datetime import date, timedelta

from service.fhir.coder import Coder
from service.fhir.conditions import read_diagnosis
from service.fhir.entries import Opened, open_resource
from service.fhir.facts.record import PatientRecord
from service.fhir.facts.safety import safety_facts
from service.fhir.index import index
from service.fhir.json import decode, encode
from tests.support.cases import library
from tests.support.evidence import LOINC, SNOMED, bundle, concept

TODAY = date(2026, 11, 22)
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
LVEF, ALT, AST, BILIRUBIN, ALP = "10230-1", "1742-6", "1920-8", "1975-2", "6768-6"
PLATELETS, NEUTROPHILS, POTASSIUM, QTC = "777-3", "751-8", "2823-3", "8636-3"
CLEARANCE, SATURATION, ECOG = "35591-7", "59408-5", "89247-1"
HCG, STATUS, BREAST_FEEDING = "2118-8", "82810-3", "63895-7"
HBSAG, ANTI_HBC = "5195-3", "16933-4"
#: Facts that are false when nothing states them.
ALWAYS = {"pregnancy_test_negative", "hbv_tested"}
BLOOD = "10*9/L"


def ago(days):
    """The day so many days before the assessment day."""
    return (TODAY - timedelta(days)).isoformat()


def number(value, unit="%", **more):
    """A quantity as a value."""
    return {"valueQuantity": {"value": value, "code": unit, **more}}


def result(code, value, days=1, name="", **more):
    """A final result of so many days ago; None leaves an element out."""
    whole = {
        "resourceType": "Observation",
        "id": name or f"o-{code}-{days}",
        "status": "final",
        "code": code if isinstance(code, dict) else concept(LOINC, code),
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": None if days is None else ago(days),
        **value,
        **more,
    }
    return {k: v for k, v in whole.items() if v is not None}


def ranged(code, value, high=40, unit="U/L", days=1, low=None, **more):
    """A result with its own reference range."""
    sides = {"high": high, "low": low}
    said = {k: {"value": v, "code": unit} for k, v in sides.items() if v is not None}
    return result(code, number(value, unit), days, referenceRange=[said], **more)


def condition(code, status="active", system=ICD, verified="confirmed", **more):
    """A diagnosis of anna; an empty status is left out."""
    coded = {"clinicalStatus": status, "verificationStatus": verified}
    return {
        "resourceType": "Condition",
        "id": f"c-{code.replace('.', '-')}-{status}-{verified}",
        "subject": {"reference": "Patient/anna"},
        "code": concept(system, code),
        **{k: {"coding": [{"code": v}]} for k, v in coded.items() if v},
        **more,
    }


def woman(born="1980-01-01", gender="female"):
    """The patient anna."""
    said = {"resourceType": "Patient", "id": "anna", "birthDate": born, "gender": gender}
    return {k: v for k, v in said.items() if v is not None}


def medicine(text, kind="MedicationRequest", status="active", code=None, **more):
    """A medication resource named in words."""
    named = {"text": text} | ({"coding": [{"system": RXNORM, "code": code}]} if code else {})
    return {
        "resourceType": kind,
        "id": f"m-{len(text)}-{status}",
        "status": status,
        "subject": {"reference": "Patient/anna"},
        "medicationCodeableConcept": named,
        **more,
    }


def allergy(text, status="active", verified="confirmed"):
    """An allergy in words."""
    return {
        "resourceType": "AllergyIntolerance",
        "id": f"a-{len(text)}",
        "patient": {"reference": "Patient/anna"},
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": verified}]},
        "code": {"text": text},
    }


def record(*resources):
    """The record of the one patient in these, as it came in."""
    opened = Opened()
    open_resource(decode(encode(bundle(*resources))), "Bundle", opened)
    assert not opened.faults
    found, _ = index(opened.resources)
    known = library()
    coder = Coder(known.codes, known.local_codes)
    patients = found.of_type("Patient")
    others = [r for r in found.resources if r.type != "Patient"]
    diagnoses = [d for c in found.of_type("Condition") if (d := read_diagnosis(c, coder))]
    return PatientRecord(patients[0] if patients else None, others, diagnoses, found, coder, TODAY)


def facts(*resources):
    """Every safety fact by name."""
    return {fact.name: fact for fact in safety_facts(record(*resources))}


def known(name, *resources):
    """The value of a fact, None when it is not known."""
    found = facts(*resources)
    return found[name].value if name in found else None


def harm(outcome, kind="AdverseEvent", **more):
    """An AdverseEvent or DetectedIssue, pneumonitis unless it says otherwise."""
    element = "event" if kind == "AdverseEvent" else "code"
    said = {
        "resourceType": kind,
        "id": "harm",
        "subject": {"reference": "Patient/anna"},
        element: concept(SNOMED, "205237003"),
        "outcome": outcome,
        **more,
    }
    return {k: v for k, v in said.items() if v is not None}


def coded(code):
    """A LOINC answer as a value."""
    return {"valueCodeableConcept": concept(LOINC, code)}


def operation(text, status="completed", **more):
    """A Procedure in words."""
    return {
        "resourceType": "Procedure",
        "id": "op",
        "status": status,
        "subject": {"reference": "Patient/anna"},
        "code": {"text": text},
        **more,
    }
