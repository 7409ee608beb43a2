"""Drugs that failed before: progression on them, and stops because they harmed."""

import pytest

from tests.support.evidence import SNOMED, concept
from tests.support.records import given, status, taken
from tests.support.regimen_drugs import TDM1, TDXD, about, drug_facts
from tests.support.safety import condition, harm

PROGRESSED, HARMED = "key_agent_progressed", "key_agent_stopped_toxicity"


def stopped(drug, reason, state="stopped", **more):
    """A medication history that ended, with the reason in words."""
    said = taken(drug, "2026-01-10", "2026-05-10", state)
    return said | {"statusReason": [{"text": reason}]} | more


def suspect(of, **more):
    """An adverse event on a day of May 2026 that names what it suspects."""
    named = {"suspectEntity": [{"instance": of}], "date": "2026-05-01"}
    event = {"event": {"text": "Neutropenia"}, "outcome": None}
    return harm(None) | named | event | more


# Progression


@pytest.mark.parametrize(
    ("day", "value"),
    [
        ("2026-01-09", None),
        ("2026-01-10", None),
        ("2026-01-11", True),
        ("2026-05-10", True),
        ("2026-06-09", True),
        ("2026-06-10", None),
    ],
)
def test_disease_worsens_on_a_drug_until_thirty_days_after_it(day, value):
    course = taken("Enhertu", "2026-01-10", "2026-05-10")
    assert about(PROGRESSED, TDXD, course, status("worsened", day)) is value
    assert about(PROGRESSED, TDM1, course, status("worsened", day)) is None


def test_a_drug_that_goes_on_counts_until_the_day():
    running = taken("Tucatinib", "2026-01-10")
    assert about(PROGRESSED, "tucatinib", running, status("worsened", "2026-11-20")) is True


def test_doses_with_short_pauses_are_one_exposure():
    doses = [given("Kadcyla", day) for day in ("2026-02-01", "2026-03-20", "2026-04-10")]
    assert about(PROGRESSED, TDM1, *doses, status("worsened", "2026-03-15")) is True
    assert about(PROGRESSED, TDM1, *doses, status("worsened", "2026-03-20")) is True
    assert about(PROGRESSED, TDM1, *doses, status("worsened", "2026-02-01")) is None
    assert about(PROGRESSED, TDM1, *doses, status("worsened", "2026-05-10")) is True
    assert about(PROGRESSED, TDM1, *doses, status("worsened", "2026-05-11")) is None


def test_a_second_course_begun_for_progression_did_not_fail_on_that_day():
    courses = [taken("Lapatinib", "2025-01-01", "2025-03-01"), taken("Lapatinib", "2026-05-01")]
    assert about(PROGRESSED, "lapatinib", *courses, status("worsened", "2026-05-01")) is None
    assert about(PROGRESSED, "lapatinib", *courses, status("worsened", "2026-05-02")) is True


def test_dates_of_a_month_count_only_where_every_day_of_it_agrees():
    course = taken("Neratinib", "2026-02", "2026-06")
    assert about(PROGRESSED, "neratinib", course, status("worsened", "2026-02-20")) is None
    assert about(PROGRESSED, "neratinib", course, status("worsened", "2026-03-01")) is True
    assert about(PROGRESSED, "neratinib", course, status("worsened", "2026-07-01")) is True
    assert about(PROGRESSED, "neratinib", course, status("worsened", "2026-07-02")) is None


def test_stable_disease_and_contradictions_say_nothing():
    course = taken("Enhertu", "2026-01-10", "2026-05-10")
    day = "2026-03-01"
    assert about(PROGRESSED, TDXD, course, status("stable", day)) is None
    both = status("stable", day), status("worsened", day)
    assert about(PROGRESSED, TDXD, course, *both) is None


def test_antibodies_that_are_reused_are_no_key_agents():
    worse = status("worsened", "2026-03-01")
    for drug in ("trastuzumab", "pertuzumab", "docetaxel"):
        assert about(PROGRESSED, drug, taken(drug, "2026-01-10", "2026-05-10"), worse) is None
        assert about(HARMED, drug, stopped(drug, "adverse event")) is None


def test_a_product_that_may_be_a_conjugate_leaves_both_open():
    family = taken("", "2026-01-10", "2026-05-10")
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    family |= {"medicationCodeableConcept": concept(rxnorm, "1922508")}
    assert (
        drug_facts(family, status("worsened", "2026-03-01")).keys()
        & {
            (PROGRESSED, TDXD),
            (PROGRESSED, TDM1),
        }
        == set()
    )


