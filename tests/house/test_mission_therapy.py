"""The mission's statements about therapy, each by its name: what a clinician gets to read."""

from decimal import Decimal

import pytest

from tests.support.cases import resources
from tests.support.evidence import answered, bundle, condition, ihc, patient, specimen
from tests.support.plans import read_plan

#: The work-up done and nothing in it that stops a drug.
WORK_UP = {
    "sex_male": False,
    "pregnancy_possible": False,
    "age": 60,
    "lvef": 60,
    "lvef_age_days": 10,
    "alt_xuln": 1,
    "ast_xuln": 1,
    "bilirubin_xuln": Decimal("0.5"),
    "alp_xuln": 1,
    "platelets": 200,
    "anc": 4,
    "crcl": 90,
    "hbv_tested": True,
    "ild_history": False,
    "ild_current": False,
    "dpd_complete_deficiency": False,
    "dpd_partial_deficiency": False,
}
AFTER_TH = {"prior_trastuzumab": True, "prior_taxane": True, "prior_systemic": True}
SECOND_LINE = {**AFTER_TH, "n_mbc_her2_lines": 1, "n_her2_regimens": 1, "progressed": True}
THIRD_LINE = {**AFTER_TH, "n_mbc_her2_lines": 2, "n_her2_regimens": 2, "progressed": True}
ULTRALOW = "0 with faint membrane staining in 5%"


def value(said):
    if isinstance(said, bool):
        return {"valueBoolean": said}
    if isinstance(said, int):
        return {"valueInteger": said}
    return {"valueDecimal": said} if isinstance(said, Decimal) else {"valueString": said}


def posted(score, setting="", stated=None, jurisdiction="us", er="", complete=True):
    """Parameters: one invasive tumour with this IHC score, facts stated, the history complete."""
    results = [ihc(score)]
    if er:
        results.append(ihc(er, name="er") | {"code": {"text": "Estrogen receptor"}})
        results.append(ihc(er, name="pr") | {"code": {"text": "Progesterone receptor"}})
    record = bundle(patient(), condition(), specimen("core"), *results)
    facts = {**WORK_UP, **(stated or {})}
    context = [
        {
            "name": "context",
            "part": [{"name": "name", "valueString": n}, {"name": "value", **value(v)}],
        }
        for n, v in facts.items()
    ]
    named = [
        {"name": "resource", "resource": record},
        {"name": "jurisdiction", "valueCode": jurisdiction},
        {"name": "history-complete", "valueBoolean": complete},
        *([{"name": "setting", "valueCode": setting}] if setting else []),
        *context,
    ]
    return {"resourceType": "Parameters", "parameter": named}


def planned(*asked, **more):
    """The plan as it says itself, and the whole answer."""
    answer = answered(posted(*asked, **more))
    (plan,) = [p for p in resources(answer, "CarePlan") if "partOf" not in p]
    return read_plan(plan, answer), answer


def options(*asked, **more):
    return planned(*asked, **more)[0].options


def record_of(answer, drug):
    (found,) = [r for r in resources(answer, "MedicationKnowledge") if r["code"]["text"] == drug]
    return found


def everything_in(resource):
    return str(resource).casefold()


@pytest.mark.parametrize(
    "score", ["1+", "0 with faint membrane staining in 5%", "0 without staining"]
)
@pytest.mark.parametrize(
    "setting", ["neoadjuvant", "adjuvant-upfront", "mbc-1l", "mbc-after-chemo", "follow-up"]
)
def test_m04_only_positive_tumours_get_the_traditional_anti_her2_drugs(score, setting):
    """M04: only positive tumours clearly benefit from traditional anti-HER2 drugs."""
    for option in options(score, setting, {"chemo_mbc": True, "progressed_on_et": True}).values():
        assert option.drugs == ("trastuzumab deruxtecan",)


def test_m05_trastuzumab_is_standard_in_early_disease_and_the_heart_is_watched():
    """M05: Herceptin (trastuzumab): standard in early HER2-positive disease; cardiac toxicity."""
    said, answer = planned("3+", "adjuvant-upfront", {"pT_cm": 3, "pN": 1, "pN1mi": False})
    assert "trastuzumab" in said.options["tchp-adj"].drugs
    assert "40701008" in str(resources(answer, "CarePlan"))
    herceptin = record_of(answer, "trastuzumab")
    assert "cardiomyopathy" in everything_in(herceptin["extension"])
    held = options("3+", "adjuvant-upfront", {"pT_cm": 3, "pN": 1, "lvef_age_days": 29})
    assert "b06" in held["tch"].holds


