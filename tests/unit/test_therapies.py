"""The therapy edition is whole, says what the clinical review says, and refuses what is not."""

import csv
import re
import shutil
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from service.core.assessment import Category
from service.core.blocker import Effect
from service.core.condition import Always
from service.core.drug_facts import Jurisdiction, Scope
from service.core.errors import KnowledgeError
from service.core.facts import Stretch
from service.core.regimen import HrStatus, Rank
from service.core.work import Window
from service.knowledge.therapies import read_therapy
from service.knowledge.therapy_tables import read_partners
from tests.support.cases import library
from tests.support.doors import run
from tests.support.spoilt import rewrite, spoil_cell

HOME = Path(str(files("service.knowledge")))
FOLDER, PARTNERS = HOME / "therapy" / "2026-05", HOME / "partners.csv"
REVIEW = Path(__file__).parents[2].parent / "shared" / "clinical"
THERAPY = library().regimens
RULES, BLOCKERS = THERAPY.rules, THERAPY.blockers
PLACES = [(name, rule.condition) for name, rule in RULES.items()]
PLACES += [(name, blocker.condition) for name, blocker in BLOCKERS.items()]
PLACES += [(f"{s.order}-{s.name}", s.condition) for s in THERAPY.settings]


def met(condition, **facts):
    return condition.evaluate(facts.get)


def drugs_of(rule):
    return {component.drug for component in rule.components}


# Conditions


@pytest.mark.parametrize(("name", "condition"), PLACES, ids=[name for name, _ in PLACES])
def test_a_condition_is_unknown_while_nothing_is_known(name, condition):
    assert met(condition) is (True if condition == Always() else None)
    assert condition.missing({}.get) == condition.facts()


@pytest.mark.parametrize(("name", "condition"), PLACES, ids=[name for name, _ in PLACES])
def test_a_condition_is_said_without_the_names_of_facts(name, condition):
    said = condition.sentence(THERAPY.phrases)
    assert said
    assert not [fact for fact in condition.facts() if "_" in fact and fact in said]


def test_no_phrase_reads_like_two_conditions():
    assert [p for p in THERAPY.phrases.values() if re.search(r"\b(and|or)\b(?![^(]*\))", p)] == []


def test_every_condition_there_is_was_checked():
    assert THERAPY.conditions == tuple(condition for _, condition in PLACES)
    assert library().therapy_proof() == {
        "rules": len(RULES),
        "components": sum(len(rule.components) for rule in RULES.values()),
        "blockers": len(BLOCKERS),
        "settings": len(library().settings),
        "conditions": len(PLACES),
    }


# What the edition says


def test_the_settings_stand_once_and_in_order():
    assert library().settings == tuple(dict.fromkeys(s.name for s in THERAPY.settings))
    assert [s.name for s in THERAPY.settings].count("MBC_1L") == 2
    assert [s.order for s in THERAPY.settings] == list(range(1, len(THERAPY.settings) + 1))


def test_ultralow_disease_without_hormone_receptors_gets_no_trastuzumab_deruxtecan():
    fits = [
        rule
        for rule in THERAPY.rules_of("MBC_AFTER_CHEMO", Category.ULTRALOW)
        if rule.hr_status in (HrStatus.ANY, HrStatus.NEGATIVE)
    ]
    assert {rule.id for rule in fits} == {"LO-06", "LO-10"}
    assert {rule.rank for rule in fits} == {Rank.NONE}


@pytest.mark.parametrize("setting", sorted(THERAPY.early))
def test_early_low_disease_is_only_ever_told_that_no_drug_fits(setting):
    for category in (Category.LOW, Category.ULTRALOW):
        assert [r.id for r in THERAPY.rules_of(setting, category)] == ["LO-05"]


def test_rules_for_any_setting_need_none():
    for category in (Category.NULL, Category.NOT_TESTED):
        assert [r.rank for r in THERAPY.rules_of("", category)] == [Rank.NONE]
    assert THERAPY.rules_of("", Category.POSITIVE) == ()


def test_a_low_ejection_fraction_stops_every_first_dose_of_an_antibody_but_not_neratinib():
    stops = {
        name
        for name, b in BLOCKERS.items()
        if b.effect is Effect.EXCLUDE and met(b.condition, lvef=45)
    }
    assert stops >= {"B07", "B31"}
    assert "B07" in RULES["M2-01"].blockers
    assert "B07" in RULES["M3-06"].blockers
    assert not stops & set(RULES["M3-05"].blockers)


