"""Reading a therapy edition: `edition.yaml` and the tables beside it, checked as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from itertools import product
from typing import Any

from marshmallow import Schema, fields, validate

from service.core.assessment import Category
from service.core.drug import Drug
from service.core.drug_facts import Jurisdiction, Scope
from service.core.errors import KnowledgeError
from service.core.facts import FactKind
from service.core.guideline import Source
from service.core.plan_kind import PlanKind
from service.core.regimen import HrStatus, Partner, Rank, Rule
from service.core.therapy_edition import ANY, ANY_EARLY, Contested, Setting, Therapy
from service.core.words import Words
from service.knowledge import therapy_tables as tables
from service.knowledge.allergens import read_allergens, without_itself
from service.knowledge.regimens import Known, read_rules
from service.knowledge.yaml_file import load_yaml


@dataclass(frozen=True, slots=True)
class TherapyEdition:
    """The therapy and label edition: `therapy|2026.05`."""

    identity: str
    version: str
    title: str
    start: date
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadTherapy:
    """An edition and its tables."""

    edition: TherapyEdition
    therapy: Therapy


_SOME = validate.Length(min=1)


class _Source(Schema):
    name = fields.String(required=True, validate=_SOME)
    note = fields.String(required=True, validate=_SOME)


class _Contested(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9-]+\Z"))
    question = fields.String(required=True, validate=_SOME)
    default = fields.String(required=True, validate=_SOME)
    alternatives = fields.List(fields.String(), required=True, validate=_SOME)
    stands_in = fields.List(fields.String(), required=True, validate=_SOME)


class _Edition(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9-]+\Z"))
    version = fields.String(required=True, validate=_SOME)
    title = fields.String(required=True, validate=_SOME)
    start = fields.Date(required=True, data_key="from")
    sources = fields.List(fields.Nested(_Source), required=True, validate=_SOME)
    plan_kinds = fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.OneOf(list(PlanKind)))
    )
    instead = fields.Dict(keys=fields.String(), values=fields.String())
    confined = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Enum(Jurisdiction, by_value=True))
    )
    unanswered = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Enum(Category, by_value=True))
    )
    key_agents = fields.List(fields.String())
    conjugates = fields.List(fields.String())
    whatever_the_drug = fields.List(fields.String())
    contested = fields.List(fields.Nested(_Contested))


def read_therapy(
    folder: Traversable, partners_file: Traversable, drugs: Iterable[Drug], words: Words
) -> ReadTherapy:
    """The edition in the folder; KnowledgeError, with its place, on anything that is not whole."""
    said = load_yaml(folder / "edition.yaml", _Edition())
    kinds = {name: fact.kind for name, fact in words.facts.items()}
    records = {drug.id: drug for drug in drugs}
    partners = tables.read_partners(partners_file)
    names = _drug_names(records.values(), partners, partners_file.name)
    settings = tables.read_settings(folder / "settings.csv", kinds, words.flags)
    blockers = tables.read_blockers(folder / "blockers.csv", kinds)
    workup = tables.read_workup(folder / "workup.csv", kinds, blockers)
    monitoring = tables.read_monitoring(folder / "monitoring.csv")
    known = Known(
        facts=kinds,
        settings={setting.name for setting in settings},
        blockers=blockers,
        workup=workup,
        monitoring=monitoring,
        flags=words.flags,
        drugs=names,
    )
    therapy = Therapy(
        rules=read_rules(folder / "regimens.csv", folder / "components.csv", known),
        blockers=blockers,
        interactions=tables.read_interactions(folder / "interactions.csv", names),
        allergens=read_allergens(folder / "allergens.csv", names),
        workup=workup,
        monitoring=monitoring,
        settings=settings,
        partners=partners,
        products=tables.read_products(folder / "rxnorm_map.csv", records),
        phrases=tables.read_phrases(folder / "phrases.csv", kinds),
        plan_kinds=said.get("plan_kinds", {}),
        instead=said.get("instead", {}),
        confined={drug: tuple(where) for drug, where in said.get("confined", {}).items()},
        contested=_contested(said.get("contested", ())),
        unanswered={name: tuple(of) for name, of in said.get("unanswered", {}).items()},
        follows=tables.read_follows(folder / "follows.csv", kinds),
        key_agents=tuple(said.get("key_agents", ())),
        conjugates=tuple(said.get("conjugates", ())),
        whatever_the_drug=tuple(said.get("whatever_the_drug", ())),
    )
    faults = [*_unused(therapy), *_unsaid(therapy, kinds), *_loose(therapy)]
    faults += [fault for rule in therapy.rules.values() for fault in _misplaced(rule, settings)]
    faults += [fault for rule in therapy.rules.values() for fault in _unauthorised(rule, records)]
    faults += [
        *_misnamed(therapy),
        *_strayed(therapy),
        *_two_of_one_code(therapy),
        *_unanswered(therapy),
    ]
    if faults:
        raise KnowledgeError("\n".join(faults))
    sources = tuple(Source(f"{s['name']}: {s['note']}") for s in said["sources"])
    edition = TherapyEdition(said["id"], said["version"], said["title"], said["start"], sources)
    return ReadTherapy(edition, therapy)


def _drug_names(
    records: Iterable[Drug], partners: Mapping[str, Partner], file: str
) -> dict[str, str]:
    """Name -> id of its record, empty for a partner; a biosimilar shares its original's name."""
    names = {drug.inn: drug.id for drug in records if drug.biosimilar_of is None}
    if both := sorted(set(names) & set(partners)):
        raise KnowledgeError(f"{file}: {', '.join(both)} has a drug record: it is no partner drug")
    return {**names, **dict.fromkeys(partners, "")}