# The stated reason


@pytest.mark.parametrize(
    ("reason", "fact"),
    [
        ("Disease progression", PROGRESSED),
        ("Progressive disease (PD)", PROGRESSED),
        ("progressed in the liver", PROGRESSED),
        ("Adverse event", HARMED),
        ("Adverse drug reaction", HARMED),
        ("Cardiotoxicity", HARMED),
        ("side effects", HARMED),
        ("Treatment not tolerated", HARMED),
        ("drug intolerance", HARMED),
        ("Pneumonitis", HARMED),
        ("Treatment completed", None),
        ("Completed without progression", None),
        ("no adverse events", None),
        ("not for toxicity", None),
        ("Suspected progression", None),
        ("pseudoprogression", None),
        ("Patient moved away", None),
    ],
)
def test_a_drug_is_stopped_for_the_reason_that_is_stated(reason, fact):
    found = drug_facts(stopped("T-DXd", reason))
    assert {name for name, drug in found if drug == TDXD} == ({fact} if fact else set())


def test_both_reasons_may_be_stated():
    two = stopped("T-DXd", "") | {"statusReason": [{"text": "toxicity"}, {"text": "progression"}]}
    assert {name for name, _ in drug_facts(two)} == {PROGRESSED, HARMED}


@pytest.mark.parametrize("code", ["271299001", "230993007"])
def test_progression_may_be_coded(code):
    coded = stopped("T-DXd", "") | {"statusReason": [concept(SNOMED, code)]}
    assert about(PROGRESSED, TDXD, coded) is True


@pytest.mark.parametrize(
    ("state", "value"),
    [("stopped", True), ("completed", True), ("active", None), ("on-hold", None)],
)
def test_only_a_drug_that_ended_was_stopped(state, value):
    assert about(HARMED, TDM1, stopped("Kadcyla", "toxicity", state)) is value
    assert about(HARMED, TDM1, stopped("Kadcyla", "toxicity", "not-taken")) is None


def test_an_order_says_its_reason_too():
    order = {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "stopped",
        "intent": "order",
        "subject": {"reference": "Patient/anna"},
        "authoredOn": "2026-02-01",
        "medicationCodeableConcept": {"text": "tucatinib"},
        "statusReason": {"text": "hepatotoxicity"},
    }
    assert about(HARMED, "tucatinib", order) is True


def test_r5_says_it_as_adherence():
    history = taken("Nerlynx", "2026-01-10", "2026-05-10", "recorded") | {
        "adherence": {
            "code": {"coding": [{"code": "stopped"}]},
            "reason": {"text": "Intolerance"},
        }
    }
    assert about(HARMED, "neratinib", history) is True
    going_on = history | {"adherence": {"code": {"coding": [{"code": "taking"}]}}}
    assert about(HARMED, "neratinib", going_on) is None


def test_a_broken_off_infusion_counts_when_no_dose_followed():
    reason = {"statusReason": [{"text": "adverse reaction"}]}
    broken = given("Margetuximab", "2026-03-01", "stopped", **reason)
    assert about(HARMED, "margetuximab", broken) is True
    assert about(HARMED, "margetuximab", broken, given("Margetuximab", "2026-03-22")) is None
    assert about(HARMED, "margetuximab", broken, given("Margetuximab", "2026-02-08")) is True


def test_the_fact_rests_on_the_history_that_says_so():
    fact = drug_facts(stopped("T-DXd", "toxicity"))[(HARMED, TDXD)]
    assert fact.said == "stopped for an adverse event"
    assert [s.reference for s in fact.sources] == [
        f"MedicationStatement/{stopped('T-DXd', 'toxicity')['id']}"
    ]


# Adverse events


def ended(end="2026-05-10", reason=None, state="stopped", drug="Pyrotinib"):
    """A history of a drug that was stopped on a day."""
    whole = taken(drug, "2026-01-10", end, state) | {"id": "history"}
    return whole | ({"statusReason": [{"text": reason}]} if reason else {})


HISTORY = {"reference": "MedicationStatement/history"}


