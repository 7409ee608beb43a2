"""Assessment and facts in; plan kind, regimens, holds, exclusions and what is missing out.

The order of regimens.md section 1. A suggestion is a draft for a clinician: nothing here orders,
no dose is computed, and there is always an outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.core.assessment import Category, PatientAssessment
from service.core.fact_book import (
    Conflict,
    FactBook,
    Origin,
    RecordedFacts,
    Said,
    fact_book,
)
from service.core.facts import Facts, FactValue
from service.core.open_work import asked_for, monitored, ordered
from service.core.option_order import in_order
from service.core.plan_kind import PlanKind
from service.core.regimen import Rank, Rule
from service.core.rollup import held, latest_metastasis
from service.core.setting_choice import Found, earlier_row, find_setting, stated_row
from service.core.suggestion import ChosenSetting, Option, Sentence, Status, Suggestion
from service.core.therapy_edition import Setting, Therapy
from service.core.weighing import Request, Scales

TESTING = frozenset({Category.EQUIVOCAL_PENDING, Category.INDETERMINATE, Category.NOT_TESTED})
_RULED_OUT = frozenset(
    {
        Category.NULL,
        Category.ZERO_UNSPECIFIED,
        Category.NEG_IHC_UNKNOWN,
        Category.NOT_APPLICABLE_IN_SITU,
    }
)
#: Categories for which there are regimens.
TREATED = frozenset(Category) - TESTING - _RULED_OUT
#: Categories whose plan rests on more of the record than the HER2 results.
FACTS_MATTER = TREATED | {Category.NOT_APPLICABLE_IN_SITU}
_LOST = "her2_lost_in_latest_metastasis"
#: Flag -> the fact by which a person says that it was reviewed.
_FLAG_FACTS = {
    "DISCORDANT_IHC3_ISHNEG": "discordant_assay",
    "DISCORDANT_IHCNEG_ISHPOS": "discordant_assay",
    "HISTOLOGY_DISCORDANT": "histology_discordant",
    "HER2_LOST_IN_LATEST_METASTASIS": _LOST,
}
_ADC = "adc_unsuitable"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the therapy tables.

    said: by the caller. events: fact -> what a complete history makes of it when nothing is said.
    """

    said: Facts
    recorded: RecordedFacts
    request: Request
    events: Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The rules of one setting, weighed."""

    options: tuple[Option, ...] = ()
    sentences: tuple[Sentence, ...] = ()


def suggest(assessment: PatientAssessment, question: Question, therapy: Therapy) -> Suggestion:
    """The plan; kinds are tried in the order of PlanKind."""
    category, flags = assessment.outcome.category, assessment.outcome.flags
    holds = _held(assessment, question.said.stated)
    if category in TESTING or category in _RULED_OUT:
        kind = PlanKind.NO_HER2_THERAPY
        if category in TESTING:
            kind = PlanKind.TESTING_ONLY
        elif holds or "UNREADABLE_EVIDENCE" in flags:
            kind = PlanKind.REVIEW_FIRST
        said = tuple(Sentence(rule, ()) for rule in _without_setting(therapy, category))
        setting = _in_situ(assessment, question, therapy)
        return Suggestion(kind, setting, sentences=said, holds=holds)
    suggestion = _treated(category, assessment, question, therapy)
    if holds or "UNREADABLE_EVIDENCE" in flags:
        return replace(suggestion, kind=PlanKind.REVIEW_FIRST, holds=holds)
    return suggestion


def _held(assessment: PatientAssessment, stated: Mapping[str, FactValue]) -> tuple[str, ...]:
    """The flags that put drugs on hold, without those that a person has reviewed and denied."""
    return tuple(f for f in held(assessment) if stated.get(_FLAG_FACTS[f]) is not False)


def _without_setting(therapy: Therapy, category: Category) -> Iterable[Rule]:
    """The sentences of a category that is not treated: no setting is needed for them."""
    for rule in therapy.rules.values():
        if rule.rank is Rank.NONE and category in rule.categories:
            yield rule


def _in_situ(assessment: PatientAssessment, question: Question, therapy: Therapy) -> ChosenSetting:
    """The setting of in-situ disease when it is known that there is no other; else none."""
    category = assessment.outcome.category
    if category is not Category.NOT_APPLICABLE_IN_SITU:
        return ChosenSetting()
    book, _ = fact_book(_said(assessment, question), therapy.follows)
    row = next(s for s in therapy.settings if category in s.categories)
    known = book.evaluate(row.condition) is True
    return ChosenSetting(row.name, row.title) if known else ChosenSetting()


def _treated(
    category: Category, assessment: PatientAssessment, question: Question, therapy: Therapy
) -> Suggestion:
    said = _said(assessment, question)
    named = question.said.setting
    row = stated_row(therapy, named, category) if named else None
    book, conflicts = fact_book(said, therapy.follows, row.condition if row else None)
    if named:
        found = Found(row, (), ())
        rather = earlier_row(therapy, row, category, book) if row else ""
        setting = ChosenSetting(named, row.title if row else "", True, rather=rather)
    else:
        found = find_setting(therapy, category, book)
        setting = _derived(found)
    scales = Scales(
        therapy,
        book,
        question.recorded,
        question.request,
        doubts=found.missing if found.row else (),
        contradicted=bool(setting.rather) or _about_the_setting(conflicts),
    )
    weighed = _weigh(scales, setting.name, category) if setting.name else _Weighed()
    instead = next((s for s in weighed.sentences if _is_instead(s, therapy)), None)
    if instead:
        name = therapy.instead[instead.rule.regimen]
        moved = stated_row(therapy, name, category)
        setting = replace(setting, name=name, title=moved.title if moved else "")
        sentences = weighed.sentences
        weighed = _weigh(scales, setting.name, category)
        weighed = replace(weighed, sentences=(*sentences, *weighed.sentences))
    options = [*weighed.options, *_of_the_newest_sample(assessment, said, question, therapy)]
    return _suggestion(setting, weighed.sentences, options, conflicts, found, book, therapy)


def _said(assessment: PatientAssessment, question: Question) -> Said:
    flags, category = assessment.outcome.flags, assessment.outcome.category
    raised = {fact for flag, fact in _FLAG_FACTS.items() if flag in flags}
    assessed: dict[str, FactValue] = {
        "her2_positive": category is Category.POSITIVE,
        "her2_pending": category in TESTING or "UNREADABLE_EVIDENCE" in flags,
        **{fact: fact in raised for fact in _FLAG_FACTS.values()},
        "jurisdiction_eu": question.request.jurisdiction == "eu",
        "history_complete": question.said.history_complete,
    }
    denied = question.events if question.said.history_complete else {}
    return Said(question.said.stated, question.recorded, assessed, denied)


def _derived(found: Found) -> ChosenSetting:
    row = found.row
    return ChosenSetting(
        row.name if row else "", row.title if row else "", stated=False, missing=found.missing
    )


def _about_the_setting(conflicts: Sequence[Conflict]) -> bool:
    return any(Origin.SETTING in (c.used_origin, c.against_origin) for c in conflicts)


def _is_instead(sentence: Sentence, therapy: Therapy) -> bool:
    return sentence.holds and sentence.rule.regimen in therapy.instead


def _weigh(scales: Scales, setting: str, category: Category) -> _Weighed:
    """Every rule of the setting; whether a conjugate is possible is known only at the end."""
    weighed = _weigh_once(scales, setting, category)
    rules = scales.rules(setting, category)
    if scales.book.value(_ADC) is None and any(_ADC in r.condition.facts() for r in rules):
        unsuitable = _no_conjugate(weighed.options, scales.therapy)
        if unsuitable is not None:
            worlds = tuple({**world, _ADC: unsuitable} for world in scales.book.worlds)
            return _weigh_once(replace(scales, book=FactBook(worlds), _known={}), setting, category)
    return weighed


def _weigh_once(scales: Scales, setting: str, category: Category) -> _Weighed:
    options: list[Option] = []
    sentences: list[Sentence] = []
    for rule in scales.rules(setting, category):
        if rule.rank is Rank.NONE:
            sentence = scales.sentence(rule)
            sentences += [sentence] if sentence else []
        else:
            option = scales.option(rule)
            options += [option] if option else []
    return _Weighed(tuple(options), tuple(sentences))


def _no_conjugate(options: Sequence[Option], therapy: Therapy) -> bool | None:
    """True when every conjugate of the setting is excluded by what concerns the drug and not the
    patient; false when one can be given as things stand (regimens.md 9, adc_unsuitable)."""
    conjugates = [
        o for o in options if any(c.drug in therapy.conjugates for c in o.components if c.fixed)
    ]
    if any(o.status is Status.APPLICABLE for o in conjugates):
        return False
    stopped = [
        any(s.blocker.id not in therapy.whatever_the_drug for s in o.against) for o in conjugates
    ]
    return True if stopped and all(stopped) else None


def _of_the_newest_sample(
    assessment: PatientAssessment, said: Said, question: Question, therapy: Therapy
) -> Iterable[Option]:
    """With HER2 lost in the newest metastasis, the regimens of that sample's category: they wait
    for the decision which sample counts (P58, P127)."""
    stated = said.stated.get(_LOST)
    if not said.assessed[_LOST] or stated is False:
        return
    undecided = () if stated else (_LOST,)
    named = question.said.setting
    newest = [latest_metastasis(t.specimens) for t in assessment.tumours]
    for category in sorted({s.category for s in newest if s and s.category in TREATED}):
        if category is Category.POSITIVE:
            continue
        row = stated_row(therapy, named, category) if named else None
        book, _ = fact_book(said, therapy.follows, row.condition if row else None)
        found = Found(row, (), ()) if row else find_setting(therapy, category, book)
        rows: Iterable[Setting] = (found.row,) if found.row else found.doubtful
        for row in rows:
            doubts = found.missing if found.row else book.missing(row.condition)
            scales = Scales(
                therapy, book, question.recorded, question.request, doubts=(*undecided, *doubts)
            )
            yield from _weigh(scales, row.name, category).options


def _suggestion(
    setting: ChosenSetting,
    sentences: tuple[Sentence, ...],
    weighed: Sequence[Option],
    conflicts: tuple[Conflict, ...],
    found: Found,
    book: FactBook,
    therapy: Therapy,
) -> Suggestion:
    every = in_order(weighed)
    excluded = tuple(o for o in every if o.status is Status.EXCLUDED)
    options = tuple(o for o in every if o.status is not Status.EXCLUDED)
    if all(o.add_on for o in options):
        options = ()
    kind = _kind(options, excluded, sentences, therapy)
    flags = [flag for o in options if o.status is not Status.CONDITIONAL for flag in o.rule.flags]
    row = found.row
    if row and row.flag and row.flag_when and book.evaluate(row.flag_when):
        flags.append(row.flag)
    return Suggestion(
        kind=kind,
        setting=setting,
        options=options,
        excluded=excluded,
        sentences=sentences,
        asked=asked_for(setting, options, sentences),
        ordered=ordered(options, book, therapy),
        monitoring=monitored(options, therapy),
        conflicts=conflicts,
        flags=tuple(dict.fromkeys(flags)),
    )


def _kind(
    options: Sequence[Option],
    excluded: Sequence[Option],
    sentences: Sequence[Sentence],
    therapy: Therapy,
) -> PlanKind:
    """The first that fits; an add-on does not count."""
    if any(not o.add_on and o.status is not Status.CONDITIONAL for o in options):
        return PlanKind.THERAPY
    said = {therapy.plan_kinds.get(s.rule.regimen) for s in sentences if s.holds}
    for kind in (PlanKind.REVIEW_FIRST, PlanKind.NO_HER2_THERAPY):
        if kind in said:
            return kind
    if not options and any(not o.add_on for o in excluded):
        return PlanKind.REVIEW_FIRST
    return PlanKind.CLARIFY
