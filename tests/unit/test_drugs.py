import csv
import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from service.core.drug_facts import Authorisation, DrugClass, Scope
from service.core.errors import KnowledgeError
from service.knowledge.drugs import read_drugs
from tests.support.spoilt import copied, spoil

FOLDER = files("service.knowledge") / "drugs"
REVIEW = Path(__file__).parents[2].parent / "shared" / "clinical" / "drugs.csv"


@pytest.fixture(scope="module")
def drugs():
    return {drug.id: drug for drug in read_drugs(FOLDER)}


@pytest.fixture
def copy(tmp_path):
    """The records in a folder of their own, for one of them to be spoilt."""
    return copied(FOLDER, tmp_path)


def refusal(folder):
    with pytest.raises(KnowledgeError) as caught:
        read_drugs(folder)
    return str(caught.value)


def test_there_are_nineteen_records_each_named_as_its_file(drugs):
    assert len(drugs) == 19
    assert {f"{name}.yaml" for name in drugs} == {f.name for f in FOLDER.iterdir()}


def test_four_different_trastuzumabs_are_never_one_record(drugs):
    four = [drugs[i] for i in ("trastuzumab-iv", "trastuzumab-sc", "t-dm1", "t-dxd")]
    assert len({drug.inn for drug in four}) == 4
    assert len({drug.classes for drug in four}) == 2
    assert len({drug.doses for drug in four}) == 4
    for drug in four:
        apart = {other for group in drug.do_not_substitute_with for other in group.drugs}
        assert apart >= {other.id for other in four} - {drug.id}


def test_no_two_records_have_the_same_rxnorm_code(drugs):
    own = [
        code.code
        for drug in drugs.values()
        for code in drug.codes
        if code.system == "rxnorm" and code.names_the_record
    ]
    assert len(own) == len(set(own)) == 7


def test_the_breast_dose_of_t_dxd_is_not_the_gastric_one(drugs):
    doses = [dose.amount.value for dose in drugs["t-dxd"].doses]
    assert doses == [Decimal("5.4"), Decimal("4.4"), Decimal("3.2")]


def test_numbers_keep_the_digits_of_the_source(drugs):
    reduced = next(dose for dose in drugs["t-dm1"].doses if dose.kind == "reduced-1")
    assert str(reduced.amount.value) == "3.0"


def test_lvef_rules_differ_by_drug(drugs):
    rules = [
        tuple(fact.text for fact in drugs[i].dose_modifications.cardiac)
        for i in ("trastuzumab-iv", "pertuzumab", "t-dm1", "t-dxd", "lapatinib")
    ]
    assert len(set(rules)) == 5


BOXED = {
    "trastuzumab-iv": 4,
    "trastuzumab-sc": 3,
    "pertuzumab": 2,
    "phesgo": 3,
    "t-dm1": 3,
    "t-dxd": 2,
    "lapatinib": 1,
    "neratinib": 0,
    "tucatinib": 0,
    "margetuximab": 2,
    "pyrotinib": 0,
    "inetetamab": 0,
    "zanidatamab": 1,
}


@pytest.mark.parametrize(("name", "count"), BOXED.items())
def test_each_label_has_its_own_number_of_boxed_warnings(drugs, name, count):
    assert len(drugs[name].boxed_warning.warnings.items) == count


def test_a_biosimilar_has_the_boxed_warnings_of_its_reference_product(drugs):
    reference = drugs["trastuzumab-iv"].boxed_warning.warnings.items
    biosimilars = [d for d in drugs.values() if DrugClass.BIOSIMILAR in d.classes]
    assert len(biosimilars) == 6
    for drug in biosimilars:
        assert drug.biosimilar_of == "trastuzumab-iv"
        assert drug.boxed_warning.warnings.items == reference


def test_the_box_of_t_dm1_says_not_to_substitute_it(drugs):
    assert drugs["t-dm1"].boxed_warning.statement == "do not substitute for or with trastuzumab"


@pytest.mark.parametrize(
    "name", ["trastuzumab-iv", "t-dm1", "t-dxd", "neratinib", "tucatinib", "margetuximab"]
)
def test_that_the_fda_label_states_no_contraindication_is_a_fact(drugs, name):
    us = next(c for c in drugs[name].contraindications if c.jurisdiction == "us")
    assert us.statements.items == ()


