from decimal import Decimal
from importlib.resources import files
from uuid import UUID
from xml.etree import ElementTree

import pytest
from fhir.resources.R4B.medicationknowledge import MedicationKnowledge

from service.core.drug_facts import UNVERIFIED, VERIFY
from service.fhir.drug_extensions import EXTENSIONS
from service.fhir.drug_parts import SYSTEMS
from service.fhir.identity import derived_id
from service.fhir.json import decode, encode
from service.fhir.r4.medication_knowledge import medication_knowledge
from service.knowledge.drugs import read_drugs

BASE = "https://her2.example/fhir"
DRUGS = read_drugs(files("service.knowledge") / "drugs")
RECORDS = {drug.id: medication_knowledge(drug, DRUGS, BASE) for drug in DRUGS}
ADCS = ("t-dm1", "t-dxd")

every_record = pytest.mark.parametrize("name", RECORDS)


def told(name, extension):
    """Every value of one of our extensions at the root of a record."""
    kind, _ = EXTENSIONS[extension]
    url = f"{BASE}/StructureDefinition/{extension}"
    return [e[kind] for e in RECORDS[name]["extension"] if e["url"] == url]


def codes(name, system):
    codings = RECORDS[name]["code"].get("coding", [])
    return [c["code"] for c in codings if c["system"] == SYSTEMS[system]]


def guidelines(name, jurisdiction):
    return [
        g
        for g in RECORDS[name]["administrationGuidelines"]
        if g["extension"][0]["valueCode"] == jurisdiction
    ]


def characteristic(guideline, code):
    for said in guideline.get("patientCharacteristics", []):
        coding = said["characteristicCodeableConcept"].get("coding", [{}])[0]
        if coding.get("code") == code:
            return said["value"]
    return []


def categories(name, jurisdiction):
    return {c for g in guidelines(name, jurisdiction) for c in characteristic(g, "her2-category")}


def indications(name, jurisdiction):
    return " | ".join(
        g["indicationCodeableConcept"]["text"] for g in guidelines(name, jurisdiction)
    )


def settings(name, jurisdiction):
    return {
        value
        for g in guidelines(name, jurisdiction)
        for said in g.get("patientCharacteristics", [])
        if "setting" in said["characteristicCodeableConcept"].get("text", "")
        for value in said["value"]
    }


def doses(name, kind):
    return {
        (str(amount["doseQuantity"]["value"]), amount["doseQuantity"]["code"])
        for g in RECORDS[name]["administrationGuidelines"]
        for d in g.get("dosage", [])
        if d["type"]["text"] == kind
        for amount in d["dosage"][0].get("doseAndRate", [])
    }


def authorities(name):
    return {r["regulatoryAuthority"]["display"] for r in RECORDS[name]["regulatory"]}


def related(name, kind):
    return {
        reference["reference"]
        for r in RECORDS[name].get("relatedMedicationKnowledge", [])
        if r["type"]["text"] == kind
        for reference in r["reference"]
    }


def address(name):
    return f"MedicationKnowledge/{RECORDS[name]['id']}"


def target(name):
    return next(
        c["classification"][0]["text"]
        for c in RECORDS[name]["medicineClassification"]
        if c["type"]["text"] == "target"
    )


def values(said):
    if isinstance(said, dict):
        for value in said.values():
            yield from values(value)
    elif isinstance(said, list):
        for value in said:
            yield from values(value)
    else:
        yield said


# What holds for every record


@every_record
def test_every_record_is_a_medication_knowledge(name):
    MedicationKnowledge.model_validate(RECORDS[name])


@every_record
def test_every_number_is_a_decimal_and_leaves_with_its_digits(name):
    record = RECORDS[name]
    assert not any(isinstance(value, float) for value in values(record))
    assert decode(encode(record)) == record
    for guideline in record["administrationGuidelines"]:
        for dosage in guideline.get("dosage", []):
            for amount in dosage["dosage"][0].get("doseAndRate", []):
                assert isinstance(amount["doseQuantity"]["value"], Decimal)