def _contested(said: Iterable[Mapping[str, Any]]) -> dict[str, Contested]:
    choices: dict[str, Contested] = {}
    for choice in said:
        if choice["id"] in choices:
            raise KnowledgeError(f"edition.yaml: contested: {choice['id']} stands twice")
        choices[choice["id"]] = Contested(
            choice["id"],
            choice["question"],
            choice["default"],
            tuple(choice["alternatives"]),
            tuple(choice["stands_in"]),
        )
    return choices


def _unused(therapy: Therapy) -> Iterable[str]:
    """Every blocker, work-up, monitoring and partner is somewhere used."""
    rules = therapy.rules.values()
    drugs = {component.drug for rule in rules for component in rule.components}
    members = {m for drug in drugs & {*therapy.partners} for m in therapy.partners[drug].members}
    kinds = (
        ("partners.csv", therapy.partners, drugs | members),
        ("blockers.csv", therapy.blockers, {b for rule in rules for b in rule.blockers}),
        ("workup.csv", therapy.workup, {w for rule in rules for w in rule.workup}),
        ("monitoring.csv", therapy.monitoring, {m for rule in rules for m in rule.monitoring}),
    )
    for file, rows, used in kinds:
        yield from (f"{file}: no rule uses {row}" for row in rows if row not in used)
    for interaction in therapy.interactions:
        if interaction.drug not in drugs:
            yield f"interactions.csv: no rule has the drug {interaction.drug}"
    yield from without_itself(therapy.allergens, sorted(drugs | members))


def _unsaid(therapy: Therapy, kinds: Mapping[str, FactKind]) -> Iterable[str]:
    """Every fact has a phrase, and every sentence rule a kind of plan or another setting."""
    yield from (
        f"phrases.csv: no phrase for {name}" for name in kinds if name not in therapy.phrases
    )
    kinds_of_plan = {*therapy.plan_kinds, *therapy.instead}
    sentences = {r.regimen for r in therapy.rules.values() if r.rank is Rank.NONE}
    regimens = {r.regimen for r in therapy.rules.values() if r.rank is not Rank.NONE}
    for code in sorted(sentences - kinds_of_plan):
        yield f"edition.yaml: plan_kinds: nothing is said of {code}"
    for code in sorted(kinds_of_plan - sentences):
        yield f"edition.yaml: plan_kinds and instead: no sentence has the code {code}"
    yield from (
        f"regimens.csv: {code} is a regimen and a sentence" for code in sorted(sentences & regimens)
    )


