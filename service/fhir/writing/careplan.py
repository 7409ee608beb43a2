"""The CarePlan of one patient: its kind, the choice of regimens, what to do, what not to do.

interfaces.md, 4. Never empty: a note says why, and there is an activity for all that is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.core.plan_kind import PlanKind
from service.core.suggestion import Option
from service.core.therapy import TREATED
from service.fhir.answer import PatientAnswer, Writing, rows_met, specimen_line
from service.fhir.narrative import narrative
from service.fhir.plan_words import (
    conflict_line,
    exclusion_sentence,
    fact_lines,
    option_line,
    sentence_line,
    setting_line,
    stated_line,
)
from service.fhir.systems import code_of
from service.fhir.writing import activities
from service.fhir.writing.activity import Activity
from service.fhir.writing.plan_form import form_of
from service.fhir.writing.plan_parts import SUGGESTION, addresses, lead, plan_subject, summary


def care_plan(answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    """The plan: the options are CarePlans of their own, named in `#choice` in their order."""
    systems, suggestion = writing.systems, answer.suggestion
    title = _title(answer, writing)
    done = [*_activities(answer, writing)]
    excluded = [activities.exclusion(o, answer, writing) for o in suggestion.excluded]
    notes = list(_notes(answer, writing))
    of_drugs = [fact for fact in answer.recorded.of_drugs if fact.value]
    facts = fact_lines((*answer.recorded.known, *of_drugs))
    plan = lead(answer.id_of("careplan"), "her2-careplan", answer, writing)
    choice = _choice(answer, writing)
    planned = form_of(writing).planned([*done, *excluded], plan_subject(answer), choice)
    plan |= {
        "text": narrative(
            title,
            [writing.words.sentences["review"], *notes],
            [
                *(specimen_line(s, writing.words) for s in answer.assessment.specimens),
                *(activity.text for activity in done),
                *rows_met([answer.assessment.outcome]),
                *facts,
            ],
        ),
        **planned.containing(),
        "intent": "proposal",
        "category": [systems.concept("her2-plan-kind", suggestion.kind)],
        "title": f"{SUGGESTION}{title}",
        **addresses(answer, writing),
        "supportingInfo": summary(answer),
    }
    if suggestion.setting.name:
        plan["category"].append(systems.concept("her2-setting", suggestion.setting.name))
    plan |= {"activity": planned.activity} if planned.activity else {}
    plan["note"] = [{"text": text} for text in notes]
    if facts:
        listed = "\n".join(f"- {line}" for line in facts)
        plan["note"].append({"text": f"Facts read from the record:\n{listed}"})
    return plan


def _title(answer: PatientAnswer, writing: Writing) -> str:
    """`HER2 positive: first-line metastatic (US)`, or the category and the kind of plan."""
    words, suggestion = writing.words, answer.suggestion
    category = words.categories[answer.assessment.outcome.category].title
    kind = PlanKind.REVIEW_FIRST if _at_an_end(answer) else suggestion.kind
    said = words.plan_kinds[kind].title
    if suggestion.setting.title:
        where = f"{suggestion.setting.title} ({writing.jurisdiction.upper()})"
        return f"{category}, {where}: {said}"
    return f"{category}: {said}"


def _notes(answer: PatientAnswer, writing: Writing) -> Iterable[str]:
    """Why the plan is as it is, in the order in which a clinician asks."""
    words, suggestion = writing.words, answer.suggestion
    category = answer.assessment.outcome.category
    lines = [
        words.sentences["no_rule"]
        if _at_an_end(answer)
        else words.plan_kinds[suggestion.kind].note,
        words.categories[category].note,
        *(words.flags[flag] for flag in suggestion.holds),
        setting_line(suggestion.setting, writing) if category in TREATED else "",
        *(sentence_line(s, writing) for s in suggestion.sentences),
        words.sentences["either"] if _two_preferred(suggestion.options) else "",
        *(f"{n}. {option_line(o, writing)}" for n, o in enumerate(suggestion.options, 1)),
        *(exclusion_sentence(o, writing) for o in suggestion.excluded),
        *(words.flags[flag] for flag in suggestion.flags),
        *(conflict_line(c, writing) for c in suggestion.conflicts),
        stated_line(answer),
    ]
    return (line for line in lines if line)


def _at_an_end(answer: PatientAnswer) -> bool:
    """No regimen fits, and no missing fact would change it."""
    return answer.suggestion.kind is PlanKind.CLARIFY and _offers_nothing(answer)


def _offers_nothing(answer: PatientAnswer) -> bool:
    """Neither a regimen nor a fact to ask for."""
    return not answer.suggestion.options and not answer.suggestion.asked


def _two_preferred(options: tuple[Option, ...]) -> bool:
    """The first two stand at the same place, and both are preferred as things stand."""
    first = options[:2]
    places = {(o.rule.order, o.rule.rank, o.missing == ()) for o in first}
    return len(first) == 2 and len(places) == 1 and first[0].rule.rank == "PREFERRED"


def _activities(answer: PatientAnswer, writing: Writing) -> list[Activity]:
    """Testing, missing facts, work-up, monitoring; a decision when there is nothing else."""
    done = [
        *activities.testing(answer, writing),
        *activities.awaited(answer, writing),
        *activities.missing_facts(answer, writing),
        *activities.work_up(answer, writing),
        *activities.monitoring(answer),
    ]
    people_decide = answer.suggestion.kind in (PlanKind.CLARIFY, PlanKind.REVIEW_FIRST)
    if people_decide and _offers_nothing(answer):
        decide = writing.words.sentences["decide"]
        done.append(activities.service({"text": decide}, summary(answer)))
    return done


def _choice(answer: PatientAnswer, writing: Writing) -> dict[str, Any] | None:
    """The request group `#choice`: at most one regimen, and any of the add-ons."""
    numbered = list(enumerate(answer.suggestion.options, 1))
    if not numbered:
        return None
    groups = (
        ("Choose at most one regimen", "at-most-one", [n for n in numbered if not n[1].add_on]),
        ("Add-ons: any", "any", [n for n in numbered if n[1].add_on]),
    )
    return {
        "resourceType": form_of(writing).choice,
        "id": "choice",
        "status": "draft",
        "intent": "proposal",
        "subject": plan_subject(answer),
        "action": [
            {
                "title": title,
                "selectionBehavior": behaviour,
                "action": [_action(n, option, answer, writing) for n, option in group],
            }
            for title, behaviour, group in groups
            if group
        ],
    }


def _action(number: int, option: Option, answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    rule = option.rule
    return {
        "prefix": str(number),
        "title": rule.name,
        "code": [writing.systems.concept("her2-regimen", rule.regimen)],
        "resource": {"reference": answer.address("option", code_of(rule.regimen))},
    }
