"""What a record says of stage, spread, surgery, size, brain and receptors."""

import random
from decimal import Decimal

import pytest
from hypothesis import given as supposing
from hypothesis import settings
from hypothesis import strategies as st

from service.core.facts import FactKind, Stretch
from service.fhir.facts.receptors_status import hormone_receptors
from service.fhir.facts.tnm import categories, stage_group
from service.fhir.facts.tumour import open_tumour_facts, tumour_facts
from tests.support.cases import library
from tests.support.evidence import LOINC, NEGATIVE, POSITIVE, answer_of, concept
from tests.support.records import (
    diagnosed,
    given,
    observed,
    operated,
    record,
    staged,
    status,
    taken,
)

CT, CN, CM, PT, PN, STAGE = "21905-5", "21906-3", "21907-1", "21899-0", "21900-6", "21908-9"
BREAST, DCIS, BRAIN = "254837009", "109889007", "94225005"
BONE = {"text": "Secondary malignant neoplasm of bone"}


def facts(*resources, **more):
    return {f.name: f.value for f in tumour_facts(record(*resources, **more))}


def fact(name, *resources, **more):
    return facts(*resources, **more).get(name)


def open_facts(*resources):
    return {f.name for f in open_tumour_facts(record(*resources))}


def test_an_empty_record_states_nothing():
    assert facts() == {}


# T, N, M


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ypT1a", ["ypT1a"]),
        ("pN1mi", ["pN1mi"]),
        ("pN1(mi)", ["pN1mi"]),
        ("cT4d", ["cT4d"]),
        ("T1mic", ["T1mi"]),
        ("pN0(i+)(sn)", ["pN0(i+)"]),
        ("pN0 (i-)", ["pN0"]),
        ("pTis (DCIS)", ["pTis"]),
        ("cTX", ["cTX"]),
        ("pT2 pN1a M0", ["pT2", "pN1a", "M0"]),
        ("American Joint Committee on Cancer cT3 (qualifier value)", ["cT3"]),
        ("T1 category (finding)", ["T1"]),
        ("the tumour was at 12 mm", []),
        ("N4", []),
        ("BRCA1 NM1", []),
    ],
)
def test_tnm_spellings(text, said):
    assert [str(c) for c in categories(text)] == said


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("IIA", 2),
        ("Stage 3A (qualifier value)", 3),
        ("c3A", 3),
        ("pStage IV", 4),
        ("4", 4),
        ("Stage 0", 0),
        ("AJCC stage IB", 1),
        ("ypStage II", None),
        ("not staged", None),
        ("Stage IV excluded", None),
    ],
)
def test_stage_group_spellings(text, group):
    assert stage_group(text) == group


@pytest.mark.parametrize(
    ("code", "text", "name", "value"),
    [
        (CT, "cT4d", "cT", 4),
        (CT, "T1 category (finding)", "cT", 1),
        (CT, "2", "cT", 2),
        (CT, "cTis", "cT", 0),
        (CN, "N1", "cN", 1),
        (PN, "pN1mi", "pN", 1),
        (PN, "pN0(i+)", "pN", 0),
        (PN, "ypN1", "ypN", 1),
    ],
)
def test_categories_are_integers(code, text, name, value):
    assert fact(name, staged(code, text)) == value


@pytest.mark.parametrize("text", ["cTX", "TX", "unknown"])
def test_an_x_category_says_nothing(text):
    assert fact("cT", staged(CT, text)) is None


def test_a_y_prefix_is_no_category_at_diagnosis():
    assert fact("cT", staged(CT, "ycT1")) is None
    assert fact("pN", staged(PN, "ypN1")) is None


def test_the_newest_category_before_therapy_is_the_one_at_diagnosis():
    early, later = staged(CT, "cT2", "2026-01-10"), staged(CT, "cT3", "2026-01-20")
    after = staged(CT, "cT1", "2026-06-10")
    assert fact("cT", early, later, after, given("docetaxel", "2026-02-01")) == 3


def test_two_categories_of_one_day_say_nothing():
    assert fact("cT", staged(CT, "cT2"), staged(CT, "cT3")) is None


