"""What the tables say, as FHIR definitions."""

from functools import cache

import pytest
from fhir.resources import get_fhir_model_class as r5_model
from fhir.resources.R4B import get_fhir_model_class as r4_model

from service.core.assessment import Category
from service.core.regimen import Rank
from service.fhir.systems import code_of
from service.fhir.version import FhirVersion
from service.usecases.definitions import definitions, differences, files_of
from tests.support.cases import library
from tests.support.values import inside

BASE = "https://her2.example/fhir"
VERSIONS = list(FhirVersion)
MODELS = {FhirVersion.R4: r4_model, FhirVersion.R5: r5_model}


@cache
def all_of(version):
    """(type, id) -> definition."""
    return {(r["resourceType"], r["id"]): r for r in definitions(library(), version)}


def codes(identity, version=FhirVersion.R4):
    return {c["code"] for c in all_of(version)["CodeSystem", identity]["concept"]}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_definition_is_fhir_of_its_version(version):
    for (kind, _), resource in all_of(version).items():
        MODELS[version](kind).model_validate(resource)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_definition_says_what_it_is_and_from_which_edition(version):
    editions = {("2018.1", "2018-05-30"), ("2026.05", "2026-05-15")}
    for (kind, identity), r in all_of(version).items():
        assert r["url"] == f"{BASE}/{kind}/{identity}"
        assert (r["version"], r["date"]) in editions
        for element in ("name", "title", "description", "publisher", "text"):
            assert r[element]
        assert (r["status"], r["experimental"]) == ("active", False)


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_null_or_empty_and_no_two_share_a_name(version):
    names = [(kind, r["name"]) for (kind, _), r in all_of(version).items()]
    assert len(set(names)) == len(names)
    for value in inside(list(all_of(version).values())):
        assert value is not None
        assert value not in ("", [], {})
        assert not isinstance(value, float)


