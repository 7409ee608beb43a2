"""What R5 says in other elements than R4 is read all the same."""

import pytest

from service.fhir.facts.tumour import tumour_facts
from service.fhir.index import index
from service.fhir.treatment import first_systemic_therapies
from service.fhir.version import FhirVersion
from tests.support import safety
from tests.support.cases import code_in, resources
from tests.support.evidence import answered, bundle, concept, ihc, patient, specimen
from tests.support.records import RXNORM, diagnosed, given, operated, record, staged, taken

R5 = FhirVersion.R5


def fact(name, *posted):
    return {f.name: f.value for f in tumour_facts(record(*posted))}.get(name)


def as_recorded(statement, adherence=None, **period):
    """The statement in R5: recorded, with a CodeableReference."""
    left = ("status", "medicationCodeableConcept", "effectivePeriod")
    said = {k: v for k, v in statement.items() if k not in left}
    said |= {"status": "recorded", "medication": {"concept": {"text": "Herceptin"}}}
    said |= {"effectivePeriod": period} if period else {}
    code = {"code": {"coding": [{"code": adherence}]}}
    return said | ({"adherence": code} if adherence else {})


HISTORY = taken("Herceptin", "2026-09-01")


@pytest.mark.parametrize("code", ["taking", "taking-as-directed", "taking-not-as-directed"])
def test_a_statement_of_being_taken_is_a_line_that_runs(code):
    assert fact("on_active_line", HISTORY) is True
    assert fact("on_active_line", as_recorded(HISTORY, code, start="2026-09-01")) is True
    assert fact("prior_trastuzumab", as_recorded(HISTORY, code)) is True


@pytest.mark.parametrize("code", ["not-taking", "never"])
def test_a_statement_of_not_being_taken_is_no_therapy(code):
    assert fact("prior_trastuzumab", as_recorded(HISTORY, code, start="2026-09-01")) is None


EARLY = [staged("21907-1", "M0", "2020-01-10"), operated(when="2020-01-10")]


@pytest.mark.parametrize(
    "ended",
    [
        {**taken("Herceptin", "2020-03-01"), "status": "completed"},
        as_recorded(HISTORY, "stopped", start="2020-03-01"),
        as_recorded(HISTORY, "stopped-as-directed", start="2020-03-01", end="2020-06-01"),
        as_recorded(HISTORY, start="2020-03-01", end="2020-06-01"),
    ],
)
def test_a_course_recorded_as_stopped_or_until_a_day_is_complete(ended):
    assert fact("adj_her2_complete", ended, *EARLY) is True


def test_a_course_recorded_as_taken_until_a_day_is_not_called_complete():
    unsure = as_recorded(HISTORY, "taking", start="2020-03-01", end="2020-06-01")
    assert fact("adj_her2_complete", unsure, *EARLY) is not True


def test_a_dose_is_dated_by_occurrence_as_r5_spells_it():
    dose = given("Trastuzumab", None, occurenceDateTime="2026-03-01")
    later = given("Trastuzumab", None, occurenceDateTime="2026-12-24")
    assert fact("prior_trastuzumab", dose) is True
    assert fact("prior_trastuzumab", later) is None
    period = {"start": "2026-12-24", "end": "2026-12-24"}
    assert fact("prior_trastuzumab", given("Trastuzumab", None, occurencePeriod=period)) is None


def test_an_operation_is_dated_by_occurrence():
    r5 = {k: v for k, v in operated().items() if k != "performedDateTime"}
    assert fact("surgery_done", r5 | {"occurrenceDateTime": "2026-06-01"}) is True
    months = fact("months_since_surgery", r5 | {"occurrenceDateTime": "2026-06-01"})
    assert months == fact("months_since_surgery", operated(when="2026-06-01"))
    assert months is not None
    ended = {"occurrencePeriod": {"start": "2026-05-31", "end": "2026-06-01"}}
    assert fact("months_since_surgery", r5 | ended) == months