@pytest.mark.parametrize(
    ("end", "value"),
    [
        ("2026-04-30", None),
        ("2026-05-01", True),
        ("2026-05-31", True),
        ("2026-06-01", None),
    ],
)
def test_an_adverse_event_leads_to_a_stop_within_thirty_days(end, value):
    assert about(HARMED, "pyrotinib", ended(end), suspect(HISTORY)) is value
    named = suspect({"display": "pyrotinib tablets"})
    assert about(HARMED, "pyrotinib", ended(end), named) is value


def test_a_stop_for_another_reason_was_not_for_the_event():
    assert about(HARMED, "pyrotinib", ended(reason="progression"), suspect(HISTORY)) is None
    assert about(HARMED, "pyrotinib", ended(state="completed"), suspect(HISTORY)) is None


def test_an_event_names_the_medication_that_was_given():
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "pyrotinib"}}
    event = suspect({"reference": "Medication/m"})
    assert about(HARMED, "pyrotinib", medication, ended(), event) is True
    assert about(HARMED, "lapatinib", medication, ended(drug="Lapatinib"), event) is None


def test_without_days_the_event_must_name_the_stopped_history_itself():
    event = suspect(HISTORY) | {"date": None}
    event = {k: v for k, v in event.items() if v is not None}
    assert about(HARMED, "pyrotinib", ended(), event) is True
    named = {k: v for k, v in suspect({"display": "pyrotinib"}).items() if k != "date"}
    assert about(HARMED, "pyrotinib", ended(), named) is None


@pytest.mark.parametrize(
    "more",
    [
        {"actuality": "potential"},
        {"date": "2026-12-01"},
        {"suspectEntity": []},
        {
            "suspectEntity": [
                {"instance": HISTORY, "causality": [{"assessment": {"text": "Unrelated"}}]}
            ]
        },
    ],
)
def test_an_event_that_did_not_happen_or_is_unrelated_says_nothing(more):
    assert about(HARMED, "pyrotinib", ended(), suspect(HISTORY, **more)) is None


def test_r5_says_that_the_drug_was_withdrawn():
    event = suspect(None) | {
        "suspectEntity": [{"instanceCodeableConcept": {"text": "Enhertu"}}],
        "mitigatingAction": [{"itemCodeableConcept": {"text": "Drug withdrawn"}}],
    }
    assert about(HARMED, TDXD, event) is True
    assert about(HARMED, TDM1, event) is None


# T-DXd after lung disease


@pytest.mark.parametrize(
    ("more", "value"),
    [
        ({"severity": {"coding": [{"code": "severe"}]}}, True),
        ({"severity": {"coding": [{"code": "moderate"}]}}, True),
        ({"severity": {"coding": [{"code": "mild"}]}}, None),
        ({"severity": {"text": "CTCAE grade 2"}}, True),
        ({"severity": {"text": "CTCAE grade 1"}}, None),
        ({"severity": {"text": "grade 1, moderate"}}, None),
        ({"severity": {"text": "grade 2-3"}}, None),
        ({}, None),
        ({"actuality": "potential", "severity": {"text": "grade 3"}}, None),
    ],
)
def test_t_dxd_is_not_given_after_lung_disease_of_grade_2(more, value):
    event = harm({"coding": [{"code": "resolved"}]}, **more)
    assert about(HARMED, TDXD, event) is value
    assert about(PROGRESSED, TDXD, event) is None
    assert about(HARMED, TDM1, event) is None


def test_a_condition_may_say_the_grade():
    graded = {"stage": [{"summary": {"text": "CTCAE grade 3"}}]}
    past = condition("J70.2", "resolved", **graded)
    assert about(HARMED, TDXD, past) is True
    assert about(HARMED, TDXD, condition("J70.2", verified="refuted", **graded)) is None
    assert about(HARMED, TDXD, condition("J70.2")) is None
    assert about(HARMED, TDXD, condition("K50", **graded)) is None


@pytest.mark.parametrize(("grade", "value"), [(0, None), (1, None), (2, True), (5, True)])
def test_an_observation_may_say_the_grade(grade, value):
    said = {
        "resourceType": "Observation",
        "id": "grade",
        "status": "final",
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": "2026-10-01",
        "code": {"text": "CTCAE grade of pneumonitis"},
        "valueInteger": grade,
    }
    assert about(HARMED, TDXD, said) is value


def test_nothing_is_ever_false():
    assert drug_facts(taken("Enhertu", "2026-01-10", "2026-05-10", "not-taken")) == {}
    assert drug_facts(given("Enhertu", "2026-05-10")) == {}
