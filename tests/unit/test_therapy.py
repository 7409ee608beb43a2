"""Every patient gets a plan of one kind, its regimens in order, and what is contradicted told."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.assessment import (
    Binary,
    Category,
    Outcome,
    PatientAssessment,
    SpecimenAssessment,
    TumourAssessment,
)
from service.core.drug_facts import Jurisdiction
from service.core.fact_book import Origin
from service.core.findings import IhcScore, Moment, Specimen
from service.core.plan_kind import PlanKind
from service.core.regimen import Rank
from service.core.suggestion import Status
from tests.support.cases import library
from tests.support.suggesting import (
    HEALTHY,
    assessment,
    named,
    of_drug,
    recorded,
    regimens,
    suggested,
)

THERAPY = library().regimens
CN, EU = Jurisdiction.CN, Jurisdiction.EU
FIRST = {**HEALTHY, "metastatic": True, "hr_status": "NEGATIVE"}
SECOND = {
    **FIRST,
    "n_mbc_her2_lines": 1,
    "prior_trastuzumab": True,
    "prior_taxane": True,
    "prior_systemic": True,
    "progressed": True,
    "active_brain_mets": False,
}
RESIDUAL = {
    **HEALTHY,
    "metastatic": False,
    "invasive": True,
    "local_recurrence": False,
    "adj_her2_complete": False,
    "postop_her2_started": False,
    "prior_systemic": True,
    "surgery_done": True,
    "neoadjuvant_given": True,
    "months_since_surgery": Decimal(1),
    "ypInvasive": True,
    "ypN": 0,
    "cT": 2,
    "cN": 1,
    "prior_trastuzumab": True,
    "prior_taxane": True,
    "prior_tdm1": False,
    "prior_tdxd": False,
    "hr_status": "NEGATIVE",
}
EARLY = {
    **HEALTHY,
    "metastatic": False,
    "invasive": True,
    "surgery_done": False,
    "hr_status": "NEGATIVE",
}


def ids(options):
    return [option.rule.id for option in options]


def said(suggestion):
    """Rules of the sentences that hold."""
    return [s.rule.id for s in suggestion.sentences if s.holds]


# The kind of plan


@pytest.mark.parametrize(
    "category", [Category.EQUIVOCAL_PENDING, Category.INDETERMINATE, Category.NOT_TESTED]
)
def test_a_result_that_is_not_final_gets_tests_only(category):
    plan = suggested(FIRST, who=assessment(category), complete=True)
    assert plan.kind is PlanKind.TESTING_ONLY
    assert (plan.options, plan.excluded, plan.asked) == ((), (), ())
    assert said(plan) == ["NEG-02"]


@pytest.mark.parametrize(
    "category", [Category.NULL, Category.ZERO_UNSPECIFIED, Category.NEG_IHC_UNKNOWN]
)
def test_a_negative_result_gets_no_her2_therapy_in_any_setting(category):
    plan = suggested(FIRST, who=assessment(category), complete=True)
    assert plan.kind is PlanKind.NO_HER2_THERAPY
    assert plan.options == ()
    assert said(plan) == ["NEG-01"]
    assert plan.setting.name == ""


def test_in_situ_disease_alone_gets_no_her2_therapy_and_its_setting_where_it_is_known():
    who = assessment(Category.NOT_APPLICABLE_IN_SITU)
    plan = suggested({"in_situ_only": True}, who=who)
    assert (plan.kind, plan.setting.name) == (PlanKind.NO_HER2_THERAPY, "DCIS")
    assert said(plan) == ["DCIS-01"]
    assert suggested({}, who=who).setting.name == ""
    assert suggested({"metastatic": True}, who=who).setting.name == ""


def test_an_unreadable_result_is_reviewed_first():
    for category in (Category.NULL, Category.POSITIVE):
        plan = suggested(FIRST, who=assessment(category, "UNREADABLE_EVIDENCE"), complete=True)
        assert plan.kind is PlanKind.REVIEW_FIRST


def test_an_unreadable_result_excludes_every_regimen():
    plan = suggested(FIRST, who=assessment(Category.POSITIVE, "UNREADABLE_EVIDENCE"), complete=True)
    assert plan.options == ()
    assert all("B25" in [s.blocker.id for s in o.against] for o in plan.excluded)


def test_a_setting_that_is_not_known_is_clarified():
    plan = suggested({})
    assert (plan.kind, plan.setting.name) == (PlanKind.CLARIFY, "")
    assert plan.asked[0].fact == "metastatic"
    assert plan.setting.missing[0] == "metastatic"
    assert (plan.options, plan.excluded) == ((), ())


def test_only_conditional_regimens_are_clarified():
    plan = suggested({"metastatic": True})
    assert plan.kind is PlanKind.CLARIFY
    plan = suggested({**HEALTHY}, setting="MBC_1L")
    assert plan.kind is PlanKind.CLARIFY
    assert {o.status for o in plan.options} == {Status.CONDITIONAL}


def test_a_regimen_that_can_be_given_or_waits_makes_a_therapy_plan():
    plan = suggested(FIRST, complete=True)
    assert plan.kind is PlanKind.THERAPY
    assert named(plan.options)["THP"].status is Status.APPLICABLE
    held = suggested({**FIRST, "ecog": 3}, complete=True)
    assert held.kind is PlanKind.THERAPY
    assert named(held.options)["THP"].status is Status.ON_HOLD


def test_where_every_regimen_is_excluded_a_person_decides():
    plan = suggested({**FIRST, "pregnant": True}, complete=True)
    assert plan.kind is PlanKind.REVIEW_FIRST
    assert plan.options == ()
    assert plan.excluded
    assert all("B03" in [s.blocker.id for s in o.against] for o in plan.excluded)


@pytest.mark.parametrize(
    ("patient", "rule"),
    [
        ({**EARLY, "cT": 1, "cN": 0, "prior_systemic": False}, "NEO-07"),
        ({**FIRST, "on_active_line": True, "progressed": False, "n_mbc_her2_lines": 2}, "M1-10"),
        ({**EARLY, "local_recurrence": True}, "M1-13"),
    ],
)
def test_a_sentence_without_a_regimen_is_reviewed_first(patient, rule):
    plan = suggested(patient, complete=True)
    assert plan.kind is PlanKind.REVIEW_FIRST
    assert rule in said(plan)
    assert plan.options == ()


def test_a_sentence_that_rules_therapy_out_says_so():
    low = {**HEALTHY, "metastatic": True, "hr_status": "POSITIVE"}
    plan = suggested(low, who=assessment(Category.LOW), complete=True)
    assert (plan.kind, plan.setting.name) == (PlanKind.NO_HER2_THERAPY, "MBC_1L")
    assert said(plan) == ["LO-08"]


def test_a_sentence_beside_a_regimen_leaves_a_therapy_plan():
    plan = suggested({**SECOND, "cns_only_progression": True}, complete=True)
    assert "M2-09" in said(plan)
    assert plan.kind is PlanKind.THERAPY


def test_a_stated_setting_of_which_nothing_stands_for_the_category_is_no_empty_plan():
    plan = suggested(HEALTHY, setting="MBC_2L", who=assessment(Category.LOW))
    assert plan.kind is PlanKind.CLARIFY
    assert plan.setting.stated


categories = st.sampled_from(Category)
settings = st.sampled_from(["", *THERAPY.setting_names])
truths = ("metastatic", "pregnant", "surgery_done", "prior_systemic", "invasive", "progressed")
patients = st.fixed_dictionaries({}, optional={name: st.booleans() for name in truths})


@given(categories, settings, patients, st.booleans(), st.sampled_from(Jurisdiction))
def test_there_is_always_an_outcome(category, setting, facts, complete, where):
    plan = suggested(
        facts, setting=setting, who=assessment(category), complete=complete, jurisdiction=where
    )
    assert plan.kind in PlanKind
    assert bool(plan.options) or plan.kind is not PlanKind.THERAPY
    assert all(not o.add_on for o in plan.options[:1])
    assert {o.status for o in plan.options} <= set(Status) - {Status.EXCLUDED}
    assert {o.status for o in plan.excluded} <= {Status.EXCLUDED}


# Which setting


def test_a_setting_is_derived_from_the_facts_or_stated():
    derived, stated = suggested(FIRST, complete=True), suggested(HEALTHY, setting="MBC_1L")
    assert (derived.setting.name, derived.setting.stated) == ("MBC_1L", False)
    assert (stated.setting.name, stated.setting.stated) == ("MBC_1L", True)
    assert derived.setting.title == stated.setting.title == "first-line metastatic"


def test_an_earlier_setting_that_may_be_true_makes_every_regimen_conditional():
    patient = {fact: value for fact, value in SECOND.items() if fact != "progressed"}
    plan = suggested({**patient, "on_active_line": True}, complete=True)
    assert plan.setting.name == "MBC_2L"
    assert "progressed" in plan.setting.missing
    assert plan.options
    assert all(o.status is Status.CONDITIONAL for o in plan.options)
    assert all("progressed" in o.missing for o in plan.options)
    assert plan.kind is PlanKind.CLARIFY


def test_a_stated_setting_makes_known_what_it_means():
    plan = suggested(HEALTHY, setting="MBC_1L")
    waits = {fact for o in plan.options for fact in o.missing}
    assert not {"metastatic", "n_mbc_her2_lines"} & waits
    assert "adj_her2_given" in waits


def test_what_contradicts_a_stated_setting_is_told_and_every_option_is_held():
    says = recorded({"ypInvasive": False, "ypN": 0})
    facts = {f: v for f, v in RESIDUAL.items() if f not in ("ypInvasive", "ypN")}
    plan = suggested(facts, setting="POST_NEOADJ_RESIDUAL", says=says)
    (conflict,) = plan.conflicts
    assert (conflict.fact, conflict.used, conflict.against) == ("ypInvasive", True, False)
    assert (conflict.used_origin, conflict.against_origin) == (Origin.SETTING, Origin.RECORD)
    assert plan.options
    assert all(o.contradicted for o in plan.options)
    assert named(plan.options)["TDM1-ADJ"].status is Status.ON_HOLD
    assert plan.kind is PlanKind.THERAPY


def test_a_contradiction_that_is_not_about_the_setting_holds_nothing():
    plan = suggested({**FIRST, "age": 61}, says=recorded({"age": 60}), complete=True)
    assert [c.fact for c in plan.conflicts] == ["age"]
    assert named(plan.options)["THP"].status is Status.APPLICABLE


def test_what_the_caller_says_against_its_own_setting_is_told_and_used():
    plan = suggested({**FIRST, "n_mbc_her2_lines": 1}, setting="MBC_1L", complete=True)
    (conflict,) = plan.conflicts
    assert (conflict.fact, conflict.used_origin) == ("n_mbc_her2_lines", Origin.STATED)
    assert plan.setting.name == "MBC_1L"
    assert all(o.contradicted for o in (*plan.options, *plan.excluded))


def test_a_relapse_between_6_and_12_months_is_flagged():
    relapse = {**FIRST, "adj_her2_given": True, "prior_trastuzumab": True}
    for months, flagged in (("6", False), ("6.1", True), ("12", True), ("12.1", False)):
        plan = suggested({**relapse, "relapse_months": Decimal(months)}, complete=True)
        assert ("RELAPSE_6_TO_12_MONTHS" in plan.flags) is flagged, months
        assert plan.setting.name == ("MBC_2L" if months == "6" else "MBC_1L")


# The complete response rule


def test_residual_disease_that_is_none_is_weighed_as_a_complete_response():
    """A stated setting that the caller's own facts contradict."""
    facts = {**RESIDUAL, "ypInvasive": False, "ypN": 0, "start_node_positive": True}
    plan = suggested(facts, setting="POST_NEOADJ_RESIDUAL")
    assert "RES-04" in said(plan)
    assert plan.setting.name == "POST_NEOADJ_PCR"
    assert "complete response" in plan.setting.title
    assert regimens(plan.options) == ["HP-COMPLETE"]
    assert not [r for r in ids(plan.options) if r.startswith("RES")]


