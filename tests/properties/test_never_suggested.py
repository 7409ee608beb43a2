"""What section 5 of regimens.md forbids, of patients of every kind: one test a statement.

A regimen is suggested when it is an option, whatever its status; where the statement allows more
(on hold, or conditional) the test says so. The patients are tests/support/random_patients.py's;
what is known of them is read by tests/support/second_reading.py, not by the service.
"""

import re
from itertools import chain

import pytest

from service.core.suggestion import Status
from service.fhir.r4.plan_form import R4_PLANS
from service.fhir.r5.plan_form import R5_PLANS
from service.fhir.writing.drug_activities import drug_activities
from tests.support.cases import library
from tests.support.random_patients import UNREADABLE, cells
from tests.support.second_reading import (
    ANTI_HER2,
    EARLY,
    KEY_AGENTS,
    PENDING,
    cases,
    drugs_of,
    option_said,
    setting_rows,
    writing,
    wrongs,
)

SEEDS = (1, 2, 3, 4)
#: Patients a seed.
PATIENTS = 5000

TDXD, TDM1 = "trastuzumab deruxtecan", "trastuzumab emtansine"
ANTIBODIES = {"trastuzumab", "pertuzumab", "margetuximab", "inetetamab"}
ENDOCRINE = {"tamoxifen", "aromatase inhibitor", "fulvestrant"}
#: The curative course is over. Who is said never to have had any therapy has had no course.
GIVEN_WHOLE = "adj_her2_complete and prior_systemic"


@pytest.fixture(scope="module", params=SEEDS)
def suggested(request):
    """(patient and plan) of a seed."""
    return cases(request.param, PATIENTS)


def never(suggested, wrong):
    """No option of any patient is wrong."""

    def options(case):
        return [option_said(o) for o in case.suggestion.options if wrong(case, o)]

    found = wrongs(suggested, options)
    assert not found, found


def rules():
    return library().regimens.rules.values()


def is_early(option):
    return option.rule.setting in EARLY


@pytest.fixture(scope="module")
def written(suggested):
    """(case, option, its drug activities), once for each rule and what is left of it."""
    found, how = {}, writing()
    for case in suggested:
        for option in case.suggestion.options:
            key = option.rule.id, option.components, option.waits
            if key not in found:
                found[key] = (case, option, drug_activities(option, [], how))
    return list(found.values())


# Which patients


def test_n01_only_conjugated_deruxtecan_for_what_is_not_positive(suggested):
    """Any trastuzumab, pertuzumab, T-DM1, margetuximab, lapatinib, neratinib, tucatinib,
    pyrotinib for LOW/ULTRALOW/NULL."""
    never(
        suggested,
        lambda case, option: (
            case.patient.category != "POSITIVE" and drugs_of(option) & set(ANTI_HER2) - {TDXD}
        ),
    )


def test_n02_no_t_dxd_for_low_in_early_disease(suggested):
    """T-DXd for LOW/ULTRALOW in stage I-III: where the setting says metastatic and something else
    stage I-III, it waits for a person."""
    low = {"LOW", "ULTRALOW"}

    def wrong(case, option):
        if TDXD not in drugs_of(option) or not set(option.rule.categories) <= low:
            return False
        metastatic = case.facts(option).says("metastatic")
        unsure = option.status is Status.CONDITIONAL
        waits = case.known.contradicted and option.waits
        return not (metastatic or (metastatic is None and unsure) or waits)

    never(suggested, wrong)
    assert all(r.setting not in EARLY for r in rules() if r.for_low and r.components)


def test_n02_no_t_dxd_for_ultralow_without_hormone_receptors(suggested):
    """... for ULTRALOW if HR-negative."""

    def wrong(case, option):
        low = case.patient.category == "LOW" or case.patient.newest == "LOW"
        of_ultralow = not low and case.patient.category != "POSITIVE"
        of_ultralow = of_ultralow or set(option.rule.categories) == {"ULTRALOW"}
        hr = case.known.values.get("hr_status")
        unsure = hr is None and option.status is Status.CONDITIONAL
        return TDXD in drugs_of(option) and of_ultralow and hr != "POSITIVE" and not unsure

    never(suggested, wrong)


