"""A rule against one patient: what speaks for it, what stops it, and what is not known."""

import pytest

from service.core.assessment import Category
from service.core.blocker import Effect
from service.core.drug_facts import Jurisdiction
from service.core.regimen import Rank
from service.core.suggestion import Status
from tests.support.cases import library
from tests.support.suggesting import HEALTHY, of_drug, recorded, scales

RULES = library().regimens.rules
CN, EU, US = Jurisdiction.CN, Jurisdiction.EU, Jurisdiction.US
POSITIVE = {"her2_positive": True, "her2_pending": False}
FIRST = {
    **HEALTHY,
    **POSITIVE,
    "metastatic": True,
    "n_mbc_her2_lines": 0,
    "adj_her2_given": False,
    "chemo_mbc": False,
    "prior_tdxd": False,
}
THIRD = {
    **HEALTHY,
    **POSITIVE,
    "metastatic": True,
    "n_mbc_her2_lines": 2,
    "n_her2_regimens": 2,
    "progressed": True,
    **dict.fromkeys(("prior_trastuzumab", "prior_taxane", "prior_anthracycline"), True),
    **dict.fromkeys(("prior_tdxd", "prior_tdm1", "prior_tucatinib", "prior_lapatinib"), False),
    **dict.fromkeys(("prior_margetuximab", "prior_pyrotinib", "prior_neratinib"), False),
}


def option(rule, *worlds, **asked):
    return scales(*worlds, **asked).option(RULES[rule])


def without(facts, *names):
    return {fact: value for fact, value in facts.items() if fact not in names}


def stops(weighed, *effects, drug=None):
    """Ids of what bears on it with these effects."""
    every = weighed.of(*(effects or tuple(Effect)))
    return [s.blocker.id for s in every if drug is None or s.drug == drug]


def drugs(weighed):
    return [component.drug for component in weighed.components]


# Whether a rule is read


def test_a_rule_is_read_where_its_use_is_authorised_or_elsewhere_off_label():
    def read(jurisdiction, off_label):
        asked = scales({}, jurisdiction=jurisdiction, off_label=off_label)
        return {rule.id for rule in asked.rules("MBC_1L", Category.POSITIVE)}

    assert "M1-01" in read(US, False)
    assert "M1-01" not in read(EU, False)
    assert "M1-01" in read(EU, True)
    assert "M1-05" in read(CN, False)
    assert read(US, True) == read(EU, True) == read(CN, True)


def test_a_sentence_of_another_jurisdiction_is_never_read():
    asked = scales({}, off_label=True).rules("MBC_HR_POS_AFTER_ET", Category.LOW)
    sentences = {rule.id for rule in asked if rule.rank is Rank.NONE}
    assert "LO-11" in sentences
    assert not sentences & {"LO-12", "LO-13"}


# Whether it fits


def test_a_rule_that_is_known_not_to_hold_is_no_option():
    assert option("M1-02", {**FIRST, "n_mbc_her2_lines": 1}) is None
    assert option("M1-02", FIRST).status is Status.APPLICABLE


def test_a_rule_that_may_hold_names_what_it_waits_for():
    weighed = option("M1-02", without(FIRST, "adj_her2_given"))
    assert weighed.status is Status.CONDITIONAL
    assert weighed.missing == ("adj_her2_given", "relapse_months")


def test_hormone_receptors_that_do_not_fit_close_a_rule_and_unknown_ones_leave_it_open():
    patient = {**FIRST, "visceral_crisis": False, "chemo_fit": False}
    assert option("M1-03", {**patient, "hr_status": "NEGATIVE"}) is None
    assert option("M1-03", {**patient, "hr_status": "POSITIVE"}).missing == ()
    assert option("M1-03", patient).missing == ("hr_status",)
    assert option("M1-02", FIRST).missing == ()


def test_doubts_about_the_setting_make_every_option_conditional():
    weighed = option("M1-02", FIRST, doubts=("on_active_line",))
    assert (weighed.status, weighed.missing) == (Status.CONDITIONAL, ("on_active_line",))