# Order


def test_regimens_stand_by_order_and_then_by_rank_and_rule():
    plan = suggested(SECOND, complete=True)
    assert ids(plan.options) == ["M2-01", "M2-03", "M2-06", "M2-10"]
    plan = suggested(SECOND, complete=True, off_label=True)
    assert ids(plan.options) == ["M2-01", "M2-03", "M2-06", "M2-04", "M2-10"]


@pytest.mark.parametrize(
    ("patient", "asked", "order"),
    [
        (FIRST, {}, ["M1-01", "M1-02"]),
        (FIRST, {"jurisdiction": EU}, ["M1-02"]),
        (
            {**FIRST, "taxane_ok": False, "chemo_fit": False, "hr_status": "POSITIVE"}
            | {"visceral_crisis": False},
            {"off_label": True},
            ["M1-01", "M1-03", "M1-12"],
        ),
        ({**EARLY, "cT": 3, "cN": 1}, {}, ["NEO-01", "NEO-02", "NEO-03", "NEO-04", "NEO-06"]),
        (
            {**EARLY, "cT": 3, "cN": 1},
            {"jurisdiction": CN},
            ["NEO-01", "NEO-03", "NEO-04", "NEO-05", "NEO-06"],
        ),
        (RESIDUAL, {}, ["RES-02", "RES-01B"]),
        ({**RESIDUAL, "cN": 2}, {}, ["RES-01", "RES-02"]),
        (
            {**RESIDUAL, "cN": 2, "hr_status": "POSITIVE"},
            {},
            ["RES-01", "RES-02", "RES-05"],
        ),
    ],
)
def test_a_plan_lists_its_regimens_in_the_order_of_the_table(patient, asked, order):
    plan = suggested(patient, complete=True, **asked)
    assert ids(plan.options) == order