def test_n02_no_t_dxd_for_null(suggested):
    """... for NULL."""
    never(
        suggested,
        lambda case, option: case.patient.category not in ("POSITIVE", "LOW", "ULTRALOW"),
    )


def test_n03_nothing_for_in_situ_disease(suggested):
    """Anything for DCIS/in-situ only."""
    never(
        suggested,
        lambda case, option: (
            case.patient.category == "NOT_APPLICABLE_IN_SITU" or case.says("in_situ_only")
        ),
    )


def test_n04_no_her2_agent_in_pregnancy_or_lactation(suggested):
    """Any HER2 agent in pregnancy or lactation."""
    never(
        suggested,
        lambda case, option: (
            case.says("pregnant or lactating") and drugs_of(option) & set(ANTI_HER2)
        ),
    )


def test_n05_no_anthracycline_together_with_an_antibody(suggested):
    """Anthracycline concurrent with trastuzumab/pertuzumab: never in one phase of a regimen, and
    while one is given elsewhere every regimen waits but the sequential AC-THP."""

    def wrong(case, option):
        phases = {}
        for component in option.components:
            phases.setdefault(component.phase, set()).add(component.drug)
        together = any("doxorubicin" in p and p & set(ANTI_HER2) for p in phases.values())
        sequential = "doxorubicin" in phases.get(1, ()) and "trastuzumab" in phases.get(2, ())
        concurrent = case.says("anthracycline_concurrent") and drugs_of(option) & ANTIBODIES
        return together or (concurrent and not sequential and not option.waits)

    never(suggested, wrong)


def test_n06_no_t_dxd_with_interstitial_lung_disease(suggested):
    """T-DXd with ILD history/current; while that is not known, it waits (B08)."""

    def wrong(case, option):
        ild = case.says("ild_current or ild_history")
        return TDXD in drugs_of(option) and (ild or (ild is None and not option.waits))

    never(suggested, wrong)


def test_n06_no_t_dxd_again_after_it_was_stopped_for_lung_disease(suggested):
    """... or re-challenge after >=G2 ILD: the record says that it was stopped for toxicity."""
    never(
        suggested,
        lambda case, option: (
            TDXD in drugs_of(option)
            and case.told("key_agent_stopped_toxicity", TDXD)
            and "key_agent_stopped_toxicity" not in case.patient.stated
        ),
    )


def test_n07_no_pertuzumab_without_trastuzumab(suggested):
    """Pertuzumab without trastuzumab (except with T-DXd)."""

    def wrong(case, option):
        drugs = drugs_of(option)
        return "pertuzumab" in drugs and not drugs & {"trastuzumab", TDXD}

    never(suggested, wrong)


def test_n07_no_pertuzumab_with_t_dm1_for_stage_one(suggested):
    """... pertuzumab in ATEMPT-like stage I T-DM1."""
    never(suggested, lambda case, option: {"pertuzumab", TDM1} <= drugs_of(option))
    assert not [
        r.id
        for r in rules()
        if r.regimen == "TDM1-ADJ-STAGE1" and {c.drug for c in r.components} != {TDM1}
    ]


def test_n08_no_conjugate_together_with_trastuzumab(suggested):
    """T-DM1 + trastuzumab, T-DXd + trastuzumab: not in one phase."""

    def wrong(case, option):
        given = {(c.phase, c.drug) for c in option.components}
        return any(
            {(phase, "trastuzumab"), (phase, conjugate)} <= given
            for phase, _ in given
            for conjugate in (TDM1, TDXD)
        )

    never(suggested, wrong)


def test_n08_no_product_is_said_to_stand_for_another(written):
    """... interchange or dose equivalence between trastuzumab, T-DM1, T-DXd, SC and IV: the dose
    of each is its own, and no other product is named in it."""
    own = {
        "trastuzumab": {"8", "6", "4", "2"},
        TDM1: {"3.6"},
        TDXD: {"5.4"},
        "margetuximab": {"15"},
        "inetetamab": {"4", "2"},
    }
    for _, option, _ in written:
        for component in option.components:
            mg = set(re.findall(r"([\d.]+) mg/kg", component.dose))
            assert mg <= own.get(component.drug, set()), component
            said = component.dose.lower()
            assert not re.search(r"equivalen|interchang|instead|biosimilar|switch|substitut", said)
            others = {TDM1, "emtansine"} if component.drug == TDXD else {TDXD, "deruxtecan"}
            with_it = component.drug == "pertuzumab" and "minutes apart from" in said
            assert with_it or not any(other in said for other in others), component


