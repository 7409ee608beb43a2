"""The therapy tables as one CQL library."""

import re
from base64 import b64decode
from functools import cache

import pytest

from service.core.regimen import Rank
from service.fhir.definitions.cql_rules import rule_name
from service.fhir.systems import code_of
from service.fhir.version import FhirVersion
from service.usecases.definitions import definitions
from service.usecases.shelf import shipped_shelf
from tests.support.cases import BASE, library
from tests.support.values import inside


@cache
def defined(version=FhirVersion.R4):
    return {(r["resourceType"], r["id"]): r for r in definitions(library(), version)}


def the_library():
    return defined()["Library", "Her2TherapyRules"]


@cache
def cql():
    (content,) = the_library()["content"]
    assert content["contentType"] == "text/cql"
    return b64decode(content["data"]).decode()


def body(name):
    """What stands after `define "name":`, to the next definition."""
    found = re.search(rf'^define "{re.escape(name)}":\n(.*?)(?=\n\n)', f"{cql()}\n\n", re.M | re.S)
    return found[1]


def test_the_library_has_one_name_and_version_wherever_it_is_said():
    said = the_library()
    assert re.search(r"^library (\S+) version '(.*)'$", cql(), re.M).groups() == (
        said["name"],
        said["version"],
    )
    assert said["url"] == f"{BASE}/Library/{said['name']}"
    assert defined()["PlanDefinition", "therapy"]["library"] == [f"{said['url']}|{said['version']}"]


def test_the_parameters_are_those_of_the_cql():
    said = {p["name"]: p["type"] for p in the_library()["parameter"]}
    found = re.findall(r'^parameter "(.*?)" (\w+)', cql(), re.M)
    assert {name: kind.lower() for name, kind in found} == said


def test_every_name_that_is_used_is_defined_once():
    names = re.findall(r'^(?:define|define function|parameter) "([^"]+)"', cql(), re.M)
    code = re.sub(r"//.*|'(?:\\.|[^'])*'", "", cql())
    assert set(re.findall(r'"([^"]+)"', code)) <= set(names)
    twice = {name for name in names if names.count(name) > 1}
    assert twice == {"Is"}  # of a number, and of a letter


def test_every_action_asks_for_a_definition_that_there_is():
    plan = defined()["PlanDefinition", "therapy"]
    for action in [*plan["action"], *(r for s in plan["action"] for r in s["action"])]:
        (condition,) = action["condition"]
        assert condition["kind"] == "applicability"
        assert condition["expression"]["language"] == "text/cql"
        name = condition["expression"]["expression"]
        assert re.fullmatch(r"\w+", name)  # a definition's name, and an expression of CQL
        assert f'\ndefine "{name}":\n' in cql()


def test_nothing_is_ordered_by_applying_the_plan():
    for value in inside(defined()["PlanDefinition", "therapy"]["action"]):
        assert not isinstance(value, dict) or "definitionCanonical" not in value


def test_r5_has_words_only():
    there = defined(FhirVersion.R5)
    assert ("Library", "Her2TherapyRules") not in there
    plan = there["PlanDefinition", "therapy"]
    assert "library" not in plan
    assert all("condition" not in rule for s in plan["action"] for rule in s["action"])


def test_a_rule_is_stopped_by_the_blockers_that_exclude_and_no_others():
    """B06 (LVEF too old) only holds."""
    assert re.findall(r"// (B\w+)", body("Rule_M1_01")) == [
        b
        for b in library().regimens.blockers
        if b in library().regimens.rules["M1-01"].blockers
        and library().regimens.blockers[b].effect == "exclude"
    ]
    assert "B06" not in body("Rule_M1_01")


def test_a_sentence_is_stopped_by_nothing():
    for rule in library().regimens.rules.values():
        if rule.rank is Rank.NONE:
            assert "Blocker" not in body(rule_name(rule))


def test_a_category_without_regimens_needs_no_setting():
    assert body("Rule_DCIS_01").split("\n")[1:] == [
        "    when \"Category\" in { 'not-applicable-in-situ' } then true",
        "    else false",
        "  end",
    ]
    assert body("Setting_DCIS").endswith("or \"Category\" in { 'not-applicable-in-situ' }")


def test_a_regimen_is_excluded_with_the_last_drug_of_a_choice():
    closed = next(x for x in body("Rule_M1_02").split("\n") if "every drug of a choice" in x)
    assert "(\"Blocker B09D\" or \"Of Drug\"('allergy-to-component', 'docetaxel')" in closed
    assert ") and (\"Of Drug\"('allergy-to-component', 'paclitaxel')" in closed


def test_a_drug_that_is_optional_closes_nothing():
    assert "every drug of a choice" not in body("Rule_PCR_01")


def test_an_add_on_stands_beside_a_regimen_of_its_setting():
    alone = next(x for x in body("Rule_PCR_03").split("\n") if "never alone" in x)
    assert '"Rule_PCR_01" or "Rule_PCR_02"' in alone


def test_a_drug_confined_to_a_region_stays_there_off_label():
    assert '("Include Off-Label" and "Jurisdiction" in { \'cn\' })' in body("Rule_M2_05")


def test_what_is_off_label_is_authorised_nowhere():
    assert 'not false and not ("Include Off-Label")' in body("Rule_M1_12")


def test_a_complete_response_moves_the_setting():
    assert "then 'post-neoadj-pcr'" in body("Treatment Setting")


@pytest.mark.parametrize("name", ["in_situ_only", "lvef", "child_pugh", "hr_status"])
def test_a_fact_is_read_by_its_code(name):
    assert f"('{code_of(name)}')" in body(name)


def test_the_cql_is_served_under_the_configured_base():
    ours = "https://hospital.example/fhir"
    served = shipped_shelf(FhirVersion.R4, ours).by_type["Library"]["Her2TherapyRules"]
    text = b64decode(served["content"][0]["data"]).decode()
    assert text == cql().replace(BASE, ours)
    assert BASE not in text
