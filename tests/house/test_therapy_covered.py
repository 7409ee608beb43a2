"""Every rule, blocker, setting and therapy pitfall is shown by a case, in the case's own answer."""

from functools import cache

import pytest

from service.core.blocker import Effect, UnknownMeans
from service.core.regimen import Rank
from service.fhir.systems import code_of
from tests.support.cases import assessed, cases, library, resources
from tests.support.plans import read_plan

THERAPY = library().regimens
CASES = {case.name: case for case in cases()}
COVERING: dict[str, list[object]] = {}
for _case in CASES.values():
    for _word in _case.said["covers"]:
        COVERING.setdefault(str(_word), []).append(_case)

#: Blockers that no evidence reaches, because an earlier step has decided already.
UNREACHABLE = {"B01": "no rule of a category lists a drug that the category does not support"}


@cache
def plans_of(name):
    answer = assessed(CASES[name])
    parents = [p for p in resources(answer, "CarePlan") if "partOf" not in p]
    return [read_plan(p, answer) for p in parents]


def plans_for(word):
    return [plan for case in COVERING.get(word, []) for plan in plans_of(case.name)]


@pytest.mark.parametrize("rule", THERAPY.rules.values(), ids=lambda rule: rule.id)
def test_a_rule_stands_in_the_plan_of_a_case_that_covers_it(rule):
    found = plans_for(rule.id)
    if rule.rank is Rank.NONE:
        assert any(rule.id in plan.sentences for plan in found)
    else:
        shown = [o.rule for plan in found for o in plan.options.values()]
        excluded = [plan for plan in found if code_of(rule.regimen) in plan.excluded]
        assert rule.id in shown or excluded
        assert rule.id in shown or rule.off_label


@pytest.mark.parametrize("blocker", THERAPY.blockers.values(), ids=lambda blocker: blocker.id)
def test_a_blocker_does_what_it_is_for_in_the_plan_of_a_case_that_covers_it(blocker):
    if blocker.id in UNREACHABLE:
        assert not any(code_of(blocker.id) in str(plan.excluded) for plan in plans_for(blocker.id))
        return
    code, found = code_of(blocker.id), plans_for(blocker.id)
    excluded = any(code in codes for plan in found for codes in plan.excluded.values())
    held = any(code in o.holds for plan in found for o in plan.options.values())
    ordered = any(code in plan.work_up for plan in found)
    told = any(f"{blocker.id}: {blocker.sentence[:20]}" in plan.text for plan in found)
    done = {
        Effect.EXCLUDE: excluded,
        Effect.HOLD: held,
        Effect.REVIEW: held,
        Effect.ORDER: ordered,
        Effect.INFORM: told,
    }
    assert done[blocker.effect]
    if blocker.unknown_means is UnknownMeans.HOLD:
        assert held


@pytest.mark.parametrize("setting", THERAPY.setting_names)
def test_a_setting_is_found_in_the_record_of_a_case(setting):
    code = code_of(setting)
    derived = [
        plan
        for case in CASES.values()
        if b'"name": "setting"' not in case.body and "setting" not in case.query
        for plan in plans_of(case.name)
        if plan.setting == code
    ]
    assert derived


@pytest.mark.parametrize("pitfall", [f"P{n}" for n in range(80, 134)])
def test_a_pitfall_of_therapy_has_a_case(pitfall):
    assert COVERING.get(pitfall)