def test_pathological_nodes_after_neoadjuvant_therapy_without_y_are_not_taken():
    therapy = given("docetaxel", "2026-01-20")
    assert fact("pN", staged(PN, "pN1", "2026-06-02"), therapy, operated()) is None
    assert fact("pN", staged(PN, "pN1", "2026-06-02"), operated()) == 1


@pytest.mark.parametrize("said", ["entered-in-error", "cancelled", "preliminary", "registered"])
def test_a_result_that_does_not_stand_does_not_count(said):
    assert fact("cT", staged(CT, "cT2", status=said)) is None


def test_a_result_after_the_day_does_not_count():
    assert fact("cT", staged(CT, "cT2", "2026-12-24")) is None


def test_a_condition_says_its_stage():
    stage = {"type": {"text": "Pathologic staging"}, "summary": {"text": "pT2 pN1mi"}}
    said = facts(diagnosed(BREAST, stage=[stage]))
    assert (said["pN"], said["pN1mi"], said["pT4"]) == (1, True, False)
    fourth = [{"summary": {"text": "Stage IV"}}]
    assert fact("metastatic", diagnosed(BREAST, stage=fourth)) is True


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ([staged(STAGE, "IIIA")], True),
        ([staged(CT, "cT2")], True),
        ([staged(CT, "cT1"), staged(CN, "cN1")], True),
        ([staged(PN, "pN1mi")], True),
        ([staged(STAGE, "IA"), staged(CN, "cN0")], False),
        ([staged(CT, "cT1"), staged(CN, "cN0")], False),
        ([staged(STAGE, "IA")], None),
        ([staged(CN, "cN0")], None),
    ],
)
def test_high_risk_is_stage_ii_iii_or_positive_nodes(stated, value):
    assert fact("high_risk_stage", *stated) is value


def test_clinically_positive_nodes_before_therapy():
    assert fact("start_node_positive", staged(CN, "cN1")) is True
    assert fact("start_node_positive", staged(CN, "cN0")) is False
    assert fact("start_node_positive", staged(PN, "pN1")) is None


# Size (P101-P106)


def size(number, unit="cm", when="2026-06-03", **more):
    part = {"code": concept(LOINC, "33728-7"), "valueQuantity": {"value": number, "unit": unit}}
    return observed(concept(LOINC, "21889-1"), {"component": [part]}, when, **more)


@pytest.mark.parametrize(("number", "unit"), [(Decimal("1.5"), "cm"), (15, "mm")])
def test_a_surgical_size_is_in_centimetres(number, unit):
    assert fact("pT_cm", size(number, unit), operated()) == Decimal("1.5")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("pT1mi", "0", "0.1"),
        ("pT1a", "0.1", "0.5"),
        ("pT1b", "0.5", "1.0"),
        ("pT1c", "1.0", "2.0"),
        ("pT1", "0", "2.0"),
        ("pT2", "2.0", "5.0"),
        ("pT3", "5.0", "30"),
    ],
)
def test_a_category_alone_is_a_stretch_of_sizes(text, low, high):
    assert fact("pT_cm", staged(PT, text)) == Stretch(Decimal(low), Decimal(high))


def test_t4_gives_no_size_and_a_measured_size_stays():
    assert fact("pT_cm", staged(PT, "pT4b")) is None
    said = facts(staged(PT, "pT4b"), size(Decimal("1.5")), operated())
    assert (said["pT_cm"], said["pT4"], said["pT1mic"]) == (Decimal("1.5"), True, False)


def test_sizes_that_are_not_of_upfront_surgery_are_not_taken():
    assert fact("pT_cm", size(2, when="2026-01-02"), operated()) is None
    assert fact("pT_cm", size(2)) is None
    assert fact("pT_cm", size(2), operated(), given("docetaxel", "2026-01-20")) is None
    assert fact("pT_cm", size(2, method={"text": "Ultrasound"}), operated()) is None
    assert fact("pT_cm", size(2, unit="in"), operated()) is None
    assert fact("pT_cm", staged(PT, "ypT2")) is None