def test_what_is_known_stands_before_what_is_conditional_whatever_its_order():
    patient = {f: v for f, v in SECOND.items() if f != "active_brain_mets"}
    plan = suggested(patient, complete=True)
    statuses = [o.status is Status.CONDITIONAL for o in plan.options]
    assert statuses == sorted(statuses)
    assert plan.options[0].rule.id == "M2-01"
    assert plan.options[-1].rule.regimen == "HER2CLIMB"
    assert plan.options[-1].rule.order == 1


def test_what_waits_keeps_its_place_among_what_can_be_given():
    patient = {fact: value for fact, value in FIRST.items() if fact != "ild_history"}
    plan = suggested(patient, complete=True)
    assert [o.rule.id for o in plan.options] == ["M1-01", "M1-02"]
    assert [o.status for o in plan.options] == [Status.ON_HOLD, Status.APPLICABLE]


# One regimen once


def test_a_regimen_of_two_rules_stands_once_by_the_rule_that_is_known():
    plan = suggested({**RESIDUAL, "cN": 2}, complete=True)
    assert regimens(plan.options).count("TDXD-ADJ") == 1
    assert named(plan.options)["TDXD-ADJ"].rule.id == "RES-01"
    known = suggested(RESIDUAL, complete=True)
    assert named(known.options)["TDXD-ADJ"].rule.id == "RES-01B"


