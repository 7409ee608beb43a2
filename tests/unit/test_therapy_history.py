"""What a record says of therapy: drugs, lines, the (neo)adjuvant course, what runs now."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from service.fhir.facts.medications import drugs_in
from service.fhir.facts.tumour import open_tumour_facts, tumour_facts
from tests.support.evidence import SNOMED, concept
from tests.support.records import (
    RXNORM,
    diagnosed,
    given,
    observed,
    operated,
    record,
    staged,
    status,
    taken,
)

ATC = "http://www.whocc.no/atc"
MET = diagnosed({"text": "Secondary malignant neoplasm of liver"}, "2026-01-01")
M0 = staged("21907-1", "M0", "2025-01-10")


def facts(*resources, metastatic=None, **more):
    return {f.name: f.value for f in tumour_facts(record(*resources, **more), metastatic)}


def fact(name, *resources, **more):
    return facts(*resources, **more).get(name)


def open_facts(*resources):
    return {f.name for f in open_tumour_facts(record(*resources))}


def coded(system, code, display="", text=""):
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def dose_of(medication, when="2026-02-01"):
    return given("", when, medicationCodeableConcept=medication)


def doses(drug, start, count, every=21):
    first = date.fromisoformat(start)
    return [given(drug, (first + timedelta(every * i)).isoformat()) for i in range(count)]


# Which drug it was (P123)


@pytest.mark.parametrize(
    ("medication", "drugs"),
    [
        (coded(RXNORM, "1658086", "Trastuzumab Injection [KADCYLA]"), ["t-dm1"]),
        (coded(RXNORM, "2267579", "Trastuzumab Injection [Enhertu]"), ["t-dxd"]),
        (coded(RXNORM, "2267574", "Fam-trastuzumab deruxtecan-nxki"), ["t-dxd"]),
        (coded(RXNORM, "2267574"), ["t-dxd"]),
        (coded(RXNORM, "224905", "Trastuzumab"), ["trastuzumab"]),
        (coded(RXNORM, "224905", "Trastuzumab", "Kadcyla 100 mg"), ["t-dm1"]),
        (coded(RXNORM, "224905", text="T-DXd"), ["t-dxd"]),
        (coded(RXNORM, "1922508", "Trastuzumab Injection"), ["trastuzumab-family"]),
        (coded(RXNORM, "1922508", text="Trastuzumab 440 mg"), ["trastuzumab-family"]),
        (coded(RXNORM, "1922508", text="Herceptin"), ["trastuzumab"]),
        (coded(RXNORM, "377216", text="Enhertu"), ["t-dxd"]),
        (coded(RXNORM, "1162762"), ["trastuzumab-family"]),
        (coded(RXNORM, "2382607"), ["pertuzumab", "trastuzumab"]),
        (coded(RXNORM, "2119714"), ["trastuzumab"]),
        (coded(RXNORM, "806574", text="Kadcyla"), ["trastuzumab-family"]),
        (coded(ATC, "L01XC03"), ["trastuzumab"]),
        (coded(ATC, "L01FD04"), ["t-dxd"]),
        (coded(ATC, "L01XY02"), ["pertuzumab", "trastuzumab"]),
        (coded(SNOMED, "702836004"), ["t-dm1"]),
        ({"text": "ado-trastuzumab emtansine"}, ["t-dm1"]),
        ({"text": "Trastuzumab-emtansine 160 mg"}, ["t-dm1"]),
        ({"text": "Enhertu (trastuzumab deruxtecan)"}, ["t-dxd"]),
        ({"text": "Trastuzumab-dkst 420 mg"}, ["trastuzumab"]),
        ({"text": "trastuzumab-abcd"}, ["trastuzumab"]),
        ({"text": "Trastuzumab duocarmazine"}, ["other-her2-adc"]),
        ({"text": "Trastuzumab novotecan"}, ["trastuzumab-family"]),
        ({"text": "Datopotamab deruxtecan"}, ["other-adc"]),
        ({"text": "Kadcyla or Enhertu"}, ["trastuzumab-family"]),
        ({"text": "Phesgo 600 mg/600 mg"}, ["pertuzumab", "trastuzumab"]),
        ({"text": "Trastuzumab and pertuzumab"}, ["pertuzumab", "trastuzumab"]),
        ({"text": "nab-Paclitaxel"}, ["paclitaxel"]),
        ({"text": "100 ML Epirubicin Hydrochloride 2 MG/ML Injection"}, ["epirubicin"]),
        ({"text": "Margenza"}, ["margetuximab"]),
        ({"text": "Herceptinoid"}, []),
        ({"text": "Aspirin"}, []),
    ],
)
def test_exact_codes_and_whole_names_name_the_drug(medication, drugs):
    assert list(drugs_in(medication, record().coder)) == drugs


@pytest.mark.parametrize(
    ("medication", "prior"),
    [
        (coded(RXNORM, "1658086", "Trastuzumab Injection [KADCYLA]"), "prior_tdm1"),
        (coded(RXNORM, "2267579", "Trastuzumab Injection [Enhertu]"), "prior_tdxd"),
        (coded(RXNORM, "2267574"), "prior_tdxd"),
    ],
)
def test_a_conjugate_never_gives_prior_trastuzumab(medication, prior):
    said = facts(dose_of(medication))
    assert said[prior] is True
    assert "prior_trastuzumab" not in said


def test_an_ambiguous_concept_leaves_three_facts_open():
    resource = dose_of(coded(RXNORM, "1922508", "Trastuzumab Injection"))
    said = facts(resource)
    assert not {"prior_trastuzumab", "prior_tdm1", "prior_tdxd"} & set(said)
    assert {"prior_trastuzumab", "prior_tdm1", "prior_tdxd"} <= open_facts(resource)
    assert said["prior_systemic"] is True
    assert facts(resource, given("Herceptin", "2026-03-01"))["prior_trastuzumab"] is True


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("prior_trastuzumab", "Phesgo"),
        ("prior_pertuzumab", "Phesgo"),
        ("prior_taxane", "Paclitaxel"),
        ("prior_taxane", "Abraxane"),
        ("prior_anthracycline", "Doxorubicin"),
        ("prior_tdxd", "Enhertu"),
        ("prior_tdm1", "T-DM1"),
        ("prior_tucatinib", "Tukysa"),
        ("prior_lapatinib", "Lapatinib"),
        ("prior_neratinib", "Nerlynx"),
        ("prior_pyrotinib", "Pyrotinib"),
        ("prior_margetuximab", "Margetuximab-cmkb"),
        ("prior_inetetamab", "Inetetamab"),
        ("prior_systemic", "Tamoxifen"),
    ],
)
def test_a_dose_makes_a_drug_prior_and_silence_does_not(name, drug):
    assert fact(name, given(drug, "2026-02-01")) is True
    assert fact(name, given(drug, None)) is True
    assert fact(name, given("Aspirin", "2026-02-01")) is None


@pytest.mark.parametrize("said", ["not-done", "entered-in-error", "on-hold", "unknown", "intended"])
def test_a_dose_that_was_not_given_does_not_count(said):
    assert fact("prior_tdxd", given("Enhertu", "2026-02-01", said)) is None


def test_not_taken_is_false_and_taken_at_another_time_is_true():
    denied = taken("Enhertu", None, status="not-taken")
    assert fact("prior_tdxd", denied) is False
    assert fact("prior_tdxd", denied, given("Enhertu", "2026-02-01")) is True
    assert fact("prior_taxane", taken("Docetaxel", None, status="not-taken")) is None


def order(drug, **more):
    return {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
        "subject": {"reference": "Patient/anna"},
        "authoredOn": "2026-10-20",
        **more,
    }


def test_orders_count_and_proposals_do_not():
    assert fact("prior_tdm1", order("Kadcyla")) is True
    assert fact("prior_tdm1", order("Kadcyla", intent="proposal")) is None
    assert fact("prior_tdm1", order("Kadcyla", doNotPerform=True)) is None
    assert fact("prior_tdm1", order("Kadcyla", authoredOn="2026-12-24")) is None


def test_a_medication_of_its_own_and_r5_forms_are_read():
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "Perjeta"}}
    reference = {"reference": "Medication/m"}
    r4 = given("", "2026-02-01", medicationCodeableConcept=None, medicationReference=reference)
    assert fact("prior_pertuzumab", r4, medication) is True
    r5 = given("", None, medicationCodeableConcept=None, medication={"reference": reference})
    assert fact("prior_pertuzumab", r5, medication) is True
    concept_form = {"medication": {"concept": {"text": "Perjeta"}}}
    r5 = given("", None, occurenceDateTime="2026-11-20", medicationCodeableConcept=None)
    assert fact("on_active_line", r5 | concept_form) is True


def test_therapy_for_another_disease_is_none_of_this_tumour():
    lupus = diagnosed({"text": "Systemic lupus erythematosus"})
    about = {"reasonReference": [{"reference": f"Condition/{lupus['id']}"}]}
    assert fact("prior_systemic", lupus, given("Cyclophosphamide", "2026-02-01", **about)) is None
    cancer = diagnosed("254837009")
    about = {"reasonReference": [{"reference": f"Condition/{cancer['id']}"}]}
    assert fact("prior_systemic", cancer, given("Cyclophosphamide", "2026-02-01", **about)) is True


def chemotherapy(when="2026-02-01"):
    return operated("Chemotherapy", when, code=coded(SNOMED, "367336001", "Chemotherapy"))


def test_chemotherapy_without_names_is_systemic_and_leaves_the_classes_open():
    assert fact("prior_systemic", chemotherapy()) is True
    assert {"prior_taxane", "prior_anthracycline"} <= open_facts(chemotherapy())
    assert open_facts(chemotherapy(), given("Epirubicin", "2026-02-01")) == set()


# Around surgery


def test_therapy_before_surgery_is_neoadjuvant_and_after_it_is_not():
    assert fact("neoadjuvant_given", operated(), given("Docetaxel", "2026-02-01")) is True
    assert fact("neoadjuvant_given", operated(), given("Docetaxel", "2026-07-01")) is None
    assert fact("neoadjuvant_given", given("Docetaxel", "2026-02-01")) is None
    undated = [operated(), given("Docetaxel", None)]
    assert fact("neoadjuvant_given", *undated) is None
    assert "neoadjuvant_given" in open_facts(*undated)
    assert fact("neoadjuvant_given", operated(), taken("Tamoxifen", "2025")) is True
    assert fact("neoadjuvant_given", operated(), taken("Tamoxifen", "2026")) is None


def test_an_order_just_before_surgery_may_be_for_afterwards():
    ordered = order("Kadcyla", authoredOn="2026-05-28")
    assert fact("neoadjuvant_given", operated(), ordered) is None
    assert "neoadjuvant_given" in open_facts(operated(), ordered)
    assert fact("neoadjuvant_given", operated(), order("Kadcyla", authoredOn="2026-02-01")) is True


TCHP = [
    *doses("Docetaxel", "2026-01-20", 6),
    *doses("Carboplatin", "2026-01-20", 6),
    *doses("Phesgo", "2026-01-20", 6),
]


def test_p98_in_the_third_of_six_neoadjuvant_cycles_a_course_runs():
    said = facts(M0, *TCHP[:3], *doses("Herceptin", "2026-01-20", 3), day=date(2026, 3, 10))
    assert said["on_active_line"] is True
    assert said["adj_her2_complete"] is False
    assert said["prior_systemic"] is True
    assert "surgery_done" not in said
    assert "postop_her2_started" not in said


def test_p99_an_adjuvant_year_five_years_ago_is_complete():
    said = facts(M0, operated(when="2020-01-10"), *doses("Herceptin", "2020-03-01", 18))
    assert said["adj_her2_complete"] is True
    assert said["postop_her2_started"] is True
    assert said["months_since_trastuzumab_end"] > 60
    assert "neoadjuvant_given" not in said
    assert "on_active_line" not in said


def test_p100_14_cycles_of_t_dm1_after_surgery_are_complete():
    neo = doses("Phesgo", "2023-01-10", 6)
    said = facts(M0, *neo, operated(when="2023-06-01"), *doses("Kadcyla", "2023-07-01", 14))
    assert said["adj_her2_complete"] is True
    assert said["n_her2_regimens"] == 2
    assert said["prior_tdm1"] is True


def test_p124_residual_disease_after_chemotherapy_without_trastuzumab():
    chemo = doses("Docetaxel", "2026-05-01", 4)
    said = facts(M0, *chemo, operated(when="2026-09-01"))
    assert said["neoadjuvant_given"] is True
    assert said["prior_taxane"] is True
    assert "prior_trastuzumab" not in said
    assert "adj_her2_given" not in said


def test_p131_in_the_fourth_month_of_adjuvant_t_dm1_the_course_runs():
    neo = doses("Phesgo", "2026-01-10", 6)
    t_dm1 = doses("Kadcyla", "2026-07-20", 6)
    said = facts(M0, *neo, operated(), *t_dm1)
    assert said["postop_her2_started"] is True
    assert said["adj_her2_complete"] is False
    assert said["on_active_line"] is True


def test_p132_14_weeks_between_the_last_dose_and_surgery_end_nothing():
    said = facts(M0, *TCHP, operated(when="2026-08-11"), day=date(2026, 8, 20))
    assert said["adj_her2_complete"] is False
    assert "postop_her2_started" not in said


def test_p133_chemotherapy_after_upfront_surgery_before_trastuzumab():
    ac = doses("Doxorubicin", "2026-10-20", 2)
    said = facts(M0, operated(when="2026-09-20"), *ac)
    assert said["prior_systemic"] is True
    assert said["on_active_line"] is True
    assert said["adj_her2_complete"] is False
    assert not {"postop_her2_started", "neoadjuvant_given", "adj_her2_given"} & set(said)


def test_without_a_word_on_metastasis_the_course_stays_open():
    early = [operated(), *doses("Herceptin", "2026-07-20", 3)]
    assert "adj_her2_given" in open_facts(*early)
    assert fact("adj_her2_given", *early) is None
    assert fact("adj_her2_given", *early, metastatic=False) is True


# Metastatic disease


def met_facts(*resources, **more):
    return facts(MET, *resources, **more)


def test_a_line_of_thp_and_its_cycles():
    thp = [*doses("Docetaxel", "2026-02-01", 4), *doses("Phesgo", "2026-02-01", 13)]
    said = met_facts(*thp, status("improved", "2026-08-01"))
    assert said["n_mbc_her2_lines"] == 1
    assert said["induction_thp"] is True
    assert said["induction_cycles"] == 4
    assert said["on_active_line"] is True
    assert said["progressed"] is False
    assert said["chemo_mbc"] is True
    assert "adj_her2_given" not in said


def test_p110_a_line_with_a_conjugate_is_no_thp():
    line = [*doses("Enhertu", "2026-07-20", 6), *doses("Perjeta", "2026-07-20", 6)]
    said = met_facts(*line, status("improved", "2026-10-20"))
    assert said["induction_thp"] is False
    assert said["progressed"] is False
    assert "induction_cycles" not in said
    assert "chemo_mbc" not in said


def test_p111_a_second_line_that_works():
    first = [*doses("Docetaxel", "2026-01-10", 3), *doses("Phesgo", "2026-01-10", 5)]
    said = met_facts(
        *first,
        status("worsened", "2026-06-01"),
        *doses("Enhertu", "2026-07-01", 7),
        status("stable", "2026-10-01"),
    )
    assert said["n_mbc_her2_lines"] == 2
    assert said["on_active_line"] is True
    assert said["progressed"] is False


def test_p86_progression_after_the_last_line_began():
    said = met_facts(*doses("Enhertu", "2026-02-01", 10), status("worsened", "2026-09-15"))
    assert (said["n_mbc_her2_lines"], said["progressed"], said["prior_tdxd"]) == (1, True, True)


def test_a_status_from_before_the_last_line_says_nothing_of_it():
    said = met_facts(*doses("Enhertu", "2026-02-01", 10), status("worsened", "2026-01-20"))
    assert "progressed" not in said
    twice = [status("worsened", "2026-09-15"), status("stable", "2026-09-15")]
    assert "progressed" not in met_facts(*doses("Enhertu", "2026-02-01", 10), *twice)


def test_a_new_metastasis_is_progression():
    new = diagnosed({"text": "Secondary malignant neoplasm of bone"}, "2026-08-01")
    assert met_facts(*doses("Enhertu", "2026-02-01", 10), new)["progressed"] is True


def test_undated_therapy_leaves_the_lines_open():
    undated = [MET, given("Enhertu", None), *doses("Phesgo", "2026-02-01", 3)]
    assert fact("n_mbc_her2_lines", *undated) is None
    assert {"n_mbc_her2_lines", "n_her2_regimens", "adj_her2_given"} <= open_facts(*undated)


def test_metastasis_of_unknown_date_leaves_the_lines_open():
    met = diagnosed({"text": "Secondary malignant neoplasm of liver"})
    doubtful = [met, *doses("Phesgo", "2026-02-01", 3)]
    assert fact("n_mbc_her2_lines", *doubtful) is None
    assert "n_mbc_her2_lines" in open_facts(*doubtful)


def test_no_line_recorded_is_unknown_not_0():
    assert "n_mbc_her2_lines" not in met_facts()
    assert "n_mbc_her2_lines" not in met_facts(*doses("Herceptin", "2024-01-10", 17))


def test_p108_relapse_counts_from_the_last_dose_to_metastasis():
    adjuvant = doses("Herceptin", "2024-10-16", 17)  # the last on 2025-09-17
    met = diagnosed({"text": "Secondary malignant neoplasm of liver"}, "2025-12-17")
    said = facts(met, *adjuvant, day=date(2026, 6, 17))
    assert said["relapse_months"] == Decimal("3.00")
    assert said["adj_her2_given"] is True
    assert said["n_her2_regimens"] == 1


def test_relapse_during_therapy_is_0_months():
    assert met_facts(taken("Kadcyla", "2025-10-01", "2026-02-01"))["relapse_months"] == 0
    assert "relapse_months" not in met_facts(taken("Kadcyla", "2025-10-01", status="stopped"))


def test_recurrence_within_6_months_of_chemotherapy():
    assert met_facts(given("Docetaxel", "2025-07-01"))["rec_within6_adj_chemo"] is True
    assert met_facts(given("Docetaxel", "2025-06-01"))["rec_within6_adj_chemo"] is False
    assert "rec_within6_adj_chemo" not in met_facts()
    assert "rec_within6_adj_chemo" in open_facts(MET, given("Docetaxel", None))


def test_p113_a_first_endocrine_line_that_works():
    line = [taken("Letrozole", "2026-02-01"), taken("Palbociclib", "2026-02-10")]
    said = met_facts(*line, status("improved", "2026-08-01"))
    assert said["et_lines_mbc"] == 1
    assert said["progressed_on_et"] is False
    assert not {"n_mbc_her2_lines", "chemo_mbc"} & set(said)


def test_progression_on_endocrine_therapy():
    line = taken("Letrozole", "2026-02-01", "2026-08-05")
    said = met_facts(line, status("worsened", "2026-08-01"), given("Capecitabine", "2026-08-20"))
    assert said["progressed_on_et"] is True
    assert said["chemo_mbc"] is True
    assert "progressed_on_et" not in met_facts(line)


def test_chemotherapy_without_a_day_is_open_and_conjugates_are_none():
    assert "chemo_mbc" in open_facts(MET, given("Docetaxel", None))
    assert "chemo_mbc" not in met_facts(*doses("Enhertu", "2026-02-01", 3))


# What runs


def test_a_line_runs_while_a_drug_is_active_or_was_given_in_42_days():
    assert fact("on_active_line", given("Enhertu", "2026-10-11")) is True
    assert fact("on_active_line", given("Enhertu", "2026-10-10")) is None
    assert fact("on_active_line", taken("Letrozole", "2021-10-10")) is True
    assert fact("on_active_line") is None


def test_p121_a_line_recorded_as_stopped_does_not_run():
    stopped = taken("Enhertu", "2026-03-01", "2026-11-10", status="stopped")
    assert fact("on_active_line", stopped, given("Enhertu", "2026-11-01")) is False


def test_a_planned_end_in_the_future_means_that_it_runs():
    assert fact("on_active_line", taken("Enhertu", "2026-03-01", "2027-03-01")) is True


def test_therapy_after_the_day_does_not_count():
    assert facts(given("Enhertu", "2026-12-01"), taken("Letrozole", "2027")) == {}


def test_what_is_said_names_drugs_and_days():
    (known,) = [f for f in tumour_facts(record(MET, *doses("Enhertu", "2026-02-01", 2)))
                if f.name == "prior_tdxd"]  # fmt: skip
    assert known.said == "t-dxd 2026-02-01 to 2026-02-22"
    assert len(known.sources) == 2


def test_a_contained_order_is_an_option_not_a_therapy():
    plan = observed(concept("x", "y"), {"contained": [order("Enhertu")]}, "2026-02-01")
    assert facts(plan) == {}