def test_the_reason_of_a_therapy_is_a_codeable_reference():
    lupus = diagnosed({"text": "Systemic lupus erythematosus"})
    about = {"reason": [{"reference": {"reference": f"Condition/{lupus['id']}"}}]}
    assert fact("prior_systemic", lupus, given("Cyclophosphamide", "2026-02-01", **about)) is None


@pytest.mark.parametrize(
    "said",
    [
        {"medication": {"concept": {"text": "Docetaxel"}}, "occurenceDateTime": "2026-02-01"},
        {"medication": {"reference": {"reference": "Medication/m"}}, "occurenceDateTime": "2026"},
        {
            "medication": {"concept": {"text": "Docetaxel"}},
            "occurencePeriod": {"start": "2026-02-01"},
        },
    ],
)
def test_systemic_therapy_before_a_sample_is_seen(said):
    dose = given("", None, medicationCodeableConcept=None, **said)
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "Docetaxel"}}
    read = record(dose, medication)
    found, _ = index(read.index.resources)
    assert len(first_systemic_therapies(read.resources, found, read.coder)) == 1


def test_an_allergy_and_a_condition_are_read_as_in_r4():
    said = safety.allergy("Trastuzumab")
    r5 = said | {
        "type": {"coding": [{"code": "allergy"}]},
        "reaction": [{"manifestation": [{"concept": {"text": "Urticaria"}}]}],
    }
    facts = {f.name for f in safety.facts(r5).values()}
    assert facts == {f.name for f in safety.facts(said).values()}
    lung = safety.condition("J84.9", participant=[{"actor": {"reference": "Practitioner/x"}}])
    assert safety.known("ild_history", lung) == safety.known(
        "ild_history", safety.condition("J84.9")
    )


def test_an_adverse_event_is_named_by_code_and_has_a_list_of_outcomes():
    r4 = safety.facts(safety.harm("resolved"))
    lungs = {"event", "outcome", "date"}
    event = safety.harm("resolved")
    r5 = {k: v for k, v in event.items() if k not in lungs} | {
        "code": event.get("event") or event.get("code"),
        "outcome": [event["outcome"]] if isinstance(event["outcome"], dict) else event["outcome"],
    }
    assert {n: f.value for n, f in safety.facts(r5).items()} == {n: f.value for n, f in r4.items()}


def test_a_medicine_of_the_list_is_recorded_as_being_taken():
    drug = {"coding": [{"system": RXNORM, "code": "3639"}], "text": "Doxorubicin"}
    base = safety.medicine("Doxorubicin", "MedicationStatement", "recorded")
    base = {k: v for k, v in base.items() if k != "medicationCodeableConcept"}
    base |= {"medication": {"concept": drug}}

    def said(code):
        return base | {"adherence": {"code": {"coding": [{"code": code}]}}}

    assert safety.known("anthracycline_concurrent", said("taking-as-directed")) is True
    assert safety.known("anthracycline_concurrent", said("not-taking")) is None
    assert safety.known("anthracycline_concurrent", base) is None
    during = base | {"effectivePeriod": {"start": "2026-11-01"}}
    assert safety.known("anthracycline_concurrent", during) is True


def test_the_body_site_of_a_specimen_is_a_codeable_reference():
    left = concept("http://snomed.info/sct", "80248007", "Left breast structure")
    answers = []
    for site, version in ((left, FhirVersion.R4), ({"concept": left}, R5)):
        r5 = version is R5
        core = specimen(collection={"bodySite": site})
        side = {"text": "right breast"}
        right = specimen("other", collection={"bodySite": {"concept": side} if r5 else side})
        posted = bundle(patient(), core, right, ihc("3+"), ihc("1+", name="x", sample="other"))
        answers.append(resources(answered(posted, version=version), "Observation"))
    assert answers[0] == answers[1]
    tumours = [o for o in answers[0] if "her2-tumour" in o["meta"]["profile"][0]]
    said = {code_in(o["valueCodeableConcept"], "her2-category") for o in tumours}
    assert said == {"positive", "low"}