def test_micro_invasion_and_micrometastasis():
    assert fact("pT1mic", staged(PT, "pT1mi")) is True
    assert fact("pT1mic", staged(PT, "pT1a")) is False
    assert fact("pN1mi", staged(PN, "pN1(mi)")) is True
    assert fact("pN1mi", staged(PN, "pN0")) is False


def test_a_size_rules_out_t4_unless_t4_was_seen_before():
    assert fact("pT4", size(3), operated()) is False
    assert fact("pT4", size(3), operated(), staged(CT, "cT4b")) is None


# After neoadjuvant therapy


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (["ypT0", "ypN0"], False),
        (["ypTis", "ypN0"], False),
        (["ypT1mi", "ypN0"], True),
        (["ypT0", "ypN0(i+)"], True),
        (["ypT0", "ypN1mi"], True),
        (["ypT2"], True),
        (["ypT0"], None),
        (["ypN0"], None),
        (["pT2"], None),
    ],
)
def test_residual_tumour_in_breast_or_nodes(stated, value):
    by_axis = {"T": PT, "N": PN}
    results = [staged(by_axis[text.strip("yp")[0]], text) for text in stated]
    assert fact("ypInvasive", *results) is value


def test_residual_cancer_burden_above_0_is_residual():
    def burden(text):
        return observed({"text": "Residual cancer burden"}, {"valueString": text}, "2026-06-10")

    assert fact("ypInvasive", burden("RCB-II")) is True
    assert fact("ypInvasive", burden("RCB-0")) is False
    assert fact("ypInvasive", burden("pending")) is None
    conflict = [burden("RCB-0"), staged(PT, "ypT1")]
    assert fact("ypInvasive", *conflict) is None
    assert "ypInvasive" in open_facts(*conflict)


# Where the disease is


def test_invasive_and_in_situ():
    assert fact("invasive", diagnosed(BREAST)) is True
    assert fact("in_situ_only", diagnosed(BREAST), diagnosed(DCIS)) is False
    assert fact("in_situ_only", diagnosed(DCIS)) is True
    assert fact("invasive", diagnosed(DCIS)) is False
    suspected = {"verificationStatus": concept("x", "provisional")}
    assert fact("invasive", diagnosed(BREAST, **suspected)) is None
    assert fact("in_situ_only", diagnosed(DCIS), diagnosed(BREAST, **suspected)) is None


def test_an_invasive_specimen_is_not_in_situ_only():
    sample = {
        "resourceType": "Specimen",
        "id": "s",
        "subject": {"reference": "Patient/anna"},
        "type": {"text": "Core biopsy, invasive carcinoma"},
    }
    assert fact("in_situ_only", diagnosed(DCIS), sample) is False


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ([staged(CM, "M0")], False),
        ([staged(CM, "cM1")], True),
        ([staged(CM, "pMX")], None),
        ([staged(STAGE, "IIB")], False),
        ([staged(STAGE, "IV")], True),
        ([diagnosed(BONE)], True),
        ([diagnosed({"text": "Secondary malignant neoplasm of axillary lymph nodes"})], None),
        ([diagnosed({"text": "Metastatic breast cancer"})], True),
        ([diagnosed({"text": "Non-metastatic breast cancer"})], None),
        ([staged(CM, "M0", "2020-01-01"), diagnosed(BONE, "2026-01-01")], True),
        ([diagnosed(BONE, "2027-01-01")], None),
        ([diagnosed(BREAST)], None),
    ],
)
def test_metastatic(stated, value):
    assert fact("metastatic", *stated) is value


def test_a_regional_node_by_icd_is_not_metastatic():
    axilla = concept("http://hl7.org/fhir/sid/icd-10-cm", "C77.3")
    assert fact("metastatic", diagnosed(axilla)) is None


RECURRENCE = {
    "clinicalStatus": concept(
        "http://terminology.hl7.org/CodeSystem/condition-clinical", "recurrence"
    )
}


def test_a_local_recurrence_is_one_without_metastasis():
    assert fact("local_recurrence", diagnosed(BREAST, **RECURRENCE)) is True
    assert fact("local_recurrence", diagnosed(BREAST)) is None
    assert fact("local_recurrence", diagnosed(BREAST, **RECURRENCE), diagnosed(BONE)) is None
    assert fact("local_recurrence", diagnosed({"text": "Breast cancer, no recurrence"})) is None