def test_an_authorised_rule_wins_over_one_of_elsewhere():
    plan = suggested(SECOND, complete=True, jurisdiction=EU, off_label=True)
    assert named(plan.options)["HER2CLIMB"].off_label
    enough = suggested(
        {**SECOND, "n_her2_regimens": 2}, complete=True, jurisdiction=EU, off_label=True
    )
    option = named(enough.options)["HER2CLIMB"]
    assert (option.rule.id, option.off_label) == ("M2-06E", False)
    assert regimens(enough.options).count("HER2CLIMB") == 1


def test_two_conditional_rules_of_a_regimen_are_one_option_and_the_earlier_one():
    patient = {f: v for f, v in SECOND.items() if f != "active_brain_mets"}
    plan = suggested(patient, complete=True)
    assert named(plan.options)["HER2CLIMB"].rule.id == "M2-02"
    assert regimens(plan.options).count("HER2CLIMB") == 1


# Add-ons


def test_endocrine_therapy_comes_last_and_only_with_positive_receptors():
    plan = suggested({**RESIDUAL, "hr_status": "POSITIVE"}, complete=True)
    assert plan.options[-1].rule.rank is Rank.ADD_ON
    assert "ET-ADJ" not in regimens(suggested(RESIDUAL, complete=True).options)


