"""The codes of each vocabulary of ours, in the tables' own words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from service.core.assessment import Category
from service.core.condition import Condition
from service.core.facts import FactKind
from service.core.regimen import Rank
from service.core.vocabulary import Term
from service.fhir.definitions.known import Known
from service.fhir.definitions.shape import sentence

_KINDS = {
    FactKind.TRUTH: "true or false",
    FactKind.COUNT: "a whole number",
    FactKind.NUMBER: "a number",
    FactKind.LETTER: "a word or letter",
}
_UNKNOWN = {
    "ignore": "nothing follows",
    "hold": "the drugs wait",
    "inform": "it is told",
}


def terms_of(name: str, known: Known) -> tuple[Term, ...]:
    """The terms of a vocabulary: from its table, else as the vocabulary itself lists them."""
    said = _TABLES.get(name)
    return tuple(said(known)) if said else known.vocabularies.by_name[name].terms


def when(condition: Condition, known: Known) -> str:
    """A condition in plain English."""
    return condition.sentence(known.therapy.phrases)


def _categories(known: Known) -> Iterable[Term]:
    for category, said in known.words.categories.items():
        yield Term(category, said.title, said.note or sentence(said.title))


def _groups(known: Known) -> Iterable[Term]:
    for row in known.guidelines[-1]["dual_probe_groups"].rows:
        group = row.then["group"]
        yield Term(f"GROUP_{group}", f"ISH group {group}", sentence(row.then["sentence"]))


def _steps(known: Known) -> Iterable[Term]:
    for word, step in known.words.next_steps.items():
        yield Term(word, step.text, sentence(step.text))


def _flags(known: Known) -> Iterable[Term]:
    for word, said in known.words.flags.items():
        yield Term(word, said.rstrip("."), said)


def _rules(known: Known) -> Iterable[Term]:
    """A rule of several lines is one term that says them all."""
    lines: dict[str, list[str]] = {}
    for guideline in known.guidelines:
        for table in guideline.tables.values():
            for row in table.rows:
                said = sentence(row.then["sentence"] or row.reference)
                lines.setdefault(row.rule, []).append(f"{said} [{row.reference}]")
    for rule, sentences in lines.items():
        yield Term(rule, rule, " ".join(dict.fromkeys(sentences)))


def _settings(known: Known) -> Iterable[Term]:
    for name in known.therapy.setting_names:
        rows = [setting for setting in known.therapy.settings if setting.name == name]
        said = [f"{_of(row.categories)}: {when(row.condition, known)}." for row in rows]
        notes = [sentence(row.note) for row in rows if row.note]
        yield Term(name, rows[0].title, " ".join([*said, *notes]))


def _of(categories: Collection[str]) -> str:
    if len(categories) == len(Category):
        return "any category"
    return ", ".join(c.lower().replace("_", " ") for c in categories)


def _regimens(known: Known) -> Iterable[Term]:
    """The first name of a code; a sentence says everything that its rules say."""
    rules = known.therapy.rules.values()
    for code in dict.fromkeys(rule.regimen for rule in rules):
        of_code = [rule for rule in rules if rule.regimen == code]
        first = of_code[0]
        if first.rank is Rank.NONE:
            names = dict.fromkeys(rule.name for rule in of_code)
            display = code.replace("-", " ").lower()
            yield Term(code, display, " ".join(sentence(name) for name in names))
        else:
            yield Term(code, first.name, sentence(first.schedule or first.name))


def _blockers(known: Known) -> Iterable[Term]:
    for word, blocker in known.therapy.blockers.items():
        condition = when(blocker.condition, known)
        told = f"Effect: {blocker.effect}, when {condition}; not known: "
        told += f"{_UNKNOWN[blocker.unknown_means]}. Applies to: {blocker.applies_to}."
        yield Term(word, blocker.sentence.rstrip("."), f"{sentence(blocker.sentence)} {told}")


def _kinds(known: Known) -> Iterable[Term]:
    for word, said in known.words.plan_kinds.items():
        yield Term(word, said.title, said.note)


def _facts(known: Known) -> Iterable[Term]:
    for word, fact in known.words.facts.items():
        said = f"The fact {word} ({_KINDS[fact.kind]}): {known.therapy.phrases[word]}."
        yield Term(word, fact.question, said)


def _editions(known: Known) -> Iterable[Term]:
    for guideline in known.guidelines:
        yield Term(guideline.identity, guideline.title, sentence(guideline.title))
    edition = known.therapy_edition
    yield Term(edition.identity, edition.title, sentence(edition.title))


_TABLES: Mapping[str, Callable[[Known], Iterable[Term]]] = {
    "her2-category": _categories,
    "her2-ish-group": _groups,
    "her2-next-step": _steps,
    "her2-flag": _flags,
    "her2-rule": _rules,
    "her2-setting": _settings,
    "her2-regimen": _regimens,
    "her2-blocker": _blockers,
    "her2-plan-kind": _kinds,
    "her2-fact": _facts,
    "her2-edition": _editions,
}