def mri(when="2026-10-01", conclusion="No metastasis."):
    return {
        "resourceType": "DiagnosticReport",
        "id": "mri",
        "status": "final",
        "code": {"text": "MRI of brain with contrast"},
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": when,
        "conclusion": conclusion,
    }


def test_active_brain_metastases():
    assert fact("active_brain_mets", diagnosed(BRAIN)) is True
    resolved = {"clinicalStatus": concept("x", "inactive")}
    assert fact("active_brain_mets", diagnosed(BRAIN, **resolved)) is False
    assert fact("active_brain_mets", diagnosed(BRAIN, note=[{"text": "Treated, stable"}])) is False
    assert fact("active_brain_mets", diagnosed(BRAIN, note=[{"text": "untreated"}])) is True
    assert fact("active_brain_mets", diagnosed(BRAIN), mri()) is True
    assert fact("active_brain_mets", mri()) is False
    assert fact("active_brain_mets", mri("2026-08-01")) is None
    assert fact("active_brain_mets", mri(conclusion="New metastasis left frontal")) is None
    assert fact("active_brain_mets") is None


# Surgery


@pytest.mark.parametrize(
    "text",
    [
        "Mastectomy",
        "Lumpectomy of breast (procedure)",
        "Excision of breast tissue (procedure)",
        "Modified radical mastectomy with axillary lymph node dissection",
        "Breast-conserving surgery",
    ],
)
def test_definitive_surgery(text):
    said = facts(operated(text, "2026-05-22"))
    assert (said["surgery_done"], said["months_since_surgery"]) == (True, Decimal("6.00"))


@pytest.mark.parametrize(
    "text",
    [
        "Biopsy of breast",
        "Excisional biopsy of breast",
        "Sentinel lymph node biopsy",
        "Excision of axillary lymph node",
        "Prophylactic mastectomy",
        "Breast reconstruction",
        "Excision of gallbladder",
    ],
)
def test_a_biopsy_or_other_operation_is_no_definitive_surgery(text):
    assert fact("surgery_done", operated(text)) is None


def test_surgery_that_was_not_done_or_not_yet():
    assert fact("surgery_done", operated(status="not-done")) is None
    assert fact("surgery_done", operated(when="2026-12-24")) is None
    assert fact("surgery_done", operated(when=None)) is True
    assert fact("months_since_surgery", operated(when=None)) is None
    assert fact("months_since_surgery", operated(when="2026-06")) is None


def test_the_first_of_several_operations_counts_unless_years_are_between():
    first = operated("Lumpectomy", "2026-05-22")
    assert fact("months_since_surgery", first, operated(when="2026-07-01")) == 6
    assert fact("months_since_surgery", first, operated(when="2019-07-01")) is None


# Hormone receptors


def er(value, when="2026-01-10", code="85337-4", **more):
    return observed(concept(LOINC, code), value, when, **more)


def pr(value, when="2026-01-10", **more):
    return er(value, when, "85339-0", **more)


def percent(number, **more):
    return {"valueQuantity": {"value": number, "unit": "%", **more}}


POS, NEG = answer_of(POSITIVE), answer_of(NEGATIVE)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([er(POS)], "POSITIVE"),
        ([er(NEG)], "UNKNOWN"),
        ([er(NEG), pr(NEG)], "NEGATIVE"),
        ([er(NEG), pr(POS)], "POSITIVE"),
        ([er(percent(1)), pr(NEG)], "POSITIVE"),
        ([er(percent(Decimal("0.9"))), pr(percent(0))], "NEGATIVE"),
        ([er(percent(1, comparator="<")), pr(NEG)], "NEGATIVE"),
        ([er(percent(10, comparator="<")), pr(NEG)], "UNKNOWN"),
        ([er({"valueString": ">90 %"})], "POSITIVE"),
        ([er({"valueString": "weakly positive"})], "POSITIVE"),
        ([er({"valueString": "not positive"}), pr(NEG)], "UNKNOWN"),
        ([er({"valueQuantity": {"value": 8, "unit": "{score}"}})], "UNKNOWN"),
        ([er(POS, status="entered-in-error")], "UNKNOWN"),
        ([er(POS), er(NEG), pr(NEG)], "UNKNOWN"),
        ([observed(concept(LOINC, "10480-2"), NEG, "2026-01-10")], "NEGATIVE"),
        ([observed(concept(LOINC, "10480-2"), POS, "2026-01-10")], "UNKNOWN"),
        ([], "UNKNOWN"),
    ],
)
def test_one_percent_of_either_receptor_is_positive(results, said):
    assert hormone_receptors(record(*results)).status == said