def test_endocrine_therapy_is_never_the_whole_plan():
    given = {"prior_tdm1": True, "prior_tdxd": True, "adc_unsuitable": False}
    plan = suggested({**RESIDUAL, "hr_status": "POSITIVE", **given}, complete=True)
    assert (plan.kind, plan.options, plan.monitoring) == (PlanKind.CLARIFY, (), ())


# When no conjugate is possible


def test_when_both_conjugates_are_excluded_for_themselves_antibodies_are_the_answer():
    plan = suggested({**RESIDUAL, "ild_history": True, "bilirubin_xuln": Decimal(4)}, complete=True)
    assert sorted(regimens(plan.excluded)) == ["TDM1-ADJ", "TDXD-ADJ"]
    option = named(plan.options)["HP-RES"]
    assert (option.status, option.missing) == (Status.APPLICABLE, ())


def test_a_conjugate_that_can_be_given_leaves_no_place_for_antibodies():
    assert "HP-RES" not in regimens(suggested(RESIDUAL, complete=True).options)
    one = suggested({**RESIDUAL, "ild_history": True}, complete=True)
    assert regimens(one.options) == ["TDM1-ADJ"]


def test_a_conjugate_on_hold_leaves_it_open_whether_one_is_possible():
    plan = suggested({**RESIDUAL, "ild_history": True, "platelets": 90}, complete=True)
    option = named(plan.options)["HP-RES"]
    assert (option.status, option.missing) == (Status.CONDITIONAL, ("adc_unsuitable",))


def test_what_stops_every_drug_says_nothing_of_conjugates():
    """A complete course stops them all; that is no reason for antibodies."""
    plan = suggested(
        {**RESIDUAL, "adj_her2_complete": True},
        setting="POST_NEOADJ_RESIDUAL",
        complete=True,
    )
    assert "HP-RES" not in regimens(plan.options)
    assert "RES-03" not in ids(plan.options)


def test_what_the_caller_says_of_conjugates_stands():
    plan = suggested({**RESIDUAL, "adc_unsuitable": True}, complete=True)
    assert named(plan.options)["HP-RES"].status is Status.APPLICABLE
    plan = suggested(
        {**RESIDUAL, "adc_unsuitable": False, "ild_history": True, "bilirubin_xuln": Decimal(4)},
        complete=True,
    )
    assert "HP-RES" not in regimens([*plan.options, *plan.excluded])


def test_allergy_to_both_conjugates_makes_them_impossible():
    drugs = ("trastuzumab emtansine", "trastuzumab deruxtecan")
    says = recorded(of_drugs=[of_drug("allergy_to_component", drug) for drug in drugs])
    plan = suggested(RESIDUAL, says=says, complete=True)
    assert named(plan.options)["HP-RES"].status is Status.APPLICABLE


# Flags that hold drugs


@pytest.mark.parametrize(
    ("flag", "fact"),
    [
        ("DISCORDANT_IHC3_ISHNEG", "discordant_assay"),
        ("DISCORDANT_IHCNEG_ISHPOS", "discordant_assay"),
        ("HISTOLOGY_DISCORDANT", "histology_discordant"),
        ("HER2_LOST_IN_LATEST_METASTASIS", "her2_lost_in_latest_metastasis"),
    ],
)
def test_a_flag_holds_every_drug_until_a_person_has_reviewed_it(flag, fact):
    who = assessment(Category.POSITIVE, flag)
    plan = suggested(FIRST, who=who, complete=True)
    assert (plan.kind, plan.holds) == (PlanKind.REVIEW_FIRST, (flag,))
    assert {o.status for o in plan.options} == {Status.ON_HOLD}
    assert all("B22" in [s.blocker.id for s in o.holds] for o in plan.options)
    reviewed = suggested({**FIRST, fact: False}, who=who, complete=True)
    assert (reviewed.kind, reviewed.holds) == (PlanKind.THERAPY, ())
    assert {o.status for o in reviewed.options} == {Status.APPLICABLE}
    assert [c.fact for c in reviewed.conflicts] == [fact]
    confirmed = suggested({**FIRST, fact: True}, who=who, complete=True)
    assert (confirmed.kind, confirmed.holds) == (PlanKind.REVIEW_FIRST, (flag,))


def test_a_discordance_that_only_the_caller_knows_holds_every_drug():
    plan = suggested({**FIRST, "discordant_assay": True}, complete=True)
    assert {o.status for o in plan.options} == {Status.ON_HOLD}