def test_m06_lapatinib_comes_with_capecitabine_in_advanced_disease():
    """M06: Tykerb (lapatinib): with capecitabine, advanced or metastatic."""
    found = options("3+", "mbc-3l-plus", {**THIRD_LINE, "prior_anthracycline": True})
    assert found["lap-cape"].rule == "M3-06"
    assert set(found["lap-cape"].drugs) == {"lapatinib", "capecitabine"}


def test_m07_pertuzumab_is_first_line_standard_and_binds_another_part_of_her2():
    """M07: Perjeta (pertuzumab): first-line metastatic standard; another part of HER2."""
    said, answer = planned("3+", "mbc-1l")
    assert (said.options["thp"].rule, said.options["thp"].rank) == ("M1-02", "preferred")
    assert "pertuzumab" in said.options["thp"].drugs
    perjeta = everything_in(record_of(answer, "pertuzumab"))
    assert "subdomain ii" in perjeta or "domain ii" in perjeta


def test_m08_neratinib_is_extended_adjuvant_therapy_of_high_risk_disease():
    """M08: Nerlynx (neratinib): extended adjuvant, high-risk early."""
    ended = {"adj_her2_complete": True, "months_since_trastuzumab_end": 3, "progressed": False}
    high = options("3+", "extended-adjuvant", {**ended, "high_risk_stage": True}, er="90%")
    assert high["neratinib-ext"].rule == "EXT-01"
    assert not options("3+", "extended-adjuvant", {**ended, "high_risk_stage": False}, er="90%")


def test_m09_t_dm1_is_for_residual_disease_and_for_metastatic_disease():
    """M09: Kadcyla (T-DM1): residual disease after neoadjuvant; metastatic."""
    residual = {**AFTER_TH, "cT": 2, "cN": 0, "ypN": 0}
    assert options("3+", "post-neoadj-residual", residual)["tdm1-adj"].rule == "RES-02"
    assert options("3+", "mbc-2l", SECOND_LINE)["tdm1"].rule == "M2-03"


@pytest.mark.parametrize(
    ("score", "setting", "stated", "regimen", "rule"),
    [
        ("3+", "mbc-2l", SECOND_LINE, "tdxd", "M2-01"),
        ("1+", "mbc-hr-pos-after-et", {"progressed_on_et": True}, "tdxd-low-et", "LO-01"),
        ("1+", "mbc-after-chemo", {"progressed_on_et": True}, "tdxd-low", "LO-03"),
        (
            ULTRALOW,
            "mbc-hr-pos-after-et",
            {"progressed_on_et": True},
            "tdxd-ultra",
            "LO-02",
        ),
    ],
)
def test_m10_t_dxd_is_for_positive_low_and_ultralow_metastatic_disease(
    score, setting, stated, regimen, rule
):
    """M10, M14: Enhertu: positive, low and ultralow; after chemotherapy or endocrine therapy."""
    found = options(score, setting, stated, er="90%")[regimen]
    assert (found.rule, found.drugs) == (rule, ("trastuzumab deruxtecan",))


def test_m11_tucatinib_comes_with_trastuzumab_and_capecitabine_brain_metastases_included():
    """M11: tucatinib after at least one anti-HER2 regimen, brain metastases included."""
    second = options("3+", "mbc-2l", {**SECOND_LINE, "active_brain_mets": True})["her2climb"]
    third = options("3+", "mbc-3l-plus", THIRD_LINE)["her2climb"]
    assert (second.rule, second.order, third.rule) == ("M2-02", 1, "M3-01")
    assert set(second.drugs) == {"tucatinib", "trastuzumab", "capecitabine"}


def test_m12_margetuximab_comes_with_chemotherapy_after_two_regimens():
    """M12: margetuximab after two or more regimens, at least one for metastatic disease."""
    assert options("3+", "mbc-3l-plus", THIRD_LINE)["margetux"].rule == "M3-04"
    one = options("3+", "mbc-2l", {**SECOND_LINE, "adj_her2_given": False})
    assert "margetux" not in one


def test_m13_pyrotinib_is_for_china_and_never_for_the_united_states():
    """M13: Pyrotinib: authorised in China, not by the FDA."""
    assert options("3+", "mbc-2l", SECOND_LINE, jurisdiction="cn")["pyro-cape"].rule == "M2-05"
    assert not any("pyro" in r for r in options("3+", "mbc-2l", SECOND_LINE))