def test_the_newest_metastatic_sample_decides():
    liver = {
        "resourceType": "Specimen",
        "id": "liver",
        "subject": {"reference": "Patient/anna"},
        "type": {"text": "Liver metastasis biopsy"},
    }
    sample = {"specimen": {"reference": "Specimen/liver"}}
    old = [er(POS, "2020-01-10"), pr(POS, "2020-01-10")]
    met = [er(NEG, "2026-02-01", **sample), pr(NEG, "2026-02-01", **sample)]
    again = [er(POS, "2026-05-01")]
    assert hormone_receptors(record(liver, *old, *met, *again)).status == "NEGATIVE"
    assert hormone_receptors(record(*old, er(NEG), pr(NEG))).status == "NEGATIVE"


# Whatever comes

WHOLE = [
    diagnosed(BREAST, "2026-01-05"),
    diagnosed(BONE, "2026-07-01"),
    staged(CT, "cT2"),
    staged(CN, "cN1"),
    staged(PT, "ypT1", "2026-06-05"),
    operated(),
    taken("Letrozole", "2026-08-01"),
    *(given("Docetaxel", f"2026-0{m}-01") for m in (2, 3, 4)),
    *(given("Herceptin", f"2026-0{m}-01") for m in (2, 3, 4, 7)),
    given("Enhertu", "2026-09-20"),
    status("worsened", "2026-09-01"),
    status("stable", "2026-11-01"),
    er(POS),
    pr(NEG),
    mri(),
]


def whole(resources):
    facts = tumour_facts(record(*resources))
    receptors = hormone_receptors(record(*resources))
    named = [
        (f.name, repr(f.value), f.said, {s.reference for s in f.sources})
        for f in (*facts, *open_tumour_facts(record(*resources)))
        if hasattr(f, "value")
    ]
    return named, receptors.status, receptors.said


@settings(max_examples=25, deadline=None)
@supposing(st.integers(0, 10**6))
def test_the_order_of_resources_plays_no_part(seed):
    mixed = list(WHOLE)
    random.Random(seed).shuffle(mixed)
    assert whole(mixed) == whole(WHOLE)


def test_each_fact_stands_once_is_of_its_kind_and_has_sources():
    kinds = {name: word.kind for name, word in library().words.facts.items()}
    found = tumour_facts(record(*WHOLE))
    assert len({f.name for f in found}) == len(found)
    for known in found:
        kind = kinds[known.name]
        allowed = {
            FactKind.TRUTH: bool,
            FactKind.COUNT: int,
            FactKind.NUMBER: (Decimal, Stretch),
        }[kind]
        assert isinstance(known.value, allowed), known
        assert known.sources
        assert known.said


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.text(max_size=12)
    | st.sampled_from(["cT2", "9999-12-31", "0001-01-01", "2026-02-30", "Enhertu", "9999-12"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "text", "code", "system", "start", "end", "reference"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@supposing(st.integers(0, len(WHOLE) - 1), st.data())
def test_malformed_values_never_crash(position, data):
    spoilt = dict(WHOLE[position])
    names = [n for n in spoilt if n not in ("resourceType", "id")]
    name = data.draw(st.sampled_from([*names, "component", "method", "note", "stage"]))
    spoilt[name] = data.draw(VALUES)
    mixed = [*WHOLE[:position], spoilt, *WHOLE[position + 1 :]]
    tumour_facts(record(*mixed))
    hormone_receptors(record(*mixed))