def test_n09_no_phesgo_in_a_vein_or_split(written):
    """Phesgo IV or split: it is not named, nor any subcutaneous product, and its record says
    subcutaneous alone, without a dose that could be split."""
    for _, option, activities in written:
        for text in chain(
            (c.drug + " " + c.dose for c in option.components),
            (a.dosage for a in activities),
            (a.text for a in activities),
        ):
            assert not re.search(r"phesgo|hyaluronidase|subcutan|\bsc\b", text.lower()), text
    (phesgo,) = [drug for drug in library().drugs if drug.id == "phesgo"]
    assert phesgo.route.concept == "subcutaneous"
    assert all(dose.amount is None for dose in phesgo.doses)


def test_n10_t_dxd_is_5_4_mg_per_kg(written):
    """T-DXd 6.4 mg/kg for breast."""
    said = set()
    for _, option, activities in written:
        texts = [a.dosage for a in activities]
        said |= {c.dose[:9] for c in option.components if c.drug == TDXD}
        assert not [t for t in [*texts, option.rule.schedule, option.rule.name] if "6.4" in t]
    assert said == {"5.4 mg/kg"}


def test_n11_no_neratinib_before_trastuzumab_is_complete(suggested):
    """Neratinib before trastuzumab completion."""

    def wrong(case, option):
        if "neratinib" not in drugs_of(option) or not is_early(option):
            return False
        complete = case.says("adj_her2_complete")
        return not (complete or (complete is None and option.status is Status.CONDITIONAL))

    never(suggested, wrong)


def test_n11_no_neratinib_without_a_plan_against_diarrhoea(suggested):
    """... without antidiarrhoeal plan."""

    def wrong(case, option):
        watched = {m.id for m in case.suggestion.monitoring}
        planned = {o.work_up.id for o in case.suggestion.ordered}
        with_it = {"M7", "M8"} <= watched and "W9" in planned
        return "neratinib" in drugs_of(option) and not with_it

    never(suggested, wrong)
    assert all(
        "loperamide" in c.dose for r in rules() for c in r.components if c.drug == "neratinib"
    )


def test_n11_no_extended_neratinib_in_the_eu_without_hormone_receptors(suggested):
    """... or in EU for HR-negative (extended adjuvant; P94)."""
    never(
        suggested,
        lambda case, option: (
            "neratinib" in drugs_of(option)
            and is_early(option)
            and case.patient.jurisdiction == "eu"
            and case.says("hr_status == 'NEGATIVE'")
        ),
    )


def test_n12_no_capecitabine_with_a_clearance_below_30(suggested):
    """Capecitabine if CrCl <30; while the clearance is not known, it waits or is left out."""

    def wrong(case, option):
        below = case.says("crcl < 30")
        waits = option.waits or option.status is Status.CONDITIONAL
        return "capecitabine" in drugs_of(option) and (below or (below is None and not waits))

    never(suggested, wrong)


def test_n13_no_t_dm1_for_in_situ_residue_only(suggested):
    """T-DM1 in residual ypTis only."""

    def wrong(case, option):
        if TDM1 not in drugs_of(option) or option.rule.setting != "POST_NEOADJ_RESIDUAL":
            return False
        invasive = case.says("ypInvasive")
        return not (invasive or (invasive is None and option.status is Status.CONDITIONAL))

    never(suggested, wrong)
    assert TDM1 not in {
        c.drug for r in rules() if r.setting == "POST_NEOADJ_PCR" for c in r.components
    }


def test_n14_no_t_dm1_with_pertuzumab(suggested):
    """T-DM1 + pertuzumab as 1L (MARIANNE) or KRISTINE neoadjuvant T-DM1+P."""
    never(suggested, lambda case, option: {TDM1, "pertuzumab"} <= drugs_of(option))
    assert not [
        r.id
        for r in rules()
        if r.setting in ("NEOADJUVANT", "MBC_1L") and TDM1 in {c.drug for c in r.components}
    ]