def test_a_contradicted_setting_puts_an_option_on_hold():
    weighed = option("M1-02", FIRST, contradicted=True)
    assert weighed.status is Status.ON_HOLD
    assert weighed.holds == ()


def test_a_sentence_holds_or_waits_or_is_not_said():
    rule = RULES["NEO-07"]
    small = {"cT": 1, "cN": 0, "prior_systemic": False}
    assert scales(small).sentence(rule).holds
    assert scales(without(small, "cN")).sentence(rule).missing == ("cN",)
    assert scales({**small, "cT": 2}).sentence(rule) is None


# What a blocker does


@pytest.mark.parametrize(
    ("rule", "patient", "blocker", "effect", "status"),
    [
        ("M1-02", {**FIRST, "pregnant": True}, "B03", Effect.EXCLUDE, Status.EXCLUDED),
        ("M1-02", {**FIRST, "platelets": 99, "anc": 1}, "B23N", Effect.HOLD, Status.ON_HOLD),
        ("M1-02", {**FIRST, "ecog": 3}, "B20", Effect.REVIEW, Status.ON_HOLD),
        ("M1-02", {**FIRST, "hbv_tested": False}, "B21", Effect.ORDER, Status.APPLICABLE),
        ("M1-02", {**FIRST, "sex_male": True}, "B17", Effect.INFORM, Status.APPLICABLE),
    ],
)
def test_a_blocker_that_is_true_does_what_its_effect_says(rule, patient, blocker, effect, status):
    weighed = option(rule, patient)
    assert blocker in stops(weighed, effect)
    assert weighed.status is status


@pytest.mark.parametrize(
    ("rule", "forgotten", "blocker", "effects"),
    [
        ("M1-02", "lvef_age_days", "B06", [Effect.HOLD]),
        ("M1-02", "pregnancy_possible", "B04", [Effect.HOLD]),
        ("M1-01", "ild_history", "B08", [Effect.HOLD]),
        ("M1-02", "anc", "B23N", [Effect.INFORM]),
        ("M1-02", "age", "B16", [Effect.INFORM]),
        ("M1-02", "hbv_tested", "B21", [Effect.INFORM]),
        ("M1-02", "pregnant", "B03", []),
        ("M1-02", "hbsag_positive", "B21P", []),
    ],
)
def test_a_blocker_that_is_not_known_does_what_not_knowing_means(rule, forgotten, blocker, effects):
    weighed = option(rule, without(FIRST, forgotten))
    found = [stop for stop in weighed.stops if stop.blocker.id == blocker]
    assert [stop.effect for stop in found] == effects
    assert all(not stop.met and forgotten in stop.missing for stop in found)


def test_a_blocker_that_a_rule_does_not_list_does_not_apply():
    patient = {**THIRD, "lvef": 40}
    assert "B07" in stops(option("M3-06", patient), Effect.EXCLUDE)
    assert "B07" not in RULES["M3-05"].blockers
    assert option("M3-05", patient).status is Status.APPLICABLE


def test_excluded_comes_before_conditional_and_conditional_before_on_hold():
    unknown = without(FIRST, "adj_her2_given")
    assert option("M1-02", {**unknown, "pregnant": True}).status is Status.EXCLUDED
    held = option("M1-02", {**unknown, "ecog": 3})
    assert held.status is Status.CONDITIONAL
    assert held.waits


def test_a_blocker_is_weighed_by_what_each_world_says():
    pregnant, not_pregnant = {**FIRST, "pregnant": True}, FIRST
    assert option("M1-02", pregnant, not_pregnant).status is Status.APPLICABLE
    assert option("M1-02", pregnant, pregnant).status is Status.EXCLUDED


# Where it is authorised


def test_a_use_without_authorisation_is_excluded_unless_it_was_asked_for():
    patient = {**FIRST, "chemo_fit": False}
    weighed = option("M1-12", patient)
    assert (weighed.status, stops(weighed, Effect.EXCLUDE)) == (Status.EXCLUDED, ["B18"])
    shown = option("M1-12", patient, off_label=True)
    assert (shown.status, shown.off_label) == (Status.APPLICABLE, True)
    assert not option("M1-02", FIRST).off_label