def test_a_dose_keeps_its_trailing_nought():
    assert ("3.0", "mg/kg") in doses("t-dm1", "reduced-1")
    assert b'"value":3.0,' in encode(RECORDS["t-dm1"])


@every_record
def test_every_record_has_the_same_id_for_ever(name):
    assert RECORDS[name]["id"] == derived_id(f"MedicationKnowledge/{name}")
    assert UUID(RECORDS[name]["id"]).version == 5


def test_an_id_that_was_given_out_does_not_change():
    assert RECORDS["t-dxd"]["id"] == "07f82960-2dd0-5a11-b2d5-a3e0b3e350bd"


@every_record
def test_every_record_says_to_verify_against_the_current_label(name):
    assert told(name, "label-note") == [VERIFY]
    assert VERIFY in RECORDS[name]["text"]["div"]
    assert VERIFY in RECORDS[name]["preparationInstruction"]


@every_record
def test_every_narrative_is_well_formed_xhtml(name):
    div = ElementTree.fromstring(RECORDS[name]["text"]["div"])
    assert div.tag == "{http://www.w3.org/1999/xhtml}div"


@every_record
def test_every_extension_of_ours_is_listed(name):
    ours = {f"{BASE}/StructureDefinition/{extension}" for extension in EXTENSIONS}

    def urls(said):
        if isinstance(said, dict):
            yield from (e["url"] for e in said.get("extension", []))
            for value in said.values():
                yield from urls(value)
        elif isinstance(said, list):
            for value in said:
                yield from urls(value)

    assert set(urls(RECORDS[name])) <= ours


def test_every_extension_that_is_listed_is_used():
    used = {e["url"].rpartition("/")[2] for r in RECORDS.values() for e in r["extension"]}
    assert used | {"jurisdiction"} == set(EXTENSIONS)


@every_record
def test_every_reference_leads_to_a_record_or_into_this_one(name):
    known = {address(other) for other in RECORDS}
    contained = {f"#{issue['id']}" for issue in RECORDS[name].get("contained", [])}
    for kind in RECORDS[name].get("relatedMedicationKnowledge", []):
        assert {r["reference"] for r in kind["reference"]} <= known - {address(name)}
    assert {r["reference"] for r in RECORDS[name].get("contraindication", [])} == contained


@every_record
def test_no_unverified_code_is_emitted(name):
    drug = next(d for d in DRUGS if d.id == name)
    emitted = {c["code"] for c in RECORDS[name]["code"].get("coding", [])}
    assert emitted == {c.code for c in drug.codes if c.names_the_record}
    withheld = {c.code for c in drug.codes if not c.verified or c.legacy}
    assert not withheld & {value for value in values(RECORDS[name]) if isinstance(value, str)}


@every_record
def test_an_unverified_statement_says_that_it_is_not_verified(name):
    drug = next(d for d in DRUGS if d.id == name)
    texts = {d.text: d.verified for d in drug.doses}
    for guideline in RECORDS[name]["administrationGuidelines"]:
        for dosage in guideline.get("dosage", []):
            said = dosage["dosage"][0]["text"]
            assert texts[said.removesuffix(f" ({UNVERIFIED})")] == (UNVERIFIED not in said)


@every_record
def test_unverified_background_is_left_out(name):
    drug = next(d for d in DRUGS if d.id == name)
    said = encode(RECORDS[name]).decode()
    for fact in (*drug.evidence, *([drug.mechanism] if drug.mechanism else [])):
        if not fact.verified:
            assert fact.text not in said


@every_record
def test_a_box_is_an_extension_and_never_a_contraindication(name):
    drug = next(d for d in DRUGS if d.id == name)
    assert len(told(name, "boxed-warning")) == (1 if drug.boxed_warning.warnings.items else 0)
    details = {issue["detail"] for issue in RECORDS[name].get("contained", [])}
    assert not details & set(drug.boxed_warning.warnings.items)