def test_n15_no_lapatinib_in_early_disease(suggested):
    """Lapatinib in (neo)adjuvant setting; where the setting says metastatic and something else
    stage I-III, it waits for a person."""

    def wrong(case, option):
        early = is_early(option) or case.says("metastatic") is False
        waits = case.known.contradicted and option.waits
        return "lapatinib" in drugs_of(option) and early and not waits

    never(suggested, wrong)


def test_n16_no_trastuzumab_beyond_a_year(suggested):
    """Trastuzumab >52 weeks adjuvant: none once the course is complete."""
    never(
        suggested,
        lambda case, option: (
            "trastuzumab" in drugs_of(option) and is_early(option) and case.says(GIVEN_WHOLE)
        ),
    )


def test_n16_no_adjuvant_course_is_longer_than_a_year():
    """... and no course of the tables is longer: counted where doses are, said where not."""
    for rule in rules():
        if rule.setting not in ("ADJUVANT_UPFRONT", "POST_NEOADJ_PCR", "POST_NEOADJ_RESIDUAL"):
            continue
        weeks = 0
        for component in rule.components:
            if component.drug not in ("trastuzumab", TDM1, TDXD):
                continue
            doses = [int(n) for n in re.findall(r"x(\d+)", component.dose)]
            if doses and "weekly" in component.dose:
                weeks += 1 + doses[0]
            elif doses:
                weeks += 3 * doses[0]
            else:
                assert re.search(r"52 weeks|1 year|18 cycles", rule.duration), rule.id
        assert weeks <= 52, rule.id


def test_n17_no_drug_that_is_not_for_breast_cancer(written):
    """Zanidatamab, trastuzumab duocarmazine for breast."""
    for _, option, activities in written:
        texts = [a.dosage for a in activities]
        texts += [a.text for a in activities]
        texts += [option.rule.name, *drugs_of(option)]
        assert not re.search(r"zanidatamab|duocarmazine", " ".join(texts).lower())
    assert not re.search(r"zanidatamab|duocarmazine", str(cells("components")).lower())


def test_n18_no_drug_where_it_is_not_licensed_even_when_asked_for(suggested):
    """Pyrotinib or inetetamab outside CN; margetuximab in EU."""

    def wrong(case, option):
        where, drugs = case.patient.jurisdiction, drugs_of(option)
        abroad = where != "cn" and drugs & {"pyrotinib", "inetetamab"}
        return abroad or (where == "eu" and "margetuximab" in drugs)

    never(suggested, wrong)


def test_n19_no_drug_while_the_status_is_pending(suggested):
    """Any drug while status pending (or unreadable: B25)."""
    never(
        suggested,
        lambda case, option: case.patient.category in PENDING or UNREADABLE in case.patient.flags,
    )


# Which doses


def test_n20_doses_are_the_tables_own_words(written):
    """Dose for a real patient without weight/BSA, or output of computed doses: what the
    activities say is what the table says, and nothing is a quantity."""
    table = {(line["rule"], line["drug"], line["dose"]) for line in cells("components")}
    for _, option, activities in written:
        doses = [c.dose for c in option.components]
        assert {(option.rule.id, c.drug, c.dose) for c in option.components} <= table
        said = [a.dosage for a in activities]
        for text in said:
            left = text
            for component in option.components:
                left = left.replace(f"{component.drug} {component.dose}", "")
            for dose in doses:
                left = left.replace(dose, "")
            assert not re.search(r"\d", re.sub(r"Phase \d", "", left)), text
        assert all(any(dose in text for text in said) for dose in doses)
        for activity in R4_PLANS.planned(activities, {}, None).activity:
            assert not {"dosage", "quantity", "dailyAmount"} & set(activity["detail"])
        for request in R5_PLANS.planned(activities, {}, None).contained:
            assert not {"dose", "dispenseRequest"} & set(request)
            assert all(set(d) == {"text"} for d in request["dosageInstruction"])