def test_a_flagged_result_that_rules_therapy_out_is_reviewed_first():
    who = assessment(Category.NULL, "DISCORDANT_IHCNEG_ISHPOS")
    assert suggested(FIRST, who=who, complete=True).kind is PlanKind.REVIEW_FIRST
    pending = assessment(Category.INDETERMINATE, "DISCORDANT_IHCNEG_ISHPOS")
    assert suggested(FIRST, who=pending, complete=True).kind is PlanKind.TESTING_ONLY


# HER2 lost in the newest metastasis


def sample(key, day, category, metastasis):
    specimen = Specimen(key, (), tumour="t", collected=Moment(day), metastasis=metastasis)
    outcome = Outcome(category, Binary.POSITIVE, "NONE", (), ())
    return SpecimenAssessment(specimen, outcome, IhcScore.NOT_DONE)


def lost(newest):
    """A positive primary and a newer metastasis of this category."""
    specimens = (
        sample("new", date(2026, 5, 1), newest, True),
        sample("old", date(2020, 5, 1), Category.POSITIVE, False),
    )
    flags = ("HER2_LOST_IN_LATEST_METASTASIS",)
    outcome = Outcome(Category.POSITIVE, Binary.POSITIVE, "NONE", flags, ())
    return PatientAssessment((TumourAssessment("t", specimens, outcome),), outcome)


LOST = {**FIRST, "hr_status": "NEGATIVE", "chemo_mbc": True, "prior_tdxd": False}


def test_regimens_of_the_newest_sample_wait_for_the_decision_which_sample_counts():
    plan = suggested(LOST, who=lost(Category.LOW), complete=True)
    option = named(plan.options)["TDXD-LOW-TN"]
    assert (option.status, option.missing) == (
        Status.CONDITIONAL,
        ("her2_lost_in_latest_metastasis",),
    )
    assert "THP" in regimens(plan.options)
    assert plan.kind is PlanKind.REVIEW_FIRST


def test_once_the_newest_sample_counts_its_regimens_wait_for_nothing_else():
    plan = suggested(
        {**LOST, "her2_lost_in_latest_metastasis": True}, who=lost(Category.LOW), complete=True
    )
    assert named(plan.options)["TDXD-LOW-TN"].missing == ()


def test_once_the_newest_sample_does_not_count_its_regimens_are_gone():
    plan = suggested(
        {**LOST, "her2_lost_in_latest_metastasis": False}, who=lost(Category.LOW), complete=True
    )
    assert "TDXD-LOW-TN" not in regimens([*plan.options, *plan.excluded])
    assert plan.kind is PlanKind.THERAPY


def test_a_newest_sample_that_rules_therapy_out_has_no_regimens():
    plan = suggested(LOST, who=lost(Category.NULL), complete=True)
    assert {o.rule.setting for o in plan.options} == {"MBC_1L"}
    assert plan.kind is PlanKind.REVIEW_FIRST


# What goes with it


def test_the_flags_of_the_regimens_shown_are_raised():
    assert "LABEL_WIDER_THAN_TRIAL" in suggested(RESIDUAL, complete=True).flags
    assert "LABEL_WIDER_THAN_TRIAL" not in suggested({**RESIDUAL, "cN": 2}, complete=True).flags


def test_a_relapse_that_nobody_dated_is_not_said_to_be_between_6_and_12_months():
    """A regimen for such a relapse waits for its date; its flag is about the patient."""
    patient = {**FIRST, "n_mbc_her2_lines": 0, "adj_her2_given": False, "on_active_line": False}
    plan = suggested(patient, jurisdiction=EU)
    assert named(plan.options)["TDXD"].status is Status.CONDITIONAL
    assert "RELAPSE_6_TO_12_MONTHS" not in plan.flags


def test_work_up_and_monitoring_are_of_the_regimens_shown():
    plan = suggested({**FIRST, "pregnant": True}, complete=True)
    assert (plan.ordered, plan.monitoring) == ((), ())
    plan = suggested(FIRST, complete=True)
    assert "W8" in [o.work_up.id for o in plan.ordered]
    assert "M3" in [m.id for m in plan.monitoring]
