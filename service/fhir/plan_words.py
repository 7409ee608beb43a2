"""What a plan says in plain sentences: why a regimen is there, on hold, excluded or waiting.

Plain text for narratives, notes and status reasons; the same for every FHIR version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from service.core.blocker import Effect
from service.core.fact_book import Conflict, Origin
from service.core.facts import FactValue, Stretch
from service.core.known_fact import DrugFact, KnownFact
from service.core.suggestion import ChosenSetting, Option, Sentence, Status, Stop
from service.fhir.answer import PatientAnswer, Writing
from service.fhir.systems import code_of

#: How many resources a fact names before it counts the rest.
_NAMED = 3
#: Characters of a number; a quotient that is longer is rounded here, never where it is compared.
_LONGEST = 8
_STATUS = {
    Status.APPLICABLE: "Applicable: what is known meets its conditions.",
    Status.CONDITIONAL: "Conditional: it would fit, depending on facts that are not known",
    Status.ON_HOLD: "On hold: it fits, and the drugs wait until this is solved",
    Status.EXCLUDED: "Excluded",
}


def option_sentences(option: Option, writing: Writing) -> list[str]:
    """Everything about a regimen that a clinician weighs, in order."""
    rule = option.rule
    said = [
        _status(option, writing),
        f"Suggested for: {reason(option, writing)}.",
        f"Rule {rule.id} of the therapy tables ({writing.edition.therapy}). "
        + " ".join(
            f"{name}: {text}."
            for name, text in (
                ("Evidence", rule.evidence),
                ("Guideline", rule.guideline),
                ("Label", rule.label),
                ("Checked", rule.verification),
            )
            if text
        ),
    ]
    if option.off_label:
        said.append(writing.words.sentences["off_label"])
    said += hold_sentences(option, writing)
    said += [f"{s.drug}: left out of the choice. {stop_sentence(s, writing)}" for s in _out(option)]
    said += [stop_sentence(s, writing) for s in option.of(Effect.INFORM, Effect.ORDER) if s.met]
    said += [f"Take note: {rule.warnings}."] if rule.warnings else []
    said += [writing.words.flags[flag] for flag in rule.flags]
    return said + [stop_sentence(s, writing) for s in option.of(Effect.INFORM) if not s.met]


def reason(option: Option, writing: Writing) -> str:
    """The condition of the regimen's rule, and the receptors it asks for, in words."""
    rule = option.rule
    said = rule.condition.sentence(writing.therapy.phrases)
    hormone = {"POSITIVE": "hormone-receptor-positive", "NEGATIVE": "hormone-receptor-negative"}
    parts = [rule.wording.stage or "", "" if said == "always" else said]
    parts.append(hormone.get(rule.hr_status, ""))
    return "; ".join(p for p in parts if p) or "every patient of the setting"


def _status(option: Option, writing: Writing) -> str:
    said = _STATUS[option.status]
    if option.status is Status.CONDITIONAL:
        return f"{said}: {_phrases(option.missing, writing)}."
    if option.status is Status.ON_HOLD:
        return f"{said}: {'; '.join(_once(_short(s) for s in option.holds if not s.drug))}."
    return said


def _short(stop: Stop) -> str:
    return stop.blocker.id if stop.met else f"{stop.blocker.id} (not known)"


def hold_sentences(option: Option, writing: Writing) -> list[str]:
    """Why its drugs wait; none when they do not."""
    said = [writing.words.sentences["contradicted"]] if option.contradicted else []
    return said + [stop_sentence(s, writing) for s in option.holds if not s.drug]


def _out(option: Option) -> list[Stop]:
    return [s for s in option.of(Effect.EXCLUDE, Effect.HOLD) if s.drug]


def stop_sentence(stop: Stop, writing: Writing) -> str:
    """The blocker's sentence; first what is not known, last what the record says of the drug."""
    told = _once(fact.said for fact in stop.told)
    said = stop.blocker.sentence + "".join(f" {_full(t)}" for t in told)
    if stop.met:
        return f"{stop.blocker.id}: {said}"
    lead = "" if stop.effect is Effect.HOLD is stop.blocker.effect else "If so: "
    return f"{stop.blocker.id}: not known: {_phrases(stop.missing, writing)}. {lead}{said}"