def test_n20_weight_based_doses_are_per_kilogram(written):
    """... give mg/kg only."""
    for _, option, _ in written:
        for component in option.components:
            if component.drug in {"trastuzumab", "margetuximab", "inetetamab", TDM1, TDXD}:
                units = re.findall(r"[\d.]+ (mg\S*|mL|g|units)", component.dose)
                assert units, component
                assert {u.strip("()") for u in units} == {"mg/kg"}, component


# Which company


def test_n21_cdk4_6_inhibitors_with_trastuzumab_are_off_label(suggested):
    """CDK4/6 + trastuzumab as approved (only PATINA-like off-label flag): shown when asked for,
    as off-label, and never the preferred regimen."""
    inhibitors = {"palbociclib", "abemaciclib"}
    never(
        suggested,
        lambda case, option: (
            drugs_of(option) & inhibitors
            and not (
                case.patient.off_label
                and option.off_label
                and option.rule.label.startswith("off-label")
                and option.rule.rank != "PREFERRED"
            )
        ),
    )


def test_n22_no_her2_agent_for_a_mutated_negative_tumour(suggested):
    """HER2 agents for ERBB2-mutated HER2-negative breast cancer (off-label): no fact, rule or
    sentence speaks of a mutation, so that nothing but the category brings a HER2 agent."""
    low = {"LOW", "ULTRALOW"}
    never(
        suggested,
        lambda case, option: (
            case.patient.category not in option.rule.categories
            and case.patient.newest not in option.rule.categories
        ),
    )
    for rule in rules():
        agents = {c.drug for c in rule.components} & set(ANTI_HER2)
        assert not agents or set(rule.categories) == {"POSITIVE"} or agents == {TDXD}
        assert not agents or set(rule.categories) <= {"POSITIVE", *low}
        assert "mutat" not in f"{rule.condition} {rule.name}".lower()
    assert not [f for f in library().words.facts if "mutat" in f.lower() or "erbb2" in f.lower()]


def test_n23_no_phesgo_or_subcutaneous_trastuzumab_with_a_conjugate(written):
    """Phesgo or SC trastuzumab together with T-DM1 or T-DXd: with T-DXd only IV pertuzumab."""
    for _, option, _ in written:
        if not drugs_of(option) & {TDM1, TDXD}:
            continue
        for component in option.components:
            if component.drug in ("pertuzumab", "trastuzumab"):
                assert " IV " in component.dose, component
                assert component.record in ("pertuzumab", "trastuzumab-iv"), component


# When


def test_n24_no_new_line_while_the_present_one_works(suggested):
    """A new line while the present one works: every regimen of a later line waits (B34)."""
    later = ("MBC_2L", "MBC_3L_PLUS", "MBC_HR_POS_AFTER_ET", "MBC_AFTER_CHEMO")
    never(
        suggested,
        lambda case, option: (
            option.rule.setting in later
            and case.facts(option).says("on_active_line and not progressed")
            and not option.waits
        ),
    )


def test_n24_no_first_line_while_another_line_works(suggested):
    """... the first line too: no blocker of its rules says so (B34 is for later lines), and where
    the setting is derived such a patient continues. The safer reading."""
    never(
        suggested,
        lambda case, option: (
            option.rule.setting == "MBC_1L"
            and case.facts(option).says("on_active_line and not progressed")
            and not option.waits
        ),
    )


def test_n24_no_line_begins_while_one_is_known_to_work(suggested):
    """... where no setting is stated, nothing but the maintenance of that line is an option."""
    never(
        suggested,
        lambda case, option: (
            not case.patient.setting
            and case.patient.category == "POSITIVE"
            and "POSITIVE" in option.rule.categories
            and case.says("metastatic and on_active_line and not progressed")
            and option.rule.setting != "MBC_1L_MAINTENANCE"
        ),
    )


def test_n24_no_curative_course_after_it_is_complete(suggested):
    """... a curative course after it is complete."""
    never(
        suggested,
        lambda case, option: (
            is_early(option)
            and case.says(GIVEN_WHOLE)
            and drugs_of(option) & set(ANTI_HER2) - {"neratinib"}
        ),
    )