# Codes


def test_ingredient_codes_of_rxnorm_name_one_record_each():
    assert codes("trastuzumab-iv", "rxnorm") == ["224905"]
    assert codes("t-dm1", "rxnorm") == ["1371041"]
    assert codes("t-dxd", "rxnorm") == ["2267582"]
    assert [name for name in RECORDS if "224905" in codes(name, "rxnorm")] == ["trastuzumab-iv"]


def test_the_antibody_without_a_payload_is_no_ingredient_of_a_conjugate():
    for name in ADCS:
        (ingredient,) = RECORDS[name]["ingredient"]
        found = [c["code"] for c in ingredient["itemCodeableConcept"]["coding"]]
        assert "224905" not in found


def test_the_new_atc_code_is_emitted_and_the_old_one_is_not():
    assert codes("trastuzumab-iv", "atc") == ["L01FD01"]
    assert codes("phesgo", "atc") == ["L01FY01"]
    assert not [n for n, r in RECORDS.items() if b"L01X" in encode(r)]


def test_margetuximab_has_no_rxnorm_code():
    assert codes("margetuximab", "rxnorm") == []
    assert codes("margetuximab", "atc") == ["L01FD06"]


@pytest.mark.parametrize("name", ["pyrotinib", "inetetamab"])
def test_a_drug_without_any_code_still_has_its_name(name):
    assert RECORDS[name]["code"] == {"text": name}
    assert "ATC" not in {c["type"]["text"] for c in RECORDS[name]["medicineClassification"]}


def test_suffixed_names_are_synonyms_and_the_inn_is_the_name():
    assert RECORDS["t-dxd"]["code"]["text"] == "trastuzumab deruxtecan"
    assert RECORDS["t-dxd"]["synonym"] == ["fam-trastuzumab deruxtecan-nxki", "Enhertu", "T-DXd"]
    assert RECORDS["trastuzumab-dkst"]["synonym"] == ["trastuzumab-dkst", "Ogivri"]


# Relations


def test_a_biosimilar_refers_to_its_reference_product():
    assert related("trastuzumab-anns", "biosimilar-of") == {address("trastuzumab-iv")}


def test_the_trastuzumabs_must_not_be_substituted_for_each_other():
    assert related("t-dm1", "do-not-substitute") >= {address("trastuzumab-iv"), address("t-dxd")}
    assert address("t-dm1") in related("trastuzumab-iv", "do-not-substitute")


@pytest.mark.parametrize("name", ADCS)
def test_a_conjugate_is_not_substituted_generically(name):
    for said in RECORDS[name]["regulatory"]:
        assert said["substitution"] == [{"type": {"text": "generic"}, "allowed": False}]


def test_a_conjugate_says_what_it_carries():
    said = {c["type"]["text"]: c.get("valueString") for c in RECORDS["t-dxd"]["drugCharacteristic"]}
    assert said["drug-antibody ratio"] == "about 8"
    assert "topoisomerase" in said["payload"]


# Contraindications


@pytest.mark.parametrize("name", ["trastuzumab-iv", "t-dm1", "t-dxd", "neratinib", "tucatinib"])
def test_no_contraindication_is_made_of_an_fda_label_that_states_none(name):
    issues = RECORDS[name].get("contained", [])
    assert not [i for i in issues if "US" in i["code"]["text"]]
    assert "US label: none" in RECORDS[name]["text"]["div"]


def test_a_label_contraindication_names_its_jurisdictions():
    (issue,) = RECORDS["pertuzumab"]["contained"]
    assert issue["resourceType"] == "DetectedIssue"
    assert issue["code"]["text"] == "contraindication (US, EU)"
    assert issue["detail"].startswith("Known hypersensitivity to pertuzumab")