def test_a_fall_of_the_ejection_fraction_is_in_percentage_points_and_holds_what_runs():
    condition = BLOCKERS["B07C"].condition
    assert met(condition, heart_failure=False, lvef=52, lvef_drop=8) is False
    assert met(condition, heart_failure=False, lvef=46, lvef_drop=14) is True
    assert met(condition, heart_failure=False, lvef=52, lvef_drop=16) is True
    assert met(condition, heart_failure=False, lvef=52) is None


def test_a_size_known_only_as_a_category_leaves_what_it_must_open():
    t2 = {"pT_cm": Stretch(Decimal("2.0"), Decimal("5.0")), "pN": 0, "pN1mi": False, "pT4": False}
    assert met(RULES["ADJ-01"].condition, **t2) is False
    assert met(RULES["ADJ-01B"].condition, **t2) is None
    assert met(RULES["ADJ-05B"].condition, **t2) is True
    t1 = {**t2, "pT_cm": Stretch(Decimal("0"), Decimal("2.0")), "pT1mic": False}
    assert {met(RULES[n].condition, **t1) for n in ("ADJ-01", "ADJ-02", "ADJ-03")} == {None}
    assert RULES["ADJ-01"].condition.missing(t1.get) == ("pT_cm",)


def test_a_schedule_is_read_as_a_prescriber_writes_it():
    assert RULES["NEO-02"].schedule == (
        "trastuzumab deruxtecan 5.4 mg/kg IV every 3 weeks x4 THEN paclitaxel 80 mg/m2 IV weekly "
        "x12; trastuzumab 8 mg/kg IV first dose, then 6 mg/kg IV every 3 weeks; pertuzumab 840 mg "
        "IV first dose, then 420 mg IV every 3 weeks"
    )
    assert " OR paclitaxel " in RULES["M1-02"].schedule
    assert "; optional: pertuzumab " in RULES["M1-03"].schedule


# What is never suggested

STOPS = {"docetaxel": {"B09D"}, "capecitabine": {"B10", "B13", "B13P"}, "vinorelbine": {"B24R"}}


def test_only_trastuzumab_deruxtecan_is_for_less_than_positive_disease():
    for rule in RULES.values():
        if set(rule.categories) != {Category.POSITIVE}:
            assert drugs_of(rule) <= {"trastuzumab deruxtecan"}
            assert not rule.components or rule.for_low
            assert not rule.components or rule.setting.startswith("MBC_")


def test_no_conjugate_is_given_with_the_antibody_it_carries():
    conjugates = {"trastuzumab emtansine", "trastuzumab deruxtecan"}
    for rule in RULES.values():
        for phase in {c.phase for c in rule.components}:
            together = {c.drug for c in rule.components if c.phase == phase}
            assert not ("trastuzumab" in together and together & conjugates), rule.id
            assert len(together & conjugates) < 2, rule.id
            assert not ("doxorubicin" in together and together & {"trastuzumab", "pertuzumab"})


def test_a_drug_of_china_is_suggested_in_china_and_margetuximab_not_in_the_eu():
    china = {d.inn for d in library().drugs if d.in_scope is Scope.CHINA_ONLY}
    for rule in RULES.values():
        assert not drugs_of(rule) & china or rule.jurisdictions == (Jurisdiction.CN,), rule.id
        assert "margetuximab" not in drugs_of(rule) or Jurisdiction.EU not in rule.jurisdictions
    assert set(THERAPY.confined) == china | {"margetuximab", "EXT-02"}
    assert Jurisdiction.EU not in THERAPY.confined["EXT-02"]


def test_trastuzumab_deruxtecan_is_never_dosed_as_for_the_stomach():
    doses = {c.dose for r in RULES.values() for c in r.components if c.record == "t-dxd"}
    assert doses
    assert all(dose.startswith("5.4 mg/kg") for dose in doses)


