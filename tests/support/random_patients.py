"""Invented patients, the same for a seed: what is known of them lies on every side of every bound.

Most begin as a coherent patient of one setting, of whom some things are then changed or forgotten;
the others are anything at all, contradictions among it.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from random import Random

from service.core.assessment import (
    Binary,
    Category,
    Outcome,
    PatientAssessment,
    SpecimenAssessment,
    TumourAssessment,
)
from service.core.drug_facts import Jurisdiction
from service.core.fact_book import RecordedFacts
from service.core.facts import FactKind, Facts, FactValue, Stretch
from service.core.findings import IhcScore, Specimen
from service.core.known_fact import DrugFact, KnownFact
from service.core.suggestion import Suggestion
from service.core.therapy import Question, suggest
from service.core.weighing import Request
from tests.support.cases import library

#: The tables as text.
TABLES = files("service.knowledge") / "therapy" / "2026-05"
OF_DRUGS = (
    "key_agent_progressed",
    "key_agent_stopped_toxicity",
    "allergy_to_component",
    "ddi_avoid",
    "ddi_adjust",
)
LOST = "HER2_LOST_IN_LATEST_METASTASIS"
DISCORDANT = ("DISCORDANT_IHC3_ISHNEG", "DISCORDANT_IHCNEG_ISHPOS", "HISTOLOGY_DISCORDANT")
UNREADABLE = "UNREADABLE_EVIDENCE"
#: Known from the results, the request or the rule; nobody states them.
_NOT_SAID = {
    *("her2_positive", "her2_pending", "row_is_tdxd_low", "authorised_here"),
    *("include_off_label", "jurisdiction_eu", "history_complete"),
}
#: Known from the results too, but a person may say otherwise.
_OF_RESULTS = {"discordant_assay", "histology_discordant", "her2_lost_in_latest_metastasis"}
_CATEGORIES = {
    Category.POSITIVE: 60,
    Category.LOW: 14,
    Category.ULTRALOW: 10,
    Category.ZERO_UNSPECIFIED: 2,
    Category.NEG_IHC_UNKNOWN: 2,
    Category.NULL: 3,
    Category.EQUIVOCAL_PENDING: 2,
    Category.INDETERMINATE: 2,
    Category.NOT_TESTED: 2,
    Category.NOT_APPLICABLE_IN_SITU: 3,
}

Values = Mapping[str, FactValue]


@dataclass(frozen=True)
class Patient:
    """An invented patient and what is asked for.

    newest: category of the newest metastasis where it is no longer positive.
    """

    number: str
    category: Category
    flags: tuple[str, ...]
    stated: Values
    recorded: Values
    of_drugs: tuple[DrugFact, ...]
    setting: str = ""
    complete: bool = False
    jurisdiction: str = "us"
    off_label: bool = False
    open: frozenset[str] = frozenset()
    newest: Category | None = None

    @property
    def assessment(self) -> PatientAssessment:
        outcome = _outcome(self.category, self.flags)
        specimens = [_specimen("primary", outcome)]
        if self.newest:
            specimens.insert(0, _specimen("liver", _outcome(self.newest), metastasis=True))
        tumour = TumourAssessment("left", tuple(specimens), outcome)
        return PatientAssessment((tumour,), outcome)

    @property
    def question(self) -> Question:
        known = tuple(KnownFact(name, value, (), "") for name, value in self.recorded.items())
        return Question(
            Facts(self.stated, self.setting, self.complete),
            RecordedFacts(known, self.open, self.of_drugs),
            Request(Jurisdiction(self.jurisdiction), self.off_label),
            EVENTS,
        )

    @property
    def suggestion(self) -> Suggestion:
        return suggest(self.assessment, self.question, library().regimens)


def _outcome(category: Category, flags: tuple[str, ...] = ()) -> Outcome:
    return Outcome(category, Binary.NONE, "NONE", flags, ())


def _specimen(key: str, outcome: Outcome, metastasis: bool = False) -> SpecimenAssessment:
    specimen = Specimen(key, (), metastasis=metastasis)
    return SpecimenAssessment(specimen, outcome, IhcScore.NOT_DONE)


def cells(table: str) -> list[dict[str, str]]:
    """A table of the therapy edition, line by line, as text."""
    with (TABLES / f"{table}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _conditions() -> list[str]:
    columns = {"settings": "when", "regimens": "when", "blockers": "condition", "follows": "when"}
    return [line[column] for table, column in columns.items() for line in cells(table)]


def _bounds() -> dict[str, set[Decimal]]:
    """Fact -> every number with which some condition compares it."""
    found: dict[str, set[Decimal]] = {}
    for condition in _conditions():
        for node in ast.walk(ast.parse(condition, mode="eval")):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
                (bound,) = node.comparators
                if isinstance(bound, ast.Constant) and isinstance(bound.value, int | float):
                    found.setdefault(node.left.id, set()).add(Decimal(str(bound.value)))
    return found


_FACTS = {name: fact for name, fact in library().words.facts.items() if name not in _NOT_SAID}
#: Event fact -> what a complete history makes of it.
EVENTS: Values = {
    name: False if fact.kind is FactKind.TRUTH else 0 for name, fact in _FACTS.items() if fact.event
}


def _values() -> dict[str, tuple[FactValue, ...]]:
    """Fact -> the values that a patient may have: below, at and above every bound."""
    bounds, values = _bounds(), {}
    for name, fact in _FACTS.items():
        if name in OF_DRUGS:
            continue
        step = Decimal(1) if fact.kind is FactKind.COUNT else Decimal("0.1")
        sides = [b + side for b in bounds.get(name, {Decimal(1)}) for side in (-step, 0, step)]
        match fact.kind:
            case FactKind.TRUTH:
                values[name] = (False, True)
            case FactKind.COUNT:
                values[name] = tuple(sorted({int(s) for s in sides if s >= 0}))
            case FactKind.NUMBER:
                values[name] = tuple(sorted({s for s in sides if s >= 0}))
    return {**values, "child_pugh": tuple("ABC"), "hr_status": ("POSITIVE", "NEGATIVE")}


VALUES = _values()
_STRETCHES: dict[str, tuple[Stretch, ...]] = {
    "pT_cm": tuple(
        Stretch(Decimal(low), Decimal(high))
        for low, high in (
            *(("0", "0.1"), ("0.1", "0.5"), ("0.5", "1.0"), ("1.0", "2.0")),
            *(("0", "2.0"), ("2.0", "5.0"), ("5.0", "30")),
        )
    ),
    "crcl": (
        Stretch(Decimal(0), Decimal(30), includes_low=True, includes_high=False),
        Stretch(Decimal(30), Decimal(45), includes_low=True),
        Stretch(Decimal(45), None),
    ),
}
_DRUGS = tuple(dict.fromkeys(line["drug"] for line in cells("components")))
#: What blockers ask of the patient.
_STOPPING = tuple(
    sorted(
        {
            node.id
            for line in cells("blockers")
            for node in ast.walk(ast.parse(line["condition"], mode="eval"))
            if isinstance(node, ast.Name) and node.id in VALUES
        }
    )
)
_NAMES = tuple(dict.fromkeys(line["setting"] for line in cells("settings")))

_WELL: Values = {
    **dict.fromkeys(
        (
            *("sex_male", "pregnant", "pregnancy_possible", "lactating", "heart_failure"),
            *("ild_history", "ild_current", "dpd_complete_deficiency", "dpd_partial_deficiency"),
            *("hbsag_positive", "anthracycline_concurrent", "hypokalaemia", "oligometastatic"),
            *("dyspnoea_at_rest", "severe_diarrhoea_disorder", "visceral_crisis"),
        ),
        False,
    ),
    **dict.fromkeys(("hbv_tested", "taxane_ok", "chemo_fit", "invasive"), True),
    "age": Decimal(60),
    "lvef": Decimal(60),
    "lvef_age_days": Decimal(10),
    "lvef_drop": Decimal(0),
    "alt_xuln": Decimal(1),
    "ast_xuln": Decimal(1),
    "bilirubin_xuln": Decimal("0.5"),
    "alp_xuln": Decimal(1),
    "platelets": Decimal(200),
    "anc": Decimal(4),
    "crcl": Decimal(90),
    "ecog": Decimal(1),
    "neuropathy_grade": Decimal(0),
    "qtc_ms": Decimal(420),
    "child_pugh": "A",
}
_EARLY = {"metastatic": False, "in_situ_only": False, "local_recurrence": False}
_OPERATED = {**_EARLY, "surgery_done": True, "months_since_surgery": Decimal(1)}
_NEVER = {
    **dict.fromkeys((n for n in EVENTS if n.startswith("prior_")), False),
    **dict.fromkeys(("neoadjuvant_given", "adj_her2_given", "postop_her2_started"), False),
    **dict.fromkeys(("on_active_line", "adj_her2_complete"), False),
}
_AFTER = {
    **_OPERATED,
    **dict.fromkeys(("neoadjuvant_given", "prior_systemic", "prior_trastuzumab"), True),
    **dict.fromkeys(("prior_taxane", "prior_pertuzumab", "adj_her2_given"), True),
    **dict.fromkeys(("postop_her2_started", "on_active_line", "adj_her2_complete"), False),
    **dict.fromkeys(("prior_tdm1", "prior_tdxd", "prior_anthracycline"), False),
}
_ALL_GIVEN = {
    **_OPERATED,
    **dict.fromkeys(("prior_systemic", "prior_trastuzumab", "adj_her2_given"), True),
    **dict.fromkeys(("postop_her2_started", "adj_her2_complete"), True),
    "months_since_surgery": Decimal(15),
    "progressed": False,
}
_SPREAD = {"metastatic": True, "active_brain_mets": False, "adj_her2_given": False}
_LINE = {
    **_NEVER,
    **_SPREAD,
    **dict.fromkeys(("prior_systemic", "prior_trastuzumab", "prior_pertuzumab"), True),
    **dict.fromkeys(("prior_taxane", "progressed"), True),
    "n_mbc_her2_lines": 1,
    "n_her2_regimens": 1,
}
_WORKING = {**_LINE, "on_active_line": True, "progressed": False}
_HORMONE = {
    "metastatic": True,
    "et_lines_mbc": 1,
    "progressed_on_et": True,
    "endocrine_refractory": True,
    "chemo_mbc": False,
    "rec_within6_adj_chemo": False,
    "prior_tdxd": False,
    "on_active_line": False,
    "progressed": True,
    "hr_status": "POSITIVE",
}
_POSITIVE, _LOW = (Category.POSITIVE,), (Category.LOW, Category.ULTRALOW)
#: (categories, what is known), one line a setting or a branch of it.
_BASES: tuple[tuple[tuple[Category, ...], Values], ...] = (
    (_POSITIVE, {**_EARLY, **_NEVER, "surgery_done": False, "cT": 2, "cN": 0}),
    (_POSITIVE, {**_EARLY, **_NEVER, "surgery_done": False, "cT": 3, "cN": 1}),
    (_POSITIVE, {**_EARLY, **_NEVER, "surgery_done": False, "cT": 1, "cN": 0}),
    *(
        (_POSITIVE, {**_OPERATED, **_NEVER, "pT4": False, "pN1mi": False, **found})
        for found in (
            {"pT_cm": Decimal("1.5"), "pN": 0, "pT1mic": False},
            {"pT_cm": Decimal("2.5"), "pN": 0, "pT1mic": False},
            {"pT_cm": Decimal("0.8"), "pN": 0, "pT1mic": False},
            {"pT_cm": Decimal("0.4"), "pN": 0, "pT1mic": False},
            {"pT1mic": True, "pN": 0},
            {"pT_cm": Decimal("3.5"), "pN": 1, "pT1mic": False},
            {"pT_cm": Decimal("1.5"), "pN": 1, "pN1mi": True, "pT1mic": False},
            {"pT_cm": Decimal("2.5"), "pN": 0, "pT1mic": False, "chemo_fit": False},
        )
    ),
    (_POSITIVE, {**_AFTER, "ypInvasive": True, "ypN": 1, "cT": 4, "cN": 1}),
    (_POSITIVE, {**_AFTER, "ypInvasive": True, "ypN": 0, "cT": 2, "cN": 0}),
    (
        _POSITIVE,
        {**_AFTER, "ypInvasive": True, "ypN": 0, "cT": 2, "cN": 0, "prior_trastuzumab": False},
    ),
    (_POSITIVE, {**_AFTER, "ypInvasive": False, "ypN": 0, "cN": 0, "start_node_positive": False}),
    (_POSITIVE, {**_AFTER, "ypInvasive": False, "ypN": 0, "cN": 1, "start_node_positive": True}),
    *(
        (_POSITIVE, {**_ALL_GIVEN, "months_since_trastuzumab_end": Decimal(months), **more})
        for months in (3, 20)
        for more in ({"high_risk_stage": True, "prior_neratinib": False},)
    ),
    (_POSITIVE, {**_ALL_GIVEN, "adj_her2_complete": False, "neoadjuvant_given": False}),
    (_POSITIVE, {**_SPREAD, **_NEVER, "n_mbc_her2_lines": 0, "chemo_mbc": False}),
    *(
        (
            _POSITIVE,
            {
                **_SPREAD,
                "n_mbc_her2_lines": 0,
                "adj_her2_given": True,
                "relapse_months": Decimal(months),
                "prior_trastuzumab": True,
                "prior_taxane": True,
                "prior_tdxd": False,
                "prior_tdm1": False,
                "prior_pyrotinib": False,
                "chemo_mbc": False,
                "on_active_line": False,
                "progressed": True,
            },
        )
        for months in (3, 9, 30)
    ),
    (
        _POSITIVE,
        {**_SPREAD, **_NEVER, "n_mbc_her2_lines": 0, "chemo_mbc": False, "chemo_fit": False},
    ),
    (
        _POSITIVE,
        {**_SPREAD, **_NEVER, "n_mbc_her2_lines": 0, "chemo_mbc": False, "taxane_ok": False},
    ),
    (_POSITIVE, {**_WORKING, "induction_thp": True, "induction_cycles": 6}),
    (_POSITIVE, {**_WORKING, "induction_thp": False, "prior_tdxd": True}),
    (_POSITIVE, _LINE),
    (_POSITIVE, {**_LINE, "on_active_line": True, "progressed": False}),
    (_POSITIVE, {**_LINE, "cns_only_progression": True}),
    (_POSITIVE, {**_LINE, "active_brain_mets": True, "n_her2_regimens": 2, "adj_her2_given": True}),
    (_POSITIVE, {**_LINE, "prior_tdxd": True, "prior_taxane": False}),
    (_POSITIVE, {**_LINE, "n_mbc_her2_lines": 2, "n_her2_regimens": 2, "prior_tdxd": True}),
    (
        _POSITIVE,
        {
            **_LINE,
            "n_mbc_her2_lines": 3,
            "n_her2_regimens": 4,
            "chemo_mbc": True,
            "prior_anthracycline": True,
            "endocrine_refractory": False,
        },
    ),
    (_POSITIVE, {**_EARLY, "local_recurrence": True}),
    (_LOW, {**_EARLY, "surgery_done": False}),
    (_LOW, {"metastatic": True, "chemo_mbc": False, "et_lines_mbc": 0, "prior_tdxd": False}),
    (_LOW, _HORMONE),
    (_LOW, {**_HORMONE, "chemo_mbc": True}),
    (_LOW, {**_HORMONE, "chemo_mbc": True, "et_lines_mbc": 0, "hr_status": "NEGATIVE"}),
    (_LOW, {**_HORMONE, "progressed_on_et": False, "endocrine_refractory": False}),
    (_LOW, {**_HORMONE, "prior_tdxd": True}),
    ((Category.NOT_APPLICABLE_IN_SITU,), {"in_situ_only": True, "metastatic": False}),
)


def patients(seed: int, count: int) -> Iterator[Patient]:
    """So many patients, the same for ever for a seed."""
    random = Random(seed)
    for number in range(count):
        yield _patient(random, f"{seed}/{number}")


def _patient(random: Random, number: str) -> Patient:
    if random.random() < 0.7:
        categories, base = random.choice(_BASES)
        category = random.choice(categories)
        if random.random() < 0.05:
            category = _any_category(random)
        known = _changed(random, base)
        named = 0.15
    else:
        category, known, named = _any_category(random), _anything(random), 0.5
    stated, recorded = _split(random, known)
    lost = category is Category.POSITIVE and random.random() < 0.08
    return Patient(
        number=number,
        category=category,
        flags=_flags(random, category, lost),
        stated=stated,
        recorded=recorded,
        of_drugs=_of_drugs(random),
        setting=_setting(random, known, category) if random.random() < named else "",
        complete=random.random() < 0.5,
        jurisdiction=random.choice(("us", "us", "eu", "cn")),
        off_label=random.random() < 0.3,
        open=frozenset(random.sample(sorted(EVENTS), random.choice((0, 0, 0, 2)))),
        newest=random.choice((Category.LOW, Category.LOW, Category.ULTRALOW)) if lost else None,
    )


def _any_category(random: Random) -> Category:
    return random.choices(tuple(_CATEGORIES), tuple(_CATEGORIES.values()))[0]


def _changed(random: Random, base: Values) -> dict[str, FactValue]:
    """A well patient of a setting of whom something is changed or not known."""
    known: dict[str, FactValue] = {
        **_WELL,
        "hr_status": random.choice(("POSITIVE", "NEGATIVE")),
        **base,
    }
    if known["hr_status"] == "NEGATIVE" and random.random() < 0.2:
        del known["hr_status"]
    forgotten = random.choice((0, 0, 0.03, 0.1, 0.4))
    known = {name: value for name, value in known.items() if random.random() >= forgotten}
    for name in random.sample(sorted(VALUES), random.choice((0, 0, 1, 2, 4, 8))):
        known[name] = random.choice(VALUES[name])
    if random.random() < 0.5:
        name = random.choice(_STOPPING)
        known[name] = random.choice(VALUES[name])
    return known


def _anything(random: Random) -> dict[str, FactValue]:
    said = random.choice((0.1, 0.3, 0.6))
    known: dict[str, FactValue] = {}
    for name, values in VALUES.items():
        if random.random() < said:
            # Mostly what lets a plan get anywhere: the rare events stay rare.
            rare = name in _WELL and random.random() < 0.7
            known[name] = _WELL[name] if rare else random.choice(values)
    return known


def _split(random: Random, known: Values) -> tuple[dict[str, FactValue], dict[str, FactValue]]:
    """What the caller states and what the record says; now and then they differ."""
    share = random.choice((0, 0.2, 0.5, 1))
    stated: dict[str, FactValue] = {}
    recorded: dict[str, FactValue] = {}
    for name, value in known.items():
        (stated if random.random() < share else recorded)[name] = value
    for name in random.sample(sorted(known), min(len(known), random.choice((0, 0, 0, 1, 3)))):
        other = random.choice(VALUES[name])
        (recorded if name in stated else stated)[name] = other
    for name in _OF_RESULTS & recorded.keys():
        del recorded[name]
    for name, stretches in _STRETCHES.items():
        if name in recorded and random.random() < 0.3:
            recorded[name] = random.choice(stretches)
    for name in OF_DRUGS:
        if random.random() < 0.02:
            stated[name] = random.random() < 0.5
    return stated, recorded


def _flags(random: Random, category: Category, lost: bool) -> tuple[str, ...]:
    found = [LOST] if lost else []
    if category in (Category.POSITIVE, *_LOW) and random.random() < 0.06:
        found.append(random.choice(DISCORDANT))
    if random.random() < 0.03:
        found.append(UNREADABLE)
    return tuple(found)


def _of_drugs(random: Random) -> tuple[DrugFact, ...]:
    said = random.choice((0, 0, 0.02, 0.1, 0.4))
    true = random.choice((0.05, 0.3))
    return tuple(
        DrugFact(name, drug, random.random() < true, (), f"{name} of {drug}")
        for name in OF_DRUGS
        for drug in _DRUGS
        if random.random() < said
    )


@cache
def _names_of(category: Category) -> tuple[str, ...]:
    return tuple(
        line["setting"]
        for line in cells("settings")
        if line["her2_category"] == "ANY" or category in line["her2_category"].split(";")
    )


def _setting(random: Random, known: Values, category: Category) -> str:
    """A setting to state: mostly one that could be."""
    names = _names_of(category) if random.random() < 0.9 else _NAMES
    if "metastatic" in known:
        fit = [n for n in names if n.startswith("MBC") is known["metastatic"]]
        names = tuple(fit) if fit and random.random() < 0.9 else names
    return random.choice(names)
