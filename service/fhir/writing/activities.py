"""Activities of a CarePlan that are no drugs: tests, facts, work-up, exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.core.assessment import NO_STEP
from service.core.open_work import unsolved
from service.core.regimen import Coded
from service.core.suggestion import Option, Stop
from service.core.work import Ask, Monitoring, WorkUp
from service.fhir.answer import PatientAnswer, Writing
from service.fhir.plan_words import stop_sentence
from service.fhir.references import references_to
from service.fhir.systems import LOINC, SNOMED
from service.fhir.writing.activity import Activity, Concept, Reference

_SYSTEMS = {"loinc": LOINC, "snomed": SNOMED}
#: What both versions let an activity name as its reason.
_REASONS = ("Condition", "Observation", "DiagnosticReport", "DocumentReference")


def service(code: Concept, reasons: Iterable[Reference], coded: Sequence[Concept] = ()) -> Activity:
    """Something to be done that is no drug. reasons: references; coded: reason codes."""
    return Activity("ServiceRequest", code, tuple(reasons), tuple(coded))


def testing(answer: PatientAnswer, writing: Writing) -> Iterable[Activity]:
    """One activity a next step, with every specimen that asks for it; the patient's own last."""
    asked: dict[str, list[str]] = {}
    for assessed in answer.assessment.specimens:
        if assessed.outcome.next_step != NO_STEP:
            address = answer.specimen_address(assessed)
            asked.setdefault(assessed.outcome.next_step, []).append(address)
    rolled_up = answer.assessment.outcome.next_step
    if rolled_up != NO_STEP:
        asked.setdefault(rolled_up, [answer.address("summary")])
    for step, addresses in asked.items():
        said = writing.words.next_steps[step]
        code = writing.systems.concept("her2-next-step", step, said.text)
        order = writing.codes.coding(said.concept) if said.concept else None
        if order:
            coding = {"system": order.system, "code": order.code, "display": order.display}
            code["coding"].append(coding)
        yield service(code, _to(*addresses))


def awaited(answer: PatientAnswer, writing: Writing) -> Iterable[Activity]:
    """What waits although no next step names it: preliminary and unreadable results."""
    specimens, said = answer.assessment.specimens, writing.words.sentences
    for name, concerned in (
        ("awaited", [s for s in specimens if s.awaiting]),
        ("unreadable", [s for s in specimens if s.specimen.unreadable]),
    ):
        if concerned:
            yield service(
                {"text": said[name]}, _to(*(answer.specimen_address(s) for s in concerned))
            )


def missing_facts(answer: PatientAnswer, writing: Writing) -> Iterable[Activity]:
    """A fact that nothing says, and the regimens that wait for it."""
    for asked in answer.suggestion.asked:
        text = writing.words.facts[asked.fact].question
        if asked.fact != "hr_status":
            text += f" (state the fact {asked.fact})"
        code = writing.systems.concept("her2-fact", asked.fact, text)
        waiting = [writing.systems.concept("her2-regimen", code) for code in asked.regimens]
        yield service(code, _to(answer.address("summary")), waiting)


def work_up(answer: PatientAnswer, writing: Writing) -> Iterable[Activity]:
    """The open work-up with the holds it solves, then every hold that a person must solve."""
    suggestion, summary = answer.suggestion, _to(answer.address("summary"))
    for ordered in suggestion.ordered:
        reasons = [_blocker(b, writing) for b in ordered.blockers]
        for code in _concepts(ordered.work_up):
            yield service(code, summary, reasons)
    if any(option.contradicted for option in suggestion.options):
        yield service({"text": writing.words.sentences["contradicted"]}, summary)
    for blocker, sentence in unsolved(suggestion.options, suggestion.ordered):
        code = {"text": f"{writing.words.sentences['solve_first']} {sentence}"}
        yield service(code, summary, [_blocker(blocker, writing)])


def monitoring(answer: PatientAnswer) -> Iterable[Activity]:
    """What is to be watched with any of the regimens."""
    for watched in answer.suggestion.monitoring:
        for code in _concepts(watched):
            yield service(code, _to(answer.address("summary")))


def exclusion(option: Option, answer: PatientAnswer, writing: Writing) -> Activity:
    """A regimen that is not to be given, with every blocker that stops it."""
    rule = option.rule
    sources = references_to(
        located
        for stop in option.against
        for located in answer.sources_of([*_facts_of(stop, answer), *stop.told])
        if located.type in _REASONS
    )
    return Activity(
        kind="",
        code=writing.systems.concept("her2-regimen", rule.regimen, rule.name),
        reasons=(*_to(answer.address("summary")), *sources),
        coded=[_blocker(s.blocker.id, writing, stop_sentence(s, writing)) for s in option.against],
        forbidden=True,
    )


def _facts_of(stop: Stop, answer: PatientAnswer) -> list[Any]:
    """What the record says of the facts of a blocker, where the caller did not state them."""
    names = set(stop.blocker.condition.facts()) - set(answer.facts.stated)
    return [fact for fact in answer.recorded.known if fact.name in names]


def _blocker(blocker: str, writing: Writing, text: str = "") -> Concept:
    return writing.systems.concept("her2-blocker", blocker, text)


def _to(*addresses: str) -> list[dict[str, Any]]:
    return [{"reference": address} for address in addresses]


def _concepts(work: WorkUp | Monitoring) -> Iterable[Concept]:
    """One concept to order, or one for each test; only verified codes are emitted."""
    text = f"{work.what[:1].upper()}{work.what[1:]}: {work.when}"
    if work.ask is Ask.EACH:
        for code in (c for c in work.codes if c.system == "loinc"):
            said = {"text": f"{code.name[:1].upper()}{code.name[1:]}: {work.when}"}
            yield {"coding": [_coding(code)], **said} if code.verified else said
        return
    requests = [c for c in work.codes if c.verified and c.system == "snomed"][:1]
    yield {"coding": [_coding(c) for c in requests], "text": text} if requests else {"text": text}


def _coding(code: Coded) -> dict[str, str]:
    """LOINC without a display: what the table calls it is not LOINC's own long name."""
    coding = {"system": _SYSTEMS[code.system], "code": code.code}
    return coding | ({"display": code.name} if code.system == "snomed" else {})