def test_what_may_not_be_given_is_stopped_where_it_is_one_drug_of_a_choice_too():
    for rule in RULES.values():
        for component in rule.components:
            needed = STOPS.get(component.drug, set())
            assert needed <= set(
                rule.blockers if component.fixed else (*component.blockers, *component.when_known)
            ), rule.id
            if component.drug == "capecitabine":
                assert "W9" in rule.workup, rule.id


def test_a_sentence_is_stopped_by_nothing_and_says_its_grounds():
    for rule in RULES.values():
        assert (rule.rank is Rank.NONE) is (not rule.components)
        assert not (rule.blockers and rule.grounds)
        assert rule.blockers or rule.rank is Rank.NONE
    assert RULES["NEG-02"].grounds == ("B25",)
    assert {r.regimen for r in RULES.values() if r.rank is Rank.NONE} == {
        *THERAPY.plan_kinds,
        *THERAPY.instead,
    }


def test_an_unverified_code_says_so():
    codes = {c.code: c for p in THERAPY.partners.values() for c in p.codes}
    assert codes["72962"].verified
    assert not codes["1045453"].verified
    assert not {c.verified for c in THERAPY.workup["W5"].codes} - {False}
    assert THERAPY.workup["W3"].windows == (Window("", 28), Window("continuing", 92))


def test_a_product_that_may_be_three_drugs_stays_ambiguous():
    assert THERAPY.products["1922508"] == ("trastuzumab-iv", "t-dm1", "t-dxd")
    assert THERAPY.products["1658086"] == ("t-dm1",)


def test_a_drug_record_and_the_product_map_agree():
    for drug in library().drugs:
        for code in drug.codes:
            if code.system == "rxnorm" and not code.shared:
                assert THERAPY.products[code.code] == (drug.id,)


# The clinical review, where it is beside this checkout

#: Where the tables differ from the review on purpose; CHANGES.md says why.
WORKUP_ADDED = dict.fromkeys(("M1-04", "M2-07", "M2-10", "M3-04", "M3-08"), "W9")
PRIOR_MENDED = {"EXT-03", "FU-01"}
WARNING_DROPPED = {"M1-13"}
SAYS_ELSEWHERE = {"B12", "B30", "B34", "B34R", "B37"}  # facts_from named a document


