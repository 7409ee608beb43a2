"""Every plan that leaves for a fixture case keeps what interfaces.md 4-7 promises of plans."""

import re
from collections import Counter

import pytest

from service.core.regimen import Rank
from service.fhir.drug_parts import medication_knowledge_id
from service.fhir.systems import code_of
from tests.support.cases import BASE, assessed, cases, library, resources, subject_of
from tests.support.plans import read_plan

THERAPY = library().regimens
REGIMENS = {code_of(r.regimen): r for r in THERAPY.rules.values()}
RULES = {r.id: r for r in THERAPY.rules.values()}
RECORDS = {d.inn: d.id for d in library().drugs if d.biosimilar_of is None}
ADD_ONS = {code for code, rule in REGIMENS.items() if rule.rank is Rank.ADD_ON}
#: What a dose computed for a patient would look like: an amount without /kg, /m2, AUC or a day.
COMPUTED = re.compile(r"\bBSA\b|\bweight of\b|= ?\d+ ?mg\b")


@pytest.fixture(scope="module", params=cases(), ids=lambda case: case.name)
def answer(request):
    return assessed(request.param)


def parents(answer):
    return [p for p in resources(answer, "CarePlan") if "partOf" not in p]


def plans(answer):
    return [(p, read_plan(p, answer)) for p in parents(answer)]


def parts(answer):
    return [p for p in resources(answer, "CarePlan") if "partOf" in p]


def details(plan):
    return [a["detail"] for a in plan.get("activity", []) if "detail" in a]


def groups(plan):
    (choice,) = plan.get("contained", [{"action": []}])
    return choice["action"]


def test_a_patient_has_one_plan_and_it_is_a_draft_proposal(answer):
    found = parents(answer)
    assert len({subject_of(p) for p in found}) == len(found)
    for plan in found:
        assert (plan["status"], plan["intent"]) == ("draft", "proposal")
        assert plan["title"].startswith("Suggestion - requires clinician review: ")


def test_an_option_is_part_of_its_plan_and_stands_in_its_choice(answer):
    for plan, said in plans(answer):
        mine = [
            p for p in parts(answer) if p["partOf"] == [{"reference": f"urn:uuid:{plan['id']}"}]
        ]
        chosen = [a["resource"]["reference"] for g in groups(plan) for a in g["action"]]
        assert sorted(chosen) == sorted(f"urn:uuid:{p['id']}" for p in mine)
        orders = [p["extension"][0]["valuePositiveInt"] for p in mine]
        assert orders == list(range(1, len(mine) + 1))
        assert len(said.options) == len(mine)
        assert [o.order for o in said.options.values()] == orders
    assert sum(len(said.options) for _, said in plans(answer)) == len(parts(answer))


def test_at_most_one_regimen_is_chosen_and_any_add_on_never_first_nor_alone(answer):
    for plan, said in plans(answer):
        for group in groups(plan):
            codes = {a["code"][0]["coding"][0]["code"] for a in group["action"]}
            behaviour = group["selectionBehavior"]
            assert behaviour == ("any" if codes <= ADD_ONS else "at-most-one")
            assert codes <= ADD_ONS or not codes & ADD_ONS
        if said.options:
            assert min(said.options.values(), key=lambda o: o.order).regimen not in ADD_ONS
            assert {"#choice"} == {
                a["reference"]["reference"] for a in plan["activity"] if "reference" in a
            }


def test_conditional_options_come_after_those_that_are_known(answer):
    for plan, said in plans(answer):
        for group in groups(plan):
            codes = [a["code"][0]["coding"][0]["code"] for a in group["action"]]
            conditional = [said.options[c].status == "conditional" for c in codes]
            assert conditional == sorted(conditional)


def test_an_option_names_regimen_rank_and_status_and_gives_drugs_only(answer):
    for plan in parts(answer):
        assert (plan["status"], plan["intent"]) == ("draft", "option")
        assert len(plan["category"]) == 3
        (canonical,) = plan["instantiatesCanonical"]
        code = plan["category"][0]["coding"][0]["code"]
        assert canonical == f"{BASE}/PlanDefinition/{code}|2026.05"
        assert details(plan)
        for detail in details(plan):
            assert detail["kind"] == "MedicationRequest"
            assert detail["productCodeableConcept"]["text"]
            assert detail["description"]
            assert not COMPUTED.search(detail["description"])
            assert detail["doNotPerform"] is False


def test_an_options_drugs_are_those_of_its_rule(answer):
    for _, said in plans(answer):
        for option in said.options.values():
            rule = RULES[option.rule]
            assert code_of(rule.regimen) == option.regimen
            assert code_of(rule.rank) == option.rank
            text = " ".join(option.drugs)
            for component in rule.components:
                if component.fixed:
                    assert component.drug in text
            for drug in {c.drug for r in RULES.values() for c in r.components}:
                if re.search(rf"(?<![\w-]){drug}(?![\w -]*(?:emtansine|deruxtecan))", text):
                    assert drug in {c.drug for c in rule.components}


def test_the_drugs_of_an_option_wait_exactly_while_it_is_on_hold(answer):
    for plan in parts(answer):
        status = plan["category"][2]["coding"][0]["code"]
        for detail in details(plan):
            waits = detail["status"] == "on-hold"
            assert waits is ("statusReason" in detail)
            assert detail["status"] in ("on-hold", "not-started")
            if waits:
                assert detail["statusReason"]["text"]
            assert waits or status != "on-hold"
            assert not waits or status != "applicable"


def test_every_hold_is_something_to_do_as_well(answer):
    for _, said in plans(answer):
        held = {h for o in said.options.values() for h in o.holds}
        assert held <= set(said.work_up)


def test_what_an_option_waits_for_is_asked_with_its_name(answer):
    for _, said in plans(answer):
        waiting = {r for regimens in said.missing.values() for r in regimens}
        conditional = {o.regimen for o in said.options.values() if o.status == "conditional"}
        assert waiting == conditional


def test_an_excluded_regimen_is_no_option_and_says_why(answer):
    for plan, said in plans(answer):
        assert not set(said.excluded) & set(said.options)
        for detail in details(plan):
            if detail["doNotPerform"]:
                assert detail["status"] == "not-started"
                assert detail["code"]["text"]
                assert detail["reasonCode"]
                assert all(reason["text"] for reason in detail["reasonCode"])
            else:
                assert detail["kind"] == "ServiceRequest"


def test_a_kind_of_plan_fits_what_is_in_it(answer):
    for _, said in plans(answer):
        known = [
            o for o in said.options.values() if o.status != "conditional" and o.rank != "add-on"
        ]
        if said.kind == "therapy":
            assert known
        if said.kind == "testing-only":
            assert not said.options
            assert not said.excluded
        if said.kind == "no-her2-therapy":
            assert not known
        if said.kind == "clarify":
            assert not known


def test_no_plan_is_empty(answer):
    for plan, said in plans(answer):
        assert plan["note"]
        told = said.options or said.excluded or said.sentences or details(plan)
        assert told or said.kind == "no-her2-therapy"


def test_the_record_of_each_anti_her2_drug_of_an_option_comes_once(answer):
    texts = {
        d["productCodeableConcept"]["text"].removesuffix(" (optional)")
        for p in parts(answer)
        for d in details(p)
    }
    wanted = {medication_knowledge_id(RECORDS[t]) for t in texts if t in RECORDS}
    found = [r["id"] for r in resources(answer, "MedicationKnowledge")]
    assert Counter(found) == Counter(wanted)