def test_m14_t_dxd_in_low_disease_waits_for_chemotherapy_or_progression_on_endocrine_therapy():
    """M14: after chemotherapy; for HR-positive low or ultralow after progression on endocrine."""
    assert not options("1+", "mbc-1l", er="90%")
    working = options("1+", "mbc-hr-pos-after-et", {"progressed_on_et": False}, er="90%")
    assert not working
    assert not options("1+", "neoadjuvant", {"cT": 3, "cN": 1})


def test_m15_side_effects_are_those_of_the_drug():
    """M15: drug-specific: diarrhoea; Herceptin and the heart; Enhertu and the lungs."""
    _, answer = planned("3+", "mbc-1l")
    enhertu = everything_in(record_of(answer, "trastuzumab deruxtecan"))
    herceptin = everything_in(record_of(answer, "trastuzumab"))
    assert "interstitial lung disease" in enhertu
    assert "cardiomyopathy" in herceptin
    assert "diarrhoea" in everything_in(resources(answer, "CarePlan"))


@pytest.mark.parametrize(
    ("size", "regimen", "rule"),
    [("1.5", "apt", "ADJ-01"), ("0.8", "apt-t1b", "ADJ-02"), ("0.4", "apt-t1a", "ADJ-03")],
)
def test_m16_very_small_positive_tumours_benefit_too(size, regimen, rule):
    """M16: all invasive HER2-positive cancers benefit, very small ones too."""
    found = options("3+", "adjuvant-upfront", {"pT_cm": Decimal(size), "pN": 0})
    assert found[regimen].rule == rule


def test_m17_first_line_is_thp_then_maintenance_or_t_dxd_with_pertuzumab():
    """M17: THP then trastuzumab + pertuzumab; or Enhertu with pertuzumab (FDA)."""
    first = options("3+", "mbc-1l")
    assert (first["thp"].rank, first["tdxd-p"].rank) == ("preferred", "preferred")
    assert "tdxd-p" not in options("3+", "mbc-1l", jurisdiction="eu")
    later = {"induction_cycles": 6, "n_mbc_her2_lines": 1}
    assert options("3+", "mbc-1l-maintenance", later, er="90%")["hp-et"].rule == "M1-06"
    assert options("3+", "mbc-1l-maintenance", later, er="0%")["hp"].rule == "M1-07"


def test_m18_second_line_is_t_dxd_unless_used_first():
    """M18: Enhertu preferred over T-DM1 unless used first; T-DM1 in select cases."""
    found = options("3+", "mbc-2l", SECOND_LINE)
    assert (found["tdxd"].rank, found["tdxd"].order) == ("preferred", 1)
    assert found["tdm1"].rank == "alternative"
    used = options("3+", "mbc-2l", {**SECOND_LINE, "prior_tdxd": True})
    assert "tdxd" not in used
    assert "tdm1" in used


def test_m19_third_line_is_the_tucatinib_triplet_then_other_tkis_and_conjugates():
    """M19: tucatinib triplet, preferred for CNS disease; other TKIs and ADCs."""
    found = options("3+", "mbc-3l-plus", {**THIRD_LINE, "prior_anthracycline": True})
    assert (found["her2climb"].order, found["her2climb"].rank) == (1, "preferred")
    assert {"tdxd", "tdm1", "nala", "lap-cape"} <= set(found)


def test_m20_enhertu_asks_for_the_lungs_first_and_is_excluded_with_their_disease():
    """M20: boxed warning for ILD; baseline lung status, symptoms and imaging matter."""
    said, answer = planned("3+", "mbc-1l")
    assert "169069000" in str(resources(answer, "CarePlan"))
    assert "interstitial lung disease" in everything_in(
        record_of(answer, "trastuzumab deruxtecan")["extension"]
    )
    excluded = planned("3+", "mbc-1l", {"ild_history": True})[0]
    assert excluded.excluded["tdxd-p"] == ("b08",)
    assert "tdxd-p" in said.options


def test_m21_tucatinib_watches_gut_and_liver():
    """M21: Tucatinib: gastrointestinal and hepatic toxicity."""
    said, answer = planned("3+", "mbc-3l-plus", THIRD_LINE)
    text = said.text
    assert "Diarrhoea diary" in text
    assert "tucatinib: every 3 weeks" in text
    assert "hepato" in everything_in(record_of(answer, "tucatinib"))