def review(name):
    with (REVIEW / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def listed(cell):
    return tuple(cell.split(";")) if cell not in ("", "-") else ()


def plain(cell):
    """A text of the review without the names of its own files."""
    cell = re.sub(r" \(interactions\.csv\)|; M0?\d+|; mission M04", "", cell)
    cell = cell.replace("drugs.csv dose_mod_cardiac", "the drug records")
    cell = cell.replace("her2-classification.md 5 and 6", "roll-up of specimens and tumours")
    cell = cell.replace("codes in codes.md: only", "codes:")
    cell = cell.replace("interactions.csv lines", "lines of interactions.csv")
    cell = cell.replace("per drugs.csv", "per the drug record")
    return "" if cell == "-" else cell.replace("(drugs.csv)", "(drug records)")


if REVIEW.exists():

    def test_the_rules_are_those_of_the_review():
        rows = {row["rule_id"]: row for row in review("regimens.csv")}
        assert list(rows) == list(RULES)
        for name, row in rows.items():
            rule = RULES[name]
            asked = listed(row["workup"])
            told = {
                "setting": rule.setting,
                "order": str(rule.order),
                "rank": rule.rank,
                "her2_category": ";".join(rule.categories),
                "hr_status": rule.hr_status,
                "stage_condition": rule.wording.stage,
                "clinical_condition": rule.wording.clinical,
                "when_expr": str(rule.condition),
                "jurisdictions": ";".join(rule.jurisdictions).upper(),
                "regimen_code": rule.regimen,
                "regimen_name": rule.name,
                "components_schedule": rule.schedule or "-",
                "cycle_days": str(rule.cycle_days or 0),
                "verification": rule.verification,
            }
            assert told == {column: row[column] for column in told}
            for column in ("duration", "evidence"):
                assert getattr(rule, column) == plain(row[column])
            assert rule.guideline == plain(row["guideline_status"])
            assert rule.label == plain(row["label_status"])
            assert (rule.blockers or rule.grounds) == listed(row["blockers"])
            assert set(rule.workup) - set(asked) == {*filter(None, [WORKUP_ADDED.get(name)])}
            assert set(asked) <= set(rule.workup)
            assert rule.monitoring == listed(row["monitoring"])
            assert rule.wording.prior == row["prior_therapy_condition"] or name in PRIOR_MENDED
            said = [*(f"flag {flag}" for flag in rule.flags), *filter(None, [rule.warnings])]
            warned = plain(row["warnings"]).split("; ") if row["warnings"] else []
            assert (
                sorted("; ".join(said).split("; ")) == sorted([w for w in warned if w] or [""])
                or name in WARNING_DROPPED
            )

    def test_the_components_are_those_of_the_review():
        told = [
            (rule.id, str(n), str(c.phase), c.choice, c.drug, c.dose)
            for rule in RULES.values()
            for n, c in enumerate(rule.components, start=1)
        ]
        assert sorted(told) == sorted(tuple(row.values()) for row in review("components.csv"))

    def test_the_blockers_are_those_of_the_review():
        rows = {row["id"]: row for row in review("blockers.csv")}
        assert list(rows) == list(BLOCKERS)
        for name, row in rows.items():
            blocker = BLOCKERS[name]
            assert blocker.effect == row["effect"]
            assert str(blocker.condition) == row["condition"]
            assert blocker.unknown_means == row["unknown_means"]
            assert blocker.applies_to == row["applies_to"]
            assert blocker.sentence == plain(row["sentence"])
            assert blocker.facts_from == plain(row["facts_from"]) or name in SAYS_ELSEWHERE
            assert blocker.source == (plain(row["source"]) or "project rule")
            assert blocker.verification == plain(row["verification"])

    def test_the_settings_are_those_of_the_review():
        assert [
            {
                "order": str(s.order),
                "setting": s.name,
                "her2_category": "ANY" if len(s.categories) > 5 else ";".join(s.categories),
                "when_expr": str(s.condition),
                "note": s.note,
            }
            for s in THERAPY.settings
        ] == review("settings.csv")

    def test_the_interactions_are_those_of_the_review():
        assert [
            (i.drug, i.interacting, ";".join(i.members), i.action, i.sentence, i.verification)
            for i in THERAPY.interactions
        ] == [tuple(plain(cell) for cell in row.values()) for row in review("interactions.csv")]

    @pytest.mark.parametrize("name", ["workup", "monitoring"])
    def test_the_activities_are_those_of_the_review(name):
        rows = {row["id"]: row for row in review(f"{name}.csv")}
        activities = getattr(THERAPY, name)
        assert list(rows) == list(activities)
        for key, row in rows.items():
            activity = activities[key]
            assert activity.what == plain(row["what"])
            assert activity.source == plain(row["source"])
            for column in ("when", "for_drugs", "verification"):
                assert getattr(activity, column) == row[column]
            assert [c.code for c in activity.codes] == re.findall(
                r"\b(?:\d+-\d|\d{8,9})\b", row["codes"]
            )
            if name == "workup":
                assert activity.if_missing == row["if_missing"]
                numbers = set(re.findall(r"\d+", row["counts_if_within_days"]))
                assert numbers <= {str(window.days) for window in activity.windows}

    def test_the_products_are_those_of_the_review():
        told = {row["code"]: row["drug_id"] for row in review("rxnorm_map.csv")}
        assert set(told) == set(THERAPY.products)
        for code, ids in THERAPY.products.items():
            assert told[code].startswith("AMBIGUOUS") if len(ids) > 1 else told[code] == ids[0]

    def test_the_codes_of_partner_drugs_are_those_of_the_review():
        text = (REVIEW / "codes.md").read_text(encoding="utf-8")
        partners = next(line for line in text.splitlines() if line.startswith("| partners |"))
        for partner in THERAPY.partners.values():
            for code in partner.codes:
                asked = f"{partner.name} {code.code}" if code.system == "rxnorm" else code.code
                assert asked in partners


# What is refused


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped edition, to be spoilt."""
    copy = tmp_path / FOLDER.name
    shutil.copytree(FOLDER, copy)
    return copy


def refused(folder):
    """What is said of the folder, which must not be accepted."""
    known = library()
    with pytest.raises(KnowledgeError) as refusal:
        read_therapy(folder, PARTNERS, known.drugs, known.words)
    return str(refusal.value)


def test_the_shipped_copy_itself_is_accepted(folder):
    done = run("check", "--therapy", str(folder))
    assert done.exit_code == 0
    assert done.stdout == run("check").stdout


def test_her2_check_refuses_a_bad_therapy_edition(folder):
    spoil_cell(folder / "blockers.csv", "B07", "condition", "lvef < fifty")
    done = run("check", "--therapy", str(folder))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit), done.exception
    assert "blockers.csv line 9, column condition: 'fifty' is neither a number" in done.stderr


@pytest.mark.parametrize(
    ("file", "row", "column", "text", "said"),
    [
        ("regimens.csv", "NEO-02", "rule", "NEO-01", "NEO-01 stands twice"),
        ("regimens.csv", "NEO-01", "rule", "NEO-99", "has no components"),
        ("regimens.csv", "NEO-01", "setting", "MBC_9L", "MBC_9L is not known"),
        ("regimens.csv", "NEO-01", "order", "0", "'0'"),
        ("regimens.csv", "NEO-01", "order", "first", "'first'"),
        ("regimens.csv", "NEO-01", "rank", "BEST", "'BEST'"),
        ("regimens.csv", "NEO-01", "her2_category", "POSITIV", "POSITIV is not known"),
        ("regimens.csv", "NEO-01", "her2_category", "POSITIVE;POSITIVE", "twice"),
        ("regimens.csv", "NEO-01", "hr_status", "UNKNOWN", "'UNKNOWN'"),
        ("regimens.csv", "NEO-01", "when", "cT >= 2 or cM >= 1", "no fact 'cM'"),
        ("regimens.csv", "NEO-01", "when", "cT", "count, not a truth"),
        ("regimens.csv", "NEO-01", "when", "", "empty"),
        ("regimens.csv", "NEO-01", "jurisdictions", "us;uk", "uk is not known"),
        ("regimens.csv", "NEO-01", "jurisdictions", "", "empty"),
        ("regimens.csv", "NEO-01", "regimen", "", "empty"),
        ("regimens.csv", "NEO-01", "name", "", "empty"),
        ("regimens.csv", "NEO-01", "verification", "", "empty"),
        ("regimens.csv", "NEO-01", "cycle_days", "three", "'three'"),
        ("regimens.csv", "LO-08", "cycle_days", "21", "no cycles"),
        ("regimens.csv", "NEO-01", "blockers", "B01;B99", "B99 is not known"),
        ("regimens.csv", "NEO-01", "blockers", "B01;;B02", "empty or twice"),
        ("regimens.csv", "NEO-01", "workup", "W99", "W99 is not known"),
        ("regimens.csv", "NEO-01", "monitoring", "M99", "M99 is not known"),
        ("regimens.csv", "NEO-01", "flags", "NO_SUCH", "NO_SUCH is not known"),
        ("components.csv", "NEO-01", "n", "2", "does not follow"),
        ("components.csv", "NEO-01", "phase", "2", "does not follow"),
        ("components.csv", "NEO-03", "choice", "either", "'either'"),
        ("components.csv", "NEO-01", "drug", "docetaxol", "docetaxol has no drug record"),
        ("components.csv", "NEO-01", "dose", "", "empty"),
        ("components.csv", "NEO-01", "blockers", "B09D", "list it there"),
        ("components.csv", "NEO-03", "blockers", "B99", "B99 is not known"),
        ("blockers.csv", "B02", "blocker", "B01", "B01 stands twice"),
        ("blockers.csv", "B07", "effect", "stop", "'stop'"),
        ("blockers.csv", "B07", "unknown_means", "exclude", "'exclude'"),
        ("blockers.csv", "B07", "condition", "lvef < 50 or heart_failing", "'heart_failing'"),
        ("blockers.csv", "B07", "condition", "lvef < fifty", "'fifty'"),
        ("blockers.csv", "B07", "sentence", "", "empty"),
        ("blockers.csv", "B07", "source", "", "empty"),
        ("settings.csv", "3", "order", "4", "does not follow"),
        ("settings.csv", "3", "her2_category", "LOWISH", "LOWISH is not known"),
        ("settings.csv", "3", "when", "et_lines_mbc", "count, not a truth"),
        ("settings.csv", "3", "early", "maybe", "'maybe'"),
        ("interactions.csv", "neratinib", "drug", "neratinab", "neratinab is not known"),
        ("interactions.csv", "neratinib", "action", "never", "'never'"),
        ("interactions.csv", "neratinib", "members", "", "empty"),
        ("interactions.csv", "neratinib", "interacting", "H2 blocker or antacid", "twice"),
        ("workup.csv", "W3", "within_days", "28;soon", "'soon'"),
        ("workup.csv", "W3", "codes", "loinc 10230-1 LVEF", "not a system"),
        ("workup.csv", "W3", "codes", "icd 10230-1 V LVEF", "not a system"),
        ("workup.csv", "W3", "when", "", "empty"),
        ("monitoring.csv", "M2", "monitoring", "M1", "M1 stands twice"),
        ("monitoring.csv", "M2", "what", "", "empty"),
        ("rxnorm_map.csv", "224905", "drugs", "trastuzumab", "trastuzumab is not known"),
        ("rxnorm_map.csv", "1371041", "code", "1162762", "stands twice"),
        ("phrases.csv", "lvef", "fact", "lvef_percent", "'lvef_percent'"),
        ("phrases.csv", "lvef", "denied", "no LVEF", "denial"),
        ("phrases.csv", "pregnant", "denied", "", "denial"),
    ],
)
def test_a_malformed_cell_is_refused_with_file_line_and_column(
    folder, file, row, column, text, said
):
    twice = file == "interactions.csv" and said == "twice"
    line = spoil_cell(folder / file, row, column, text)
    told = refused(folder)
    assert f"{file} line {line + twice}, column {column}" in told
    assert said in told


def without(column, value):
    """A change that drops every line with this value."""

    def change(header, lines):
        lines[:] = [line for line in lines if line[header.index(column)] != value]

    return change


def cell(row, column, text):
    def change(header, lines):
        for line in lines:
            if line[0] == row:
                line[header.index(column)] = text

    return change


def replaced(column, old, new):
    def change(header, lines):
        at = header.index(column)
        for line in lines:
            line[at] = re.sub(old, new, line[at])

    return change


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("components.csv", without("rule", "NEO-01"), "NEO-01 has no components"),
        ("regimens.csv", without("rule", "NEO-01"), "there is no rule NEO-01"),
        ("components.csv", cell("M3-01E", "rule", "LO-08"), "LO-08 is a sentence"),
        ("regimens.csv", cell("M1-10", "rank", "PREFERRED"), "M1-10 has no components"),
        ("regimens.csv", replaced("blockers", r";B37\b", ""), "no rule uses B37"),
        ("regimens.csv", replaced("workup", r";W8\b", ""), "no rule uses W8"),
        ("regimens.csv", replaced("monitoring", r";M8\b", ""), "no rule uses M8"),
        ("components.csv", replaced("drug", "^tamoxifen$", "letrozole"), "no rule uses tamoxifen"),
        ("components.csv", cell("NEO-06", "drug", "docetaxel"), "twice in a phase"),
        ("components.csv", cell("RES-01", "dose", "6.4 mg/kg"), "another rule of TDXD-ADJ"),
        ("components.csv", cell("LO-03", "drug", "zanidatamab"), "not for breast cancer"),
        ("regimens.csv", cell("M3-10", "jurisdictions", "us"), "pyrotinib is not authorised in us"),
        ("regimens.csv", cell("M3-04", "jurisdictions", "eu"), "margetuximab is not authorised"),
        ("regimens.csv", cell("M2-01", "her2_category", "LOW"), "never the setting of LOW"),
        ("regimens.csv", cell("NEO-07", "regimen", "WAIT"), "nothing is said of WAIT"),
        ("regimens.csv", cell("NEO-01", "regimen", "CONTINUE"), "a regimen and a sentence"),
        ("regimens.csv", cell("LO-08", "jurisdictions", "us"), "not everywhere a rule stands"),
        ("regimens.csv", cell("LO-05", "hr_status", "NEGATIVE"), "for NEOADJUVANT and LOW"),
        ("settings.csv", cell("17", "early", "no"), "for NEOADJUVANT and LOW"),
        ("settings.csv", cell("10", "setting", "ELSEWHERE"), "LOCAL_RECURRENCE is not known"),
        ("phrases.csv", without("fact", "lvef"), "no phrase for lvef"),
        ("edition.yaml", ("NO-HER2: NO_HER2_THERAPY", "NO-HER2: NOTHING"), "plan_kinds"),
        ("edition.yaml", ("CONTINUE: REVIEW_FIRST", "GO-ON: REVIEW_FIRST"), "GO-ON"),
        ("edition.yaml", ("PCR-RULE: POST_NEOADJ_PCR", "PCR-RULE: PCR"), "PCR is not known"),
        ("edition.yaml", ("LOCAL_RECURRENCE: [LOW, ", "LOCAL_RECURRENCE: ["), "LOW"),
        ("edition.yaml", ("NEOADJUVANT: [NOT", "NEOADJUVANT: [POSITIVE, NOT"), "a rule stands"),
        ("edition.yaml", ("pyrotinib: [cn]", "pyrotinib: [us]"), "pyrotinib is confined to us"),
        ("edition.yaml", ("pyrotinib: [cn]", "pyrotinob: [cn]"), "no rule has the drug pyrotinob"),
        ("edition.yaml", ("pyrotinib: [cn]", "pyrotinib: [uk]"), "confined"),
        (
            "edition.yaml",
            ("key_agents: [trastuzumab d", "key_agents: [D"),
            "key_agents: no rule has",
        ),
        (
            "edition.yaml",
            ("conjugates: [trastuzumab d", "conjugates: [D"),
            "conjugates: no rule has",
        ),
        ("edition.yaml", ("drug: [B01", "drug: [B00"), "whatever_the_drug: no rule has B00"),
        ("edition.yaml", ("[M1-01, M1-02]", "[M1-01, M1-99]"), "M1-99 is not known"),
        ("edition.yaml", ("id: early-relapse-window", "id: first-line-rank"), "stands twice"),
        ("edition.yaml", ('"2026-05-15"', "soon"), "from"),
        ("edition.yaml", ("sources:", "origins:"), "sources"),
        ("edition.yaml", ("plan_kinds:", "plan_kinds: ["), "edition.yaml"),
    ],
)
def test_an_edition_that_is_not_whole_is_refused(folder, file, change, said):
    if isinstance(change, tuple):
        text = (folder / file).read_text(encoding="utf-8")
        assert change[0] in text
        (folder / file).write_text(text.replace(*change, 1), encoding="utf-8")
    else:
        rewrite(folder / file, change)
    assert said in refused(folder)


def test_a_choice_of_one_is_refused(folder):
    spoil_cell(folder / "components.csv", "NEO-03", "choice", "b")
    assert "NEO-03: nothing to choose from" in refused(folder)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_a_missing_file_is_refused_by_its_name(folder, name):
    (folder / name).unlink()
    assert name in refused(folder)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.csv")))
def test_an_unknown_column_is_refused(folder, name):
    rewrite(folder / name, lambda header, lines: header.__setitem__(1, "colour"))
    told = refused(folder)
    assert f"{name} line 1" in told
    assert "colour" in told


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("members", "letrozol", "letrozol is not known"),
        ("rxnorm_verified", "", "does not say how it was verified"),
        ("rxnorm_verified", "X", "does not say how it was verified"),
        ("atc", "", "does not say how it was verified"),
        ("drug", "paclitaxel", "stands twice"),
    ],
)
def test_a_partner_drug_that_is_not_whole_is_refused(tmp_path, column, text, said):
    copy = tmp_path / PARTNERS.name
    shutil.copy(PARTNERS, copy)
    spoil_cell(copy, "docetaxel", column, text)
    with pytest.raises(KnowledgeError, match=said):
        read_partners(copy)


def test_a_drug_with_a_record_is_no_partner_drug(tmp_path):
    copy = tmp_path / PARTNERS.name
    shutil.copy(PARTNERS, copy)
    spoil_cell(copy, "docetaxel", "drug", "trastuzumab")
    with pytest.raises(KnowledgeError, match="trastuzumab has a drug record"):
        read_therapy(FOLDER, copy, library().drugs, library().words)


def test_check_says_how_much_of_the_therapy_edition_was_checked():
    proof = library().therapy_proof()
    said = run("check").stdout.splitlines()[1]
    assert [int(n) for n in re.findall(r"\d+", said)] == list(proof.values())