def test_n24_no_curative_course_while_it_runs(suggested):
    """... or while it runs, where no setting is stated."""
    (running,) = [
        r["when"] for r in setting_rows("POSITIVE") if r["setting"] == "EARLY_ON_TREATMENT"
    ]
    never(
        suggested,
        lambda case, option: (
            not case.patient.setting
            and case.patient.category == "POSITIVE"
            and "POSITIVE" in option.rule.categories
            and case.says(f"({running}) and not local_recurrence")
        ),
    )


def test_n25_no_paclitaxel_and_trastuzumab_alone_beyond_small_tumours(suggested):
    """Paclitaxel + trastuzumab alone (APT) for node-positive (more than micrometastasis), T4 or
    tumours over 3 cm."""

    def wrong(case, option):
        if drugs_of(option) != {"paclitaxel", "trastuzumab"} or not is_early(option):
            return False
        return case.says("(pN >= 1 and not pN1mi) or pN >= 2 or pT4 or pT_cm > 3.0")

    never(suggested, wrong)


def test_n26_no_drug_again_after_progression_or_toxicity(suggested):
    """A TKI or ADC again after progression or toxicity on it (pyrotinib, tucatinib, neratinib,
    lapatinib, T-DM1, T-DXd, margetuximab, inetetamab). What the caller states wins."""
    two = ("key_agent_progressed", "key_agent_stopped_toxicity")

    def wrong(case, option):
        stated = case.patient.stated
        return any(
            stated.get(name, case.told(name, drug))
            for drug in drugs_of(option) & set(KEY_AGENTS)
            for name in two
        )

    never(suggested, wrong)


def test_n27_no_docetaxel_with_bilirubin_above_normal(suggested):
    """Docetaxel with bilirubin above normal."""
    never(
        suggested,
        lambda case, option: "docetaxel" in drugs_of(option) and case.says("bilirubin_xuln > 1.0"),
    )


def test_n27_no_capecitabine_without_a_dpyd_result(suggested):
    """... capecitabine without a DPYD result and no hold, or with complete DPD deficiency."""

    def wrong(case, option):
        complete = case.says("dpd_complete_deficiency")
        unheld = complete is None and not option.waits
        return "capecitabine" in drugs_of(option) and (complete or unheld)

    never(suggested, wrong)


def test_n28_no_endocrine_therapy_first_or_alone(suggested):
    """Endocrine therapy as the first or only option."""
    never(
        suggested,
        lambda case, option: option is case.suggestion.options[0] and drugs_of(option) <= ENDOCRINE,
    )


def test_n28_no_endocrine_therapy_unless_the_receptors_are_positive(suggested):
    """... or for an HR-negative or HR-unknown tumour: unknown is conditional, never advice."""

    def wrong(case, option):
        hr = case.known.values.get("hr_status")
        unsure = option.status is Status.CONDITIONAL and "hr_status" in option.missing
        right = hr == "POSITIVE" or (hr is None and unsure)
        return drugs_of(option) & ENDOCRINE and not right

    never(suggested, wrong)


def test_n29_no_antibody_maintenance_while_t_dxd_and_pertuzumab_work(suggested):
    """Dropping T-DXd for antibody maintenance while T-DXd + pertuzumab works: maintenance follows
    a taxane with both antibodies, and nothing else."""

    def wrong(case, option):
        if option.rule.setting != "MBC_1L_MAINTENANCE":
            return False
        thp = case.says("induction_thp")
        return not (thp or (thp is None and option.status is Status.CONDITIONAL))

    never(suggested, wrong)


# The patients


def test_every_rule_and_every_blocker_is_met_by_some_patient():
    """Over all seeds; B01 stands for the categories for which there are no regimens."""
    rule_ids, blocker_ids = set(), set()
    for seed in SEEDS:
        for each in cases(seed, PATIENTS):
            plan = each.suggestion
            found = (*plan.options, *plan.excluded, *plan.sentences)
            rule_ids |= {o.rule.id for o in found}
            for option in (*plan.options, *plan.excluded):
                blocker_ids |= {s.blocker.id for s in option.stops if s.met}
    assert set(library().regimens.rules) - rule_ids == set()
    assert set(library().regimens.blockers) - blocker_ids == {"B01"}