def test_a_rule_of_another_jurisdiction_is_off_label_here():
    assert option("M1-01", FIRST, jurisdiction=EU, off_label=True).off_label
    assert not option("M1-01", FIRST, off_label=True).off_label


@pytest.mark.parametrize(
    ("rule", "jurisdiction"), [("M3-10", US), ("M3-09", EU), ("M3-04", EU), ("M1-05", EU)]
)
def test_a_confined_drug_is_excluded_elsewhere_even_off_label(rule, jurisdiction):
    patient = {**THIRD, **FIRST, "chemo_mbc": True, "prior_inetetamab": False}
    if RULES[rule].setting == "MBC_3L_PLUS":
        patient |= {"n_mbc_her2_lines": 2}
    weighed = option(rule, patient, jurisdiction=jurisdiction, off_label=True)
    assert "B18" in stops(weighed, Effect.EXCLUDE)


def test_less_than_positive_disease_excludes_all_but_its_own_rules():
    low = {**HEALTHY, "her2_positive": False, "her2_pending": False, "hr_status": "POSITIVE"}
    low |= {"et_lines_mbc": 1, "progressed_on_et": True, "chemo_mbc": False, "prior_tdxd": False}
    assert "B01" not in stops(option("LO-01", {**low, "progressed": True}))
    assert "B01" in stops(option("M1-02", {**FIRST, "her2_positive": False}), Effect.EXCLUDE)


# What concerns the drugs


def test_a_drug_fact_counts_when_it_is_true_of_a_drug_that_the_rule_cannot_do_without():
    allergic = recorded(of_drugs=[of_drug("allergy_to_component", "pertuzumab")])
    weighed = option("M1-02", FIRST, says=allergic)
    (stop,) = weighed.against
    assert (stop.blocker.id, stop.told) == ("B19", allergic.of_drugs)
    assert option("M3-02", THIRD, says=allergic).status is Status.APPLICABLE


def test_a_drug_fact_is_false_when_it_is_false_of_every_drug_and_else_unknown():
    of = [of_drug("ddi_avoid", drug, False) for drug in ("tucatinib", "capecitabine")]
    assert "B14" in stops(option("M3-01", THIRD, says=recorded(of_drugs=of)), Effect.INFORM)
    of.append(of_drug("ddi_avoid", "trastuzumab", False))
    assert "B14" not in stops(option("M3-01", THIRD, says=recorded(of_drugs=of)))


def test_what_is_true_and_false_of_a_drug_is_true():
    both = [of_drug("ddi_avoid", "tucatinib", value) for value in (True, False)]
    assert stops(option("M3-01", THIRD, says=recorded(of_drugs=both)), Effect.EXCLUDE) == ["B14"]


def test_a_drug_that_failed_is_not_given_again_and_no_other_is_stopped():
    failed = recorded(of_drugs=[of_drug("key_agent_progressed", "tucatinib")])
    assert stops(option("M3-01", THIRD, says=failed), Effect.EXCLUDE) == ["B15"]
    assert "B15" not in stops(option("M3-03", THIRD, says=failed), Effect.EXCLUDE)
    toxic = recorded(of_drugs=[of_drug("key_agent_stopped_toxicity", "trastuzumab emtansine")])
    assert stops(option("M3-03", THIRD, says=toxic), Effect.EXCLUDE) == ["B15"]


def test_progression_on_trastuzumab_stops_no_rule():
    failed = recorded(of_drugs=[of_drug("key_agent_progressed", "trastuzumab")])
    assert "B15" not in stops(option("M1-02", FIRST, says=failed))
    assert "B15" not in stops(option("M3-01", THIRD, says=failed), Effect.EXCLUDE)


def test_a_stated_failure_holds_for_every_rule_with_a_key_agent_and_for_no_other():
    stated = {**THIRD, "key_agent_progressed": True}
    assert "B15" in stops(option("M3-01", stated), Effect.EXCLUDE)
    assert "B15" in stops(option("M3-03", stated), Effect.EXCLUDE)
    assert "B15" not in stops(option("M3-08", stated))
    denied = {**THIRD, "key_agent_progressed": False, "key_agent_stopped_toxicity": False}
    failed = recorded(of_drugs=[of_drug("key_agent_progressed", "tucatinib")])
    assert "B15" not in stops(option("M3-01", denied, says=failed))


