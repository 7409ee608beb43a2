"""What a plan still asks for: missing facts, open work-up, and what is to be watched."""

from __future__ import annotations

from collections.abc import Sequence

from service.core.blocker import Effect
from service.core.fact_book import FactBook
from service.core.suggestion import Asked, ChosenSetting, Option, Ordered, Sentence, Status
from service.core.therapy_edition import Therapy
from service.core.work import Monitoring, WorkUp

_SOLVES = (Effect.HOLD, Effect.REVIEW, Effect.ORDER)


def asked_for(
    setting: ChosenSetting, options: Sequence[Option], sentences: Sequence[Sentence]
) -> tuple[Asked, ...]:
    """The facts that the setting, conditional regimens and open sentences wait for."""
    waiting: dict[str, list[str]] = {fact: [] for fact in setting.missing}
    for option in options:
        for fact in option.missing:
            waiting.setdefault(fact, []).append(option.rule.regimen)
    if not options:
        for sentence in sentences:
            for fact in sentence.missing:
                waiting.setdefault(fact, [])
    return tuple(Asked(fact, tuple(dict.fromkeys(w))) for fact, w in waiting.items())


def ordered(options: Sequence[Option], book: FactBook, therapy: Therapy) -> tuple[Ordered, ...]:
    """The work-up of the options that is still open, in the order of its table."""
    open_: dict[str, list[str]] = {}
    for option in options:
        for name in option.rule.workup:
            solves = _open(therapy.workup[name], option, book)
            if solves is not None:
                open_.setdefault(name, []).extend(solves)
    return tuple(
        Ordered(work_up, tuple(dict.fromkeys(open_[work_up.id])))
        for work_up in therapy.workup.values()
        if work_up.id in open_
    )


def _open(work_up: WorkUp, option: Option, book: FactBook) -> list[str] | None:
    """The blockers it solves for this regimen; None when it is done."""
    bearing = [s for s in option.stops if s.blocker.id in work_up.blockers]
    solves = [s.blocker.id for s in bearing if s.effect in _SOLVES]
    if solves or work_up.done_when is None or any(not s.met for s in bearing):
        return solves
    asked = [b for b in option.rule.blockers if b in work_up.blockers]
    return None if asked or book.evaluate(work_up.done_when) is True else []


def monitored(options: Sequence[Option], therapy: Therapy) -> tuple[Monitoring, ...]:
    """What is to be watched with any of the options, in the order of its table."""
    names = {name for option in options for name in option.rule.monitoring}
    return tuple(m for m in therapy.monitoring.values() if m.id in names)


def unsolved(options: Sequence[Option], work: Sequence[Ordered]) -> tuple[tuple[str, str], ...]:
    """(blocker id, sentence) of every hold that no open work-up solves: a person decides."""
    solved = {blocker for ordered_ in work for blocker in ordered_.blockers}
    return tuple(
        dict.fromkeys(
            (stop.blocker.id, stop.blocker.sentence)
            for option in options
            if option.status is not Status.EXCLUDED
            for stop in option.holds
            if stop.blocker.id not in solved
        )
    )