def test_a_history_of_ild_is_no_contraindication_of_t_dxd():
    details = " ".join(issue["detail"] for issue in RECORDS["t-dxd"]["contained"])
    assert "ILD" not in details
    assert "nterstitial" not in details


# The statements of the mission


def test_m05_trastuzumab_is_for_early_disease_and_its_heart_is_watched():
    assert "adjuvant-upfront" in settings("trastuzumab-iv", "us")
    assert "Cardiomyopathy" in told("trastuzumab-iv", "boxed-warning")[0]
    names = [m["name"] for m in RECORDS["trastuzumab-iv"]["monitoringProgram"]]
    assert any(name.startswith("LVEF") for name in names)
    assert doses("trastuzumab-iv", "loading") == {("8", "mg/kg"), ("4", "mg/kg")}


def test_m06_lapatinib_goes_with_capecitabine_in_advanced_disease():
    assert "With capecitabine" in indications("lapatinib", "us")
    assert "hepatotoxicity" in told("lapatinib", "boxed-warning")[0].lower()


def test_m07_pertuzumab_binds_another_part_of_her2_and_is_for_the_first_line():
    assert "domain II" in target("pertuzumab")
    assert target("trastuzumab-iv").endswith("domain IV")
    assert "mbc-1l" in settings("pertuzumab", "us")


def test_m08_neratinib_is_extended_adjuvant_and_in_the_eu_only_if_hr_positive():
    assert "extended-adjuvant" in settings("neratinib", "us")
    (eu,) = guidelines("neratinib", "eu")
    assert characteristic(eu, "hr-status") == ["positive"]


def test_m09_t_dm1_is_for_residual_and_for_metastatic_disease():
    assert {"post-neoadj-residual", "mbc-2l"} <= settings("t-dm1", "us")


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_m10_t_dxd_is_for_positive_low_and_ultralow(jurisdiction):
    assert categories("t-dxd", jurisdiction) == {"positive", "low", "ultralow"}


def test_m11_tucatinib_goes_with_trastuzumab_and_capecitabine_brain_metastases_included():
    said = indications("tucatinib", "us")
    assert "With trastuzumab + capecitabine" in said
    assert "brain metastases" in said
    assert ">=1 prior anti-HER2 regimen" in said
    assert ">=2 prior anti-HER2 regimens" in indications("tucatinib", "eu")


def test_m12_margetuximab_goes_with_chemotherapy_after_two_regimens():
    said = indications("margetuximab", "us")
    assert "With chemotherapy" in said
    assert ">=2 prior anti-HER2 regimens, >=1 for metastatic disease" in said
    assert authorities("margetuximab") == {"FDA", "NMPA"}


@pytest.mark.parametrize("name", ["pyrotinib", "inetetamab"])
def test_m13_a_chinese_drug_is_not_said_to_be_authorised_elsewhere(name):
    assert authorities(name) == {"NMPA"}
    assert "China (NMPA) only" in told(name, "breast-cancer-use")[0]
    assert any(s.startswith("US (FDA): not authorised") for s in told(name, "jurisdiction-status"))
    assert told(name, "boxed-warning") == []
    assert "no US label" in RECORDS[name]["text"]["div"]


def test_m14_low_comes_after_chemotherapy_and_ultralow_after_endocrine_therapy():
    for guideline in guidelines("t-dxd", "us"):
        found = characteristic(guideline, "her2-category")
        if "ultralow" in found:
            assert characteristic(guideline, "hr-status") == ["positive"]
            assert "endocrine therapy" in guideline["indicationCodeableConcept"]["text"]
        elif "low" in found:
            assert "after chemotherapy" in guideline["indicationCodeableConcept"]["text"]


def test_m15_side_effects_are_those_of_the_drug():
    assert "Cardiac failure" in told("trastuzumab-iv", "warning")[0]
    assert "Nausea" in told("t-dxd", "warning")[0]
    assert "Diarrhoea" in told("neratinib", "warning")[0]
    assert "skin" in told("lapatinib", "warning")[0]
    assert "ILD" not in told("trastuzumab-iv", "warning")[0]


