"""What contradicts a statement is told as a warning, at the resource that says otherwise."""

from tests.support.cases import resources
from tests.support.evidence import (
    answered,
    bundle,
    condition,
    ihc,
    observation,
    patient,
    quantity,
    specimen,
)

LVEF = observation("10230-1", quantity(45, unit="%"), sample="", when="2026-11-20")
LIVER = condition({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C78.7"}, "liver")


def warnings(setting="", **stated):
    """(text, expressions) of each warning about a contradiction."""
    record = bundle(patient(), condition(), specimen("core"), ihc("3+"), LVEF, LIVER)
    context = [
        {
            "name": "context",
            "part": [{"name": "name", "valueString": name}, {"name": "value", **said}],
        }
        for name, said in stated.items()
    ]
    named = [{"name": "resource", "resource": record}, *context]
    named += [{"name": "setting", "valueCode": setting}] if setting else []
    answer = answered({"resourceType": "Parameters", "parameter": named})
    issues = [i for o in resources(answer, "OperationOutcome") for i in o["issue"]]
    return [
        (i["details"]["text"], i.get("expression", []))
        for i in issues
        if (i["severity"], i["code"]) == ("warning", "business-rule")
    ]


def test_a_fact_stated_against_a_measurement_names_the_measurement():
    ((text, where),) = warnings(lvef={"valueInteger": 60})
    assert "lvef" in text
    assert "the caller has 60, which was used" in text
    assert where == ["Parameters.parameter[0].resource.entry[4].resource"]


def test_a_setting_stated_against_a_diagnosis_names_the_diagnosis():
    ((text, where),) = warnings("neoadjuvant")
    assert "metastatic" in text
    assert where == ["Parameters.parameter[0].resource.entry[5].resource"]


def test_a_setting_against_the_callers_own_words_is_told_without_a_place():
    (text, where), (rather, nowhere) = warnings("mbc-1l", n_mbc_her2_lines={"valueInteger": 1})
    assert "n_mbc_her2_lines" in text
    assert "fits an earlier setting: second-line metastatic" in rather
    assert where == nowhere == []


def test_what_agrees_is_not_told():
    assert warnings("mbc-1l", lvef={"valueInteger": 45}) == []