def exclusion_sentence(option: Option, writing: Writing) -> str:
    """`taxane + trastuzumab + pertuzumab (M1-02) is excluded. B03: Pregnant: ...`."""
    why = " ".join(stop_sentence(s, writing) for s in option.against)
    return f"{option.rule.name} (rule {option.rule.id}) is excluded. {why}"


def option_line(option: Option, writing: Writing) -> str:
    """One line a regimen, for the plan."""
    rank = code_of(option.rule.rank)
    status = _status(option, writing)
    return f"{option.rule.name} ({rank}, rule {option.rule.id}). {status}"


def sentence_line(sentence: Sentence, writing: Writing) -> str:
    """A rule that is a sentence, with its grounds; or what it waits for."""
    rule = sentence.rule
    grounds = " ".join(writing.therapy.blockers[b].sentence for b in rule.grounds)
    said = f"Rule {rule.id}: {_full(rule.name)}" + (f" {grounds}" if grounds else "")
    if rule.warnings:
        said += f" {_full(rule.warnings)}"
    if sentence.holds:
        return said
    return f"{said} (Depends on: {_phrases(sentence.missing, writing)}.)"


def setting_line(setting: ChosenSetting, writing: Writing) -> str:
    """Which setting was used and who says so, or what would tell."""
    if not setting.name:
        missing = _phrases(setting.missing, writing)
        return f"The treatment setting is not known. It depends on: {missing}." if missing else ""
    how = "stated by the caller" if setting.stated else "derived from what is known"
    said = f"Treatment setting: {setting.title or code_of(setting.name)} ({how})."
    if not setting.title:
        said += f" {writing.words.sentences['no_such_setting']}"
    if setting.rather:
        said += f" What is known fits an earlier setting: {setting.rather}."
    if setting.missing and not setting.stated:
        missing = _phrases(setting.missing, writing)
        said += f" An earlier setting is not ruled out; it depends on: {missing}."
    return said


def conflict_line(conflict: Conflict, writing: Writing) -> str:
    """What contradicts what, and which of the two the answer rests on."""
    phrase = writing.therapy.phrases[conflict.fact]
    one = f"{_said_by(conflict.used_origin)} has {value_text(conflict.used)}"
    other = f"{_said_by(conflict.against_origin)} has {value_text(conflict.against)}"
    return f"Contradiction about {conflict.fact} ({phrase}): {one}, which was used; {other}."


def _said_by(origin: Origin) -> str:
    return "the caller" if origin is Origin.STATED else str(origin)


def stated_line(answer: PatientAnswer) -> str:
    """What the caller stated instead of letting it be derived."""
    facts = answer.facts
    said = [f"setting {code_of(facts.setting)}"] if facts.setting else []
    said += [f"{name} = {value_text(value)}" for name, value in sorted(facts.stated.items())]
    said += ["the history is complete"] if facts.history_complete else []
    return f"Stated by the caller: {', '.join(said)}." if said else ""


def fact_lines(facts: Iterable[KnownFact | DrugFact]) -> list[str]:
    """Each fact with how it follows and the resources that say it, for people to check."""
    return [
        f"{fact.name}{f' ({fact.drug})' if isinstance(fact, DrugFact) else ''} = "
        f"{value_text(fact.value)}: {fact.said}{_sources(fact)}"
        for fact in facts
    ]


def _sources(fact: KnownFact | DrugFact) -> str:
    named = list(dict.fromkeys(source.reference for source in fact.sources))
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f" [{', '.join(named[:_NAMED])}{more}]" if named else ""


def value_text(value: FactValue) -> str:
    """`true`, `58`, `above 0.5, at most 1.0`, `not C`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Stretch):
        low = f"{'at least' if value.includes_low else 'above'} {value.low:f}"
        if value.high is None:
            return low
        return f"{low}, {'at most' if value.includes_high else 'below'} {value.high:f}"
    if isinstance(value, Decimal):
        return f"{value:f}" if len(f"{value:f}") <= _LONGEST else f"about {value:.2f}"
    return str(value)


def _phrases(facts: Sequence[str], writing: Writing) -> str:
    return ", ".join(f"{writing.therapy.phrases[f]} [{f}]" for f in facts)


def _full(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