def test_m20_t_dxd_warns_of_the_lung_and_asks_for_a_baseline_and_imaging():
    (box,) = told("t-dxd", "boxed-warning")
    assert box == "Interstitial lung disease/pneumonitis; embryo-fetal toxicity"
    watched = " ".join(
        m["name"] for m in RECORDS["t-dxd"]["monitoringProgram"] if m["type"]["text"] == "pulmonary"
    )
    assert "Baseline chest CT" in watched
    assert "symptom check each visit" in watched
    assert "CT every 6-12 weeks" in watched


def test_m21_tucatinib_warns_of_bowel_and_liver_and_has_no_box():
    said = told("tucatinib", "warning")[0]
    assert "Diarrhoea" in said
    assert "Hepatotoxicity" in said
    assert told("tucatinib", "boxed-warning") == []
    kinds = {m["type"]["text"] for m in RECORDS["tucatinib"]["monitoringProgram"]}
    assert {"hepatic", "gastrointestinal"} <= kinds


# Single records


def test_zanidatamab_says_that_it_has_no_breast_use():
    record = RECORDS["zanidatamab"]
    assert record["status"] == "active"
    assert "No breast cancer indication" in told("zanidatamab", "breast-cancer-use")[0]
    assert "No breast cancer indication" in record["text"]["div"]
    for guideline in record["administrationGuidelines"]:
        assert "coding" not in guideline["indicationCodeableConcept"]
        assert "patientCharacteristics" not in guideline


def test_another_tumour_has_no_breast_code_and_no_breast_dose():
    for guideline in guidelines("trastuzumab-iv", "us"):
        if "gastric" in guideline["indicationCodeableConcept"]["text"]:
            assert "coding" not in guideline["indicationCodeableConcept"]
            assert "dosage" not in guideline


def test_a_dose_goes_with_its_partner():
    by_partner = {
        g["indicationCodeableConcept"]["text"].split(":")[1].strip(): g["dosage"][0]["dosage"][0]
        for g in guidelines("lapatinib", "us")
    }
    found = {k: str(v["doseAndRate"][0]["doseQuantity"]["value"]) for k, v in by_partner.items()}
    assert found == {"With capecitabine": "1250", "With letrozole": "1500"}


def test_a_half_life_is_a_duration_where_it_is_one_number():
    period = RECORDS["t-dxd"]["kinetics"][0]["halfLifePeriod"]
    assert (period["value"], period["code"]) == (Decimal("5.7"), "d")
    assert period["extension"][0]["valueMarkdown"] == UNVERIFIED
    assert "extension" not in RECORDS["lapatinib"]["kinetics"][0]["halfLifePeriod"]
    for name in ("neratinib", "phesgo", "tucatinib"):
        assert "kinetics" not in RECORDS[name]


def test_three_substances_in_one_syringe_have_no_single_dose_quantity():
    assert doses("phesgo", "loading") == set()
    texts = {d["dosage"][0]["text"] for d in guidelines("phesgo", "us")[0]["dosage"]}
    assert any("1200 mg/600 mg/30,000 U" in text for text in texts)


def test_loperamide_is_mandatory_with_neratinib_unless_the_dose_is_escalated():
    assert "mandatory loperamide" in RECORDS["neratinib"]["preparationInstruction"]
    assert "Loperamide 4 mg" in told("neratinib", "diarrhoea-prophylaxis")[0]
    assert doses("neratinib", "escalation") == {("120", "mg"), ("160", "mg"), ("240", "mg")}


def test_the_canonical_base_is_a_setting():
    record = medication_knowledge(DRUGS[0], DRUGS, "https://hospital.example/fhir")
    assert b"her2.example" not in encode(record)