@pytest.mark.parametrize("name", ["pertuzumab", "phesgo", "lapatinib"])
def test_hypersensitivity_contraindicates_where_the_fda_label_says_so(drugs, name):
    us = next(c for c in drugs[name].contraindications if c.jurisdiction == "us")
    assert "hypersensitivity" in " ".join(us.statements.items)


@pytest.mark.parametrize("name", ["pyrotinib", "inetetamab"])
def test_some_drugs_are_authorised_in_china_only(drugs, name):
    standing = {r.jurisdiction.value: r.status for r in drugs[name].regulatory}
    assert standing == {
        "us": Authorisation.NOT_AUTHORISED,
        "eu": Authorisation.NOT_AUTHORISED,
        "cn": Authorisation.AUTHORISED,
    }
    assert drugs[name].in_scope is Scope.CHINA_ONLY


def test_zanidatamab_has_no_breast_use(drugs):
    assert drugs["zanidatamab"].in_scope is Scope.NO
    assert not any(use.breast for use in drugs["zanidatamab"].indications)


def test_only_t_dxd_is_for_low_and_ultralow(drugs):
    assert drugs["t-dxd"].her2_categories == ("positive", "low", "ultralow")
    others = {c for d in drugs.values() if d.id != "t-dxd" for c in d.her2_categories}
    assert others == {"positive"}


def test_ultralow_asks_for_hr_positive_disease(drugs):
    uses = [u for u in drugs["t-dxd"].indications if "ultralow" in u.categories]
    assert uses
    assert all(use.hr_status == "positive" for use in uses)


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("t-dxd.yaml", "inn: ", "colour: red\ninn: ", "colour"),
        ("t-dxd.yaml", "amount: {value:", "amount: {size: big, value:", "doses[0].amount.size"),
        ("t-dxd.yaml", 'value: "5.4"', "value: 5.4", "doses[0].amount.value"),
        ("t-dxd.yaml", 'value: "5.4"', 'value: "5,4"', "doses[0].amount.value"),
        ("t-dxd.yaml", 'value: "5.4"', 'value: "NaN"', "doses[0].amount.value"),
        ("t-dxd.yaml", 'code: "2267582"', "code: 2267582", "codes[0].code"),
        ("t-dxd.yaml", "inn: trastuzumab deruxtecan", 'inn: " "', "inn"),
        ("t-dxd.yaml", "inn: trastuzumab deruxtecan\n", "", "inn"),
        ("t-dxd.yaml", "verified: true", "verified: yes", "verified"),
        ("t-dxd.yaml", "unit: mg/kg", "unit: mg/stone", "doses[0].amount.unit"),
        ("t-dxd.yaml", 'date: "2019-12-20"', 'date: "20 December"', "regulatory.us.events[0].date"),
        ("t-dxd.yaml", "[positive]", "[borderline]", "indications.us[0].categories[0]"),
        ("t-dxd.yaml", "doses: [maintenance, reduced-1", "doses: [nought, reduced-1", "nought"),
        ("t-dxd.yaml", "id: t-dxd", "id: t-dxd-2", "id"),
        ("t-dxd.yaml", "inn: ", "id: again\ninn: ", "written twice"),
        ("t-dxd.yaml", "drugs: [t-dm1]", "drugs: [t-dm2]", "do_not_substitute_with[1].drugs"),
        ("t-dxd.yaml", "substance: t-dxd", "substance: dxd", "ingredients[0].substance"),
        ("t-dxd.yaml", "drug: pertuzumab", "drug: pertuzumob", "related[2].drug"),
        ("t-dxd.yaml", 'in_scope: "yes"', 'in_scope: "no"', "in_scope"),
        ("t-dxd.yaml", 'in_scope: "yes"', "in_scope: china-only", "in_scope"),
        ("trastuzumab-dkst.yaml", "of: trastuzumab-iv", "of: aspirin", "biosimilar_of"),
        ("trastuzumab-dkst.yaml", "shared: true", "shared: false", "224905"),
        ("trastuzumab-sc.yaml", "type: sc-iv-pair", "type: combination-partner", "sc-iv-pair"),
        ("neratinib.yaml", "status: authorised", "status: not-authorised", "indications.us"),
        ("zanidatamab.yaml", "breast: false", "breast: true", "indications.us"),
    ],
)
def test_a_malformed_record_is_refused_with_file_and_key(copy, file, old, new, key):
    spoil(copy, file, old, new)
    said = refusal(copy)
    assert key in said
    if key not in ("sc-iv-pair", "224905"):  # those are told by the other record concerned
        assert said.startswith(file)