@pytest.mark.parametrize("version", VERSIONS)
def test_codes_of_others_carry_the_notice_of_their_owner(version):
    for resource in all_of(version).values():
        said = str(resource)
        for system, owner in (
            ("'http://loinc.org'", "Regenstrief"),
            ("'http://snomed.info/sct'", "SNOMED International"),
        ):
            assert (system in said) == (owner in resource.get("copyright", "")), resource["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_canonical_of_ours_resolves(version):
    ours = {r["url"]: r for r in all_of(version).values()}
    for value in inside(list(all_of(version).values())):
        if isinstance(value, str) and value.startswith(f"{BASE}/") and " " not in value:
            url, _, asked = value.partition("|")
            assert url in ours, value
            assert asked in ("", ours[url]["version"])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_code_of_ours_is_in_its_code_system(version):
    systems = {r["url"]: i for (kind, i), r in all_of(version).items() if kind == "CodeSystem"}
    for value in inside(list(all_of(version).values())):
        if isinstance(value, dict) and value.get("system") in systems and "code" in value:
            assert value["code"] in codes(systems[value["system"]], version)


def test_there_is_a_code_system_and_a_value_set_for_each_vocabulary():
    systems = {i for kind, i in all_of(FhirVersion.R4) if kind == "CodeSystem"}
    sets = {i for kind, i in all_of(FhirVersion.R4) if kind == "ValueSet"}
    assert len(systems) == 17
    assert systems - sets == {"her2-assessment"}  # UUIDs: nobody can list them
    assert all_of(FhirVersion.R4)["CodeSystem", "her2-assessment"]["content"] == "not-present"


def test_the_terms_are_those_of_the_tables():
    assert codes("her2-category") == {code_of(c) for c in Category}
    assert codes("her2-regimen") == {code_of(r.regimen) for r in library().regimens.rules.values()}
    assert codes("her2-blocker") == {code_of(b) for b in library().regimens.blockers}
    assert codes("her2-fact") == {code_of(f) for f in library().words.facts}
    assert codes("her2-ish-group") == {f"group-{n}" for n in range(1, 6)}
    assert codes("her2-suggestion-rank") == {code_of(r) for r in Rank if r is not Rank.NONE}


def test_a_code_says_what_the_table_says():
    regimens = all_of(FhirVersion.R4)["CodeSystem", "her2-regimen"]["concept"]
    (thp,) = [c for c in regimens if c["code"] == "thp"]
    assert thp["display"] == "taxane + trastuzumab + pertuzumab"
    assert "pertuzumab 840 mg IV first dose" in thp["definition"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_category_is_mapped_to_verified_answers_only(version):
    verified = {(c.system, c.code) for c in library().codes.read["answer"].values() if c.verified}
    concept_map = all_of(version)["ConceptMap", "her2-category-answers"]
    pairs = {}
    for group in concept_map["group"]:
        assert {e["code"] for e in group["element"]} == {code_of(c) for c in Category}
        for element in group["element"]:
            for target in element.get("target", ()):
                if "code" in target:
                    assert (group["target"], target["code"]) in verified
                    said = target.get("equivalence") or target["relationship"]
                    pairs[element["code"], target["code"]] = said
    narrower = "wider" if version is FhirVersion.R4 else "source-is-narrower-than-target"
    assert pairs["low", "1381317004"] == "equivalent"
    assert pairs["low", "LA6577-6"] == narrower
    assert pairs["positive", "LA6576-8"] == "equivalent"
    assert not [pair for pair in pairs if pair[0] == "not-applicable-in-situ"]


@pytest.mark.parametrize("version", VERSIONS)
def test_only_verified_codes_are_listed_as_read(version):
    verified = {
        (c.system, c.code) for g in ("test", "answer") for c in library().codes.read[g].values()
        if c.verified
    }  # fmt: skip
    for identity in ("her2-ihc-tests", "her2-ish-dual-probe-tests", "her2-ihc-answers"):
        for include in all_of(version)["ValueSet", identity]["compose"]["include"]:
            for concept in include["concept"]:
                assert (include["system"], concept["code"]) in verified


@pytest.mark.parametrize("version", VERSIONS)
def test_each_regimen_is_a_plan_with_its_drugs_at_the_doses_of_the_table(version):
    rules = [r for r in library().regimens.rules.values() if r.rank is not Rank.NONE]
    for rule in rules:
        plan = all_of(version)["PlanDefinition", code_of(rule.regimen)]
        drugs = [d["dosage"][0]["text"] for d in plan.get("contained", ())]
        assert drugs == [c.dose for c in rule.components]
        used = [v for v in inside(plan["action"]) if isinstance(v, dict)]
        links = [v["definitionCanonical"] for v in used if "definitionCanonical" in v]
        assert [v for v in links if v[0] == "#"] == [f"#drug-{n}" for n in range(1, len(drugs) + 1)]


def test_a_choice_of_drugs_is_exactly_one_and_phases_follow_each_other():
    r4, r5 = (all_of(version)["PlanDefinition", "ac-thp"] for version in VERSIONS)
    first, second = r4["action"][0]["action"]
    assert second["relatedAction"] == [{"actionId": "phase-1", "relationship": "after-end"}]
    after = r5["action"][0]["action"][1]["relatedAction"]
    assert after == [{"targetId": "phase-1", "relationship": "after-end"}]
    assert "relatedAction" not in first
    choices = [a for a in second["action"] if a.get("selectionBehavior") == "exactly-one"]
    assert [[d["title"] for d in c["action"]] for c in choices] == [["docetaxel", "paclitaxel"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_therapy_plan_has_an_action_a_rule_that_says_when(version):
    plan = all_of(version)["PlanDefinition", "therapy"]
    actions = {a["id"]: a for setting in plan["action"] for a in setting["action"]}
    rules = library().regimens.rules
    assert set(actions) == {code_of(rule) for rule in rules}
    for rule in rules.values():
        action = actions[code_of(rule.id)]
        assert action["textEquivalent"].startswith("When: ")
        named = [d["resource"] for d in action.get("documentation", ()) if "resource" in d]
        plan_of = f"{BASE}/PlanDefinition/{code_of(rule.regimen)}|2026.05"
        assert named == ([plan_of] if rule.rank is not Rank.NONE else [])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rule_without_a_condition_names_nothing_to_apply(version):
    """A machine would apply it to everybody."""
    for identity in ("therapy", "guideline-asco-cap-2018"):
        for value in inside(all_of(version)["PlanDefinition", identity]["action"]):
            if isinstance(value, dict) and "definitionCanonical" in value:
                assert value.get("condition")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_guideline_plan_has_an_action_a_row(version):
    plan = all_of(version)["PlanDefinition", "guideline-asco-cap-2018"]
    lines = [a["prefix"] for table in plan["action"] for a in table["action"]]
    tables = library().guidelines[0].tables.values()
    assert lines == [row.line for table in tables for row in table.rows]
    said = {a["prefix"]: a["textEquivalent"] for t in plan["action"] for a in t["action"]}
    assert said["GR-4"] == "When ratio is below 2 and copies is at least 4 and below 6."
    assert said["RS-N"] == "When unreadable is no and awaiting is no."


@pytest.mark.parametrize("version", VERSIONS)
def test_only_verified_codes_are_ordered(version):
    therapy = library().regimens
    work = (*therapy.workup.values(), *therapy.monitoring.values())
    verified = {c.code for w in work for c in w.codes if c.verified}
    found = [r for (kind, _), r in all_of(version).items() if kind == "ActivityDefinition"]
    assert found
    for activity in found:
        assert {c["code"] for c in activity["code"].get("coding", ())} <= verified
        assert activity["code"]["text"]


def test_the_operation_takes_what_the_service_takes():
    operation = all_of(FhirVersion.R4)["OperationDefinition", "assess-her2"]
    names = {p["name"] for p in operation["parameter"]}
    assert names == {
        "resource",
        "jurisdiction",
        "as-of",
        "setting",
        "context",
        "history-complete",
        "include-off-label",
        "bundle-type",
        "return",
    }
    assert (operation["system"], operation["instance"]) == (True, True)
    assert operation["resource"] == ["Patient"]


def test_another_base_is_the_base_of_everything():
    other = "https://hospital.example/her2"
    for resource in definitions(library(), FhirVersion.R4, other):
        assert resource["url"].startswith(f"{other}/")
        assert BASE not in str(resource)


def test_differences_name_what_is_missing_wrong_or_not_generated():
    generated = {"r4/A.json": b"1", "r4/B.json": b"2"}
    there = {
        "r4/B.json": b"3",
        "r5/Old.json": b"4",
        "r4/StructureDefinition-x.json": b"5",
        "r5/ConceptMap-local-lab.json": b"6",
    }
    assert differences(generated, there) == [
        "r4/A.json: missing",
        "r4/B.json: differs",
        "r5/Old.json: not generated",
    ]


def test_the_files_are_the_same_every_time():
    assert files_of(library()) == files_of(library())
    assert all(content.endswith(b"}\n") for content in files_of(library()).values())