# One drug of a choice


def test_what_stops_one_drug_of_a_choice_leaves_the_other():
    weighed = option("M1-02", {**FIRST, "bilirubin_xuln": 2})
    assert weighed.status is Status.APPLICABLE
    assert drugs(weighed) == ["paclitaxel", "trastuzumab", "pertuzumab"]
    assert stops(weighed, drug="docetaxel") == ["B09D"]
    assert not weighed.waits
    assert weighed.against == ()


def test_a_taxane_whose_liver_tests_are_not_known_stays_in_the_choice():
    weighed = option("M1-02", without(FIRST, "bilirubin_xuln"))
    assert drugs(weighed)[:2] == ["docetaxel", "paclitaxel"]
    assert stops(weighed, drug="docetaxel") == []


def test_capecitabine_of_a_choice_waits_out_until_its_tests_are_there():
    patient = {**FIRST, "taxane_ok": False}
    assert drugs(option("M1-04", patient))[:2] == ["vinorelbine", "capecitabine"]
    weighed = option("M1-04", without(patient, "dpd_complete_deficiency"))
    assert drugs(weighed)[0] == "vinorelbine"
    assert "capecitabine" not in drugs(weighed)
    assert weighed.status is Status.APPLICABLE


def test_a_review_of_one_drug_leaves_it_in_the_choice():
    weighed = option("M1-04", {**FIRST, "taxane_ok": False, "neuropathy_grade": 2})
    assert drugs(weighed)[:2] == ["vinorelbine", "capecitabine"]
    assert stops(weighed, drug="vinorelbine") == ["B24R"]
    assert weighed.status is Status.APPLICABLE


def test_an_allergy_or_an_interaction_takes_one_drug_out_of_a_choice():
    for fact, blocker in (("allergy_to_component", "B19"), ("ddi_avoid", "B14")):
        says = recorded(of_drugs=[of_drug(fact, "paclitaxel")])
        weighed = option("M1-02", FIRST, says=says)
        assert drugs(weighed)[0] == "docetaxel"
        assert "paclitaxel" not in drugs(weighed)
        assert stops(weighed, drug="paclitaxel") == [blocker]
        assert weighed.status is Status.APPLICABLE


def test_a_choice_with_every_drug_out_excludes_the_regimen_for_all_the_reasons():
    says = recorded(of_drugs=[of_drug("allergy_to_component", "vinorelbine")])
    weighed = option("M1-04", {**FIRST, "taxane_ok": False, "crcl": 20}, says=says)
    assert weighed.status is Status.EXCLUDED
    assert set(stops(weighed, Effect.EXCLUDE)) == {"B19", "B10"}
    assert drugs(weighed)[:2] == ["vinorelbine", "capecitabine"]


def test_a_choice_with_one_drug_left_that_waits_makes_the_regimen_wait():
    says = recorded(of_drugs=[of_drug("allergy_to_component", "vinorelbine")])
    patient = {**without(FIRST, "dpd_complete_deficiency"), "taxane_ok": False}
    weighed = option("M1-04", patient, says=says)
    assert weighed.status is Status.ON_HOLD
    assert drugs(weighed)[0] == "capecitabine"
    assert "vinorelbine" not in drugs(weighed)
    assert [s.blocker.id for s in weighed.holds if not s.drug] == ["B13"]


def test_a_drug_that_may_be_left_out_is_left_out_and_nothing_is_stopped():
    says = recorded(of_drugs=[of_drug("allergy_to_component", "pertuzumab")])
    early = {**HEALTHY, **POSITIVE, "ypInvasive": False, "ypN": 0, "start_node_positive": False}
    early |= {"adj_her2_complete": False, "months_since_surgery": 1}
    weighed = option("PCR-01", early, says=says)
    assert drugs(weighed) == ["trastuzumab"]
    assert weighed.status is Status.APPLICABLE
    assert drugs(option("PCR-01", early)) == ["trastuzumab", "pertuzumab"]