def test_every_fault_of_a_record_is_told_together(copy):
    spoil(copy, "t-dxd.yaml", "inn: trastuzumab deruxtecan", "inn: ''\ncolour: red")
    assert len(refusal(copy).splitlines()) == 2


def test_text_that_is_not_yaml_is_refused_with_its_line(copy):
    spoil(copy, "t-dxd.yaml", "brands:\n", "brands: [\n")
    assert re.match(r"t-dxd\.yaml: .*line \d+", refusal(copy))


def test_a_list_instead_of_a_record_is_refused(copy):
    (copy / "t-dxd.yaml").write_text("- trastuzumab\n", encoding="utf-8")
    assert refusal(copy).startswith("t-dxd.yaml: ")


def test_a_folder_without_records_is_refused(tmp_path):
    assert "no drug record" in refusal(tmp_path)


if REVIEW.exists():
    ROWS = {row["drug_id"]: row for row in csv.DictReader(REVIEW.open(encoding="utf-8"))}

    def numbers(text):
        return {n.replace(",", "") for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}

    def words(text):
        return set(re.findall(r"[a-z]{4,}", text.lower().replace("incl.", "including")))

    def test_the_records_are_the_rows_of_the_review(drugs):
        assert set(drugs) == set(ROWS)

    def test_every_setting_of_a_use_is_a_setting_of_the_review(drugs):
        with REVIEW.with_name("settings.csv").open(encoding="utf-8") as table:
            known = {row["setting"].lower().replace("_", "-") for row in csv.DictReader(table)}
        assert {s for d in drugs.values() for use in d.indications for s in use.settings} <= known

    @pytest.mark.parametrize("name", ROWS)
    def test_every_number_of_the_review_is_in_the_record(name):
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        row = {k: v for k, v in ROWS[name].items() if k != "biomarker_required"}
        for column, said in row.items():
            for number in re.findall(r"\d+(?:\.\d+)?", said.replace(",", "")):
                assert number in numbers(text), f"{column}: {number}"

    @pytest.mark.parametrize("name", ROWS)
    def test_the_doses_of_the_review_are_the_doses_of_the_record(drugs, name):
        said = " ".join(d.text for d in drugs[name].doses)
        row = ROWS[name]
        assert numbers(row["dose_load"]) | numbers(row["dose_maintenance"]) <= numbers(said)

    @pytest.mark.parametrize("name", ROWS)
    def test_the_boxed_warning_of_the_review_is_that_of_the_record(drugs, name):
        box = drugs[name].boxed_warning
        said = [*box.warnings.items, *([box.statement] if box.statement else [])]
        row = ROWS[name]["boxed_warning"]
        assert said == ([] if row.startswith("none") else row.split("; "))

    @pytest.mark.parametrize("name", ROWS)
    def test_the_atc_and_rxnorm_codes_of_the_review_are_in_the_record(drugs, name):
        row = ROWS[name]
        verified = {c.system: c.code for c in drugs[name].codes if c.verified and not c.legacy}
        assert verified.get("atc", "") == row["atc"]
        assert verified.get("rxnorm", "") == row["rxnorm_cui"]
        assert verified.get("snomed", "") == row["snomed_substance"].split(" ")[0]

    @pytest.mark.parametrize("name", ROWS)
    def test_the_approvals_of_the_review_are_in_the_record(drugs, name):
        row = ROWS[name]
        for column, standing in zip(
            ("reg_fda", "reg_ema", "reg_nmpa"), drugs[name].regulatory, strict=True
        ):
            dates = re.findall(r"\d{4}-\d\d(?:-\d\d)?", row[column])
            assert set(dates) <= {event.date for event in standing.events}
            if dates:
                assert standing.status is Authorisation.AUTHORISED
            if row[column] == "none":
                assert standing.status is Authorisation.NOT_AUTHORISED

    @pytest.mark.parametrize("name", ROWS)
    def test_the_words_of_each_safety_column_are_in_the_record(name):
        text = words((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        for column in (
            "warnings",
            "contraindications",
            "do_not_substitute_with",
            "monitoring",
            "dose_mod_cardiac",
            "pregnancy_lactation",
            "contraception_female",
            "contraception_male",
            "interactions",
        ):
            assert words(ROWS[name][column]) <= text, column
