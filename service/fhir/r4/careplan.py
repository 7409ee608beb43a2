"""The CarePlan of one patient: its kind, what to test, what to ask for (interfaces.md, 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.core.assessment import NO_STEP
from service.core.facts import FactKind
from service.core.known_fact import KnownFact
from service.core.therapy import PlanKind
from service.fhir.answer import PatientAnswer, Writing, rows_met, specimen_line
from service.fhir.narrative import narrative
from service.fhir.references import references_to
from service.fhir.systems import code_of

_DECIDE = "Decide on HER2-directed therapy in a multidisciplinary meeting"
#: How many resources a note names before it counts the rest.
_NAMED = 3
_AWAITED = "Wait for the final report of the preliminary HER2 result"
_UNREADABLE = "Send the HER2 result that could not be read in a form that can be read"


def care_plan(answer: PatientAnswer, writing: Writing) -> dict[str, Any]:
    """Never empty: a kind, a note that says why, and an activity for everything that is open."""
    systems, words = writing.systems, writing.words
    suggestion = answer.suggestion
    said = words.plan_kinds[suggestion.kind]
    category = words.categories[answer.assessment.outcome.category]
    title = f"{category.title}: {said.title}"
    activities = [*_testing(answer, writing), *_open(answer), *_facts(answer, writing)]
    notes = [
        said.note,
        category.note,
        *(words.flags[f] for f in suggestion.holds),
        _recorded(answer),
        _stated(answer),
    ]
    identity = answer.id_of("careplan")
    security = answer.evidence.security
    meta: dict[str, Any] = {
        "profile": [systems.profile("her2-careplan")],
        "tag": [systems.derived_tag],
    }
    plan: dict[str, Any] = {
        "resourceType": "CarePlan",
        "id": identity,
        "meta": meta | ({"security": security} if security else {}),
        "text": narrative(
            title,
            [*(n for n in notes if n), "Decision support: requires review by a clinician."],
            [
                *(specimen_line(s, words) for s in answer.assessment.specimens),
                *(a["detail"]["code"]["text"] for a in activities),
                *rows_met([answer.assessment.outcome]),
            ],
        ),
        "identifier": [{"system": systems.derived, "value": identity}],
        "status": "draft",
        "intent": "proposal",
        "category": [systems.concept("her2-plan-kind", suggestion.kind)],
        "title": f"Suggestion - requires clinician review: {title}",
        "subject": dict(answer.evidence.subject.reference or {}),
        "author": systems.device,
    }
    addresses = references_to(
        d.located for d in answer.evidence.diagnoses if d.kind in ("invasive", "in-situ")
    )
    plan |= {"addresses": addresses} if addresses else {}
    plan["supportingInfo"] = [{"reference": answer.urn("summary")}]
    plan |= {"activity": activities} if activities else {}
    plan["note"] = [{"text": " ".join(n for n in notes if n)}]
    return plan


def _recorded(answer: PatientAnswer) -> str:
    """What the record says of the facts a setting rests on, with the resources that say it."""
    said = [
        f"{fact.name} is {str(fact.value).lower()} ({fact.said}; {_sources(fact)})"
        for fact in answer.recorded
        if fact.name not in answer.facts.stated
    ]
    return f"Read from the record: {'; '.join(said)}." if said else ""


def _sources(fact: KnownFact) -> str:
    """The first few resources by name, and how many more there are."""
    named = list(dict.fromkeys(source.reference for source in fact.sources))
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _stated(answer: PatientAnswer) -> str:
    """What the caller stated instead of letting it be derived; the answer says that it was used."""
    facts = answer.facts
    said = [f"setting {code_of(facts.setting)}"] if facts.setting else []
    said += [f"{name} = {str(value).lower()}" for name, value in sorted(facts.stated.items())]
    said += ["the history is complete"] if facts.history_complete else []
    return f"Stated by the caller: {', '.join(said)}." if said else ""


def _testing(answer: PatientAnswer, writing: Writing) -> Iterable[dict[str, Any]]:
    """One activity a next step, with every specimen that asks for it; the patient's own last."""
    asked: dict[str, list[str]] = {}
    for assessed in answer.assessment.specimens:
        if assessed.outcome.next_step != NO_STEP:
            urn = answer.specimen_urn(assessed)
            asked.setdefault(assessed.outcome.next_step, []).append(urn)
    rolled_up = answer.assessment.outcome.next_step
    if rolled_up != NO_STEP:
        asked.setdefault(rolled_up, [answer.urn("summary")])
    for step, reasons in asked.items():
        said = writing.words.next_steps[step]
        code = writing.systems.concept("her2-next-step", step, said.text)
        order = writing.codes.coding(said.concept) if said.concept else None
        if order:
            coding = {"system": order.system, "code": order.code, "display": order.display}
            code["coding"].append(coding)
        yield _activity(code, reasons)


def _open(answer: PatientAnswer) -> Iterable[dict[str, Any]]:
    """What waits although no next step names it: preliminary and unreadable results."""
    for text, concerned in (
        (_AWAITED, [s for s in answer.assessment.specimens if s.awaiting]),
        (_UNREADABLE, [s for s in answer.assessment.specimens if s.specimen.unreadable]),
    ):
        if concerned:
            yield _activity({"text": text}, [answer.specimen_urn(s) for s in concerned])


def _facts(answer: PatientAnswer, writing: Writing) -> Iterable[dict[str, Any]]:
    """A fact that the setting rests on and nothing says is asked for; then people decide."""
    if answer.suggestion.kind is not PlanKind.CLARIFY:
        return
    for name in answer.suggestion.missing:
        fact = writing.words.facts[name]
        asked = fact.meaning if fact.kind is FactKind.TRUTH else f"{fact.meaning}?"
        code = writing.systems.concept("her2-fact", name, f"{asked} (state the fact {name})")
        yield _activity(code, [answer.urn("summary")])
    if not answer.suggestion.missing:
        yield _activity({"text": _DECIDE}, [answer.urn("summary")])


def _activity(code: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    return {
        "detail": {
            "kind": "ServiceRequest",
            "code": code,
            "reasonReference": [{"reference": r} for r in reasons],
            "status": "not-started",
            "doNotPerform": False,
        }
    }