def _loose(therapy: Therapy) -> Iterable[str]:
    """The names in edition.yaml stand in the tables."""
    known = {*therapy.rules, *therapy.blockers, *therapy.monitoring, *therapy.setting_names}
    for choice in therapy.contested.values():
        for name in choice.stands_in:
            if name not in known:
                yield f"edition.yaml: contested: {choice.id}: {name} is not known"
    for name in (*therapy.instead.values(), *therapy.unanswered):
        if name not in therapy.setting_names:
            yield f"edition.yaml: the setting {name} is not known"


def _misplaced(rule: Rule, settings: Iterable[Setting]) -> Iterable[str]:
    """A rule's categories are among those for which its setting can be reached."""
    if rule.setting in (ANY, ANY_EARLY):
        return
    reached = {c for s in settings if s.name == rule.setting for c in s.categories}
    for category in rule.categories:
        if category not in reached:
            yield f"regimens.csv rule {rule.id}: {rule.setting} is never the setting of {category}"


def _unauthorised(rule: Rule, records: Mapping[str, Drug]) -> Iterable[str]:
    """A rule's anti-HER2 drugs are for breast cancer, and authorised where the rule holds.

    An off-label rule names where the use is known; the drug itself may not be authorised there.
    """
    for component in rule.components:
        drug = records.get(component.record)
        if drug is None:
            continue
        if drug.in_scope is Scope.NO:
            yield f"components.csv rule {rule.id}: {drug.inn} is not for breast cancer"
        for jurisdiction in rule.jurisdictions:
            if not rule.off_label and jurisdiction not in drug.authorised_in:
                yield (
                    f"regimens.csv rule {rule.id}: {drug.inn} is not authorised in {jurisdiction}"
                )


def _misnamed(therapy: Therapy) -> Iterable[str]:
    """What the edition lists by name is a drug of a rule, or a blocker."""
    for key, names, known in (
        ("key_agents", therapy.key_agents, therapy.drugs),
        ("conjugates", therapy.conjugates, therapy.drugs),
        ("whatever_the_drug", therapy.whatever_the_drug, therapy.blockers),
    ):
        yield from (
            f"edition.yaml: {key}: no rule has {name}" for name in names if name not in known
        )


def _strayed(therapy: Therapy) -> Iterable[str]:
    """A confined drug is a drug of some rule, and of no rule elsewhere; a rule is one there is."""
    for drug, where in therapy.confined.items():
        if drug in therapy.rules:
            continue
        rules = [r for r in therapy.rules.values() if drug in {c.drug for c in r.components}]
        if not rules:
            yield f"edition.yaml: confined: no rule has the drug {drug}"
        for rule in rules:
            if not set(rule.jurisdictions) <= set(where):
                yield f"regimens.csv rule {rule.id}: {drug} is confined to {', '.join(where)}"


def _two_of_one_code(therapy: Therapy) -> Iterable[str]:
    """Rules of one regimen code give the same drugs at the same doses."""
    schedules: dict[str, str] = {}
    for rule in therapy.rules.values():
        if schedules.setdefault(rule.regimen, rule.schedule) != rule.schedule:
            yield f"components.csv rule {rule.id}: another rule of {rule.regimen} says otherwise"


def _unanswered(therapy: Therapy) -> Iterable[str]:
    """Every setting and category that can be reached has a rule, unless it says that none stands.

    Add-ons do not count. This is not a proof that some rule is true: then a person decides.
    """
    for setting in therapy.settings:
        for category in setting.categories:
            rules = [
                rule
                for rule in therapy.rules_of(setting.name, category)
                if rule.rank is not Rank.ADD_ON
            ]
            said = category in therapy.unanswered.get(setting.name, ())
            whole = all(
                any(where in r.jurisdictions and r.hr_status in (HrStatus.ANY, hr) for r in rules)
                for where, hr in product(Jurisdiction, (HrStatus.POSITIVE, HrStatus.NEGATIVE))
            )
            if whole is said:
                there = "a rule stands" if said else "not everywhere a rule stands"
                yield f"edition.yaml: unanswered: {there} for {setting.name} and {category}"
