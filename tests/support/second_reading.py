"""The specification read a second time: what is known of a patient, and what follows from it.

Nothing here is the service's own evaluation. Conditions are the tables' text, read with Python's
parser; facts are laid over one another as regimens.md section 9 and interfaces.md say: what the
caller states, what a stated setting makes known, what the record says, what follows from the
meaning of the facts, and what a complete history denies.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, cached_property

from service.core.facts import FactValue, Stretch
from service.core.suggestion import Option, Suggestion
from service.fhir.answer import Edition, Writing
from service.fhir.systems import Systems
from tests.support.cases import library
from tests.support.random_patients import (
    DISCORDANT,
    EVENTS,
    LOST,
    OF_DRUGS,
    UNREADABLE,
    Patient,
    cells,
    patients,
)

Known = Mapping[str, FactValue]
Truth = bool | None

PENDING = ("EQUIVOCAL_PENDING", "INDETERMINATE", "NOT_TESTED")
KEY_AGENTS = (
    *("trastuzumab deruxtecan", "trastuzumab emtansine", "tucatinib", "lapatinib"),
    *("neratinib", "pyrotinib", "margetuximab", "inetetamab"),
)
ANTI_HER2 = ("trastuzumab", "pertuzumab", *KEY_AGENTS)
EARLY = (
    *("NEOADJUVANT", "ADJUVANT_UPFRONT", "POST_NEOADJ_PCR", "POST_NEOADJ_RESIDUAL"),
    *("EXTENDED_ADJUVANT", "EARLY_ON_TREATMENT", "FOLLOW_UP"),
)
#: Settings whose condition leaves several ways open in which it may hold.
SEVERAL_WAYS = ("MBC_AFTER_CHEMO", "MBC_2L", "EARLY_ON_TREATMENT")
#: Where a drug is never suggested, asked for or not (section 1.3, N18).
_ONLY_IN = {"pyrotinib": ("cn",), "inetetamab": ("cn",), "margetuximab": ("us", "cn")}
_PRIOR = tuple(name for name in EVENTS if name.startswith("prior_") and name != "prior_systemic")


# Conditions


@cache
def condition(text: str) -> Callable[[Known], Truth]:
    """A condition as a function of what is known: true, false, or None for not known."""
    return _read(ast.parse(text.strip(), mode="eval").body)


@cache
def names(text: str) -> frozenset[str]:
    """The facts that a condition names."""
    nodes = ast.walk(ast.parse(text.strip(), mode="eval"))
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def _read(node: ast.expr) -> Callable[[Known], Truth]:
    match node:
        case ast.Constant(value=True):
            return lambda known: True
        case ast.Name(id=name):
            return lambda known: known.get(name)  # type: ignore[return-value]
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return _denied(_read(part))
        case ast.BoolOp(op=op, values=parts):
            decides = isinstance(op, ast.Or)
            return _joined([_read(part) for part in parts], decides)
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=to)]):
            return _compared(name, op, to if isinstance(to, str) else Decimal(str(to)))
    raise ValueError(ast.dump(node))


def _denied(part: Callable[[Known], Truth]) -> Callable[[Known], Truth]:
    def denied(known: Known) -> Truth:
        value = part(known)
        return None if value is None else not value

    return denied


def _joined(parts: list[Callable[[Known], Truth]], decides: bool) -> Callable[[Known], Truth]:
    """One part decides when it is true (`or`) or false (`and`)."""

    def joined(known: Known) -> Truth:
        open_ = False
        for part in parts:
            value = part(known)
            if value is decides:
                return decides
            open_ = open_ or value is None
        return None if open_ else not decides

    return joined


def _compared(name: str, op: ast.cmpop, to: Decimal | str) -> Callable[[Known], Truth]:
    def compared(known: Known) -> Truth:
        value = known.get(name)
        if value is None:
            return None
        if isinstance(to, str):
            # A stated setting may say which letter it is not; no table does.
            return (value == to) is isinstance(op, ast.Eq)
        least, most = ends(value)
        match op:
            case ast.Gt() | ast.LtE():
                above = True if least > (to, 0) else False if most <= (to, 0) else None
                return above if isinstance(op, ast.Gt) or above is None else not above
            case ast.GtE() | ast.Lt():
                reaches = True if least >= (to, 0) else False if most < (to, 0) else None
                return reaches if isinstance(op, ast.GtE) or reaches is None else not reaches
            case ast.Eq() | ast.NotEq():
                same = least == most == (to, 0)
                apart = least > (to, 0) or most < (to, 0)
                is_it = True if same else False if apart else None
                return is_it if isinstance(op, ast.Eq) or is_it is None else not is_it
        raise ValueError(op)

    return compared


def ends(value: FactValue) -> tuple[tuple[Decimal, int], tuple[Decimal, int]]:
    """The least and the most it may be; an end that is left out lies a shade inside."""
    if isinstance(value, Stretch):
        high = Decimal("Infinity") if value.high is None else value.high
        least = (value.low, 0 if value.includes_low else 1)
        return least, (high, 0 if value.includes_high else -1)
    assert isinstance(value, int | Decimal)
    return (Decimal(value), 0), (Decimal(value), 0)


def may_be_the_same(one: FactValue, other: FactValue) -> bool:
    """Two sayings that can both be true of a patient."""
    if isinstance(one, bool | str) or isinstance(other, bool | str):
        return one is other or (isinstance(one, str) and one == other)
    (low, high), (least, most) = ends(one), ends(other)
    return low <= most and least <= high


# What is known


@dataclass(frozen=True)
class Facts:
    """What is known of a patient. contradicted: something is said against the stated setting."""

    values: dict[str, FactValue]
    contradicted: bool

    def says(self, text: str) -> Truth:
        """What is known makes of a condition."""
        return condition(text)(self.values)


def facts_of(patient: Patient, with_setting: bool = True) -> Facts:
    """What is known of a patient, with or without what the stated setting says."""
    known: dict[str, FactValue] = dict(patient.stated)
    contradicted = False
    row = setting_row(patient.setting, patient.category) if with_setting else None
    for name, value in _made_known(row["when"]).items() if row else ():
        said = patient.stated.get(name, patient.recorded.get(name))
        contradicted = contradicted or (said is not None and not may_be_the_same(said, value))
        if name not in known:
            recorded = patient.recorded.get(name)
            narrower = recorded is not None and may_be_the_same(recorded, value)
            known[name] = recorded if narrower and recorded is not None else value
    drops = _of_another_line(known, patient)
    for name, value in patient.recorded.items():
        if (name, value) not in drops:
            known.setdefault(name, value)
    for name, value in _assessed(patient).items():
        known.setdefault(name, value)
    _follow(known, patient)
    if patient.complete:
        least = dict(known)
        _follow(least, patient, _AT_LEAST)
        for name, value in EVENTS.items():
            if name not in patient.open and name not in least:
                known.setdefault(name, value)
        _follow(known, patient)
    _follow(known, patient, _AT_LEAST)
    if condition("pN == 0 or pN >= 2")(known):
        known["pN1mi"] = False  # as soon as another N category is stated
    return Facts(known, contradicted)


def setting_row(name: str, category: str) -> dict[str, str] | None:
    """The line of settings.csv for a setting and a category."""
    return next((r for r in setting_rows(category) if r["setting"] == name), None)


@cache
def setting_rows(category: str) -> tuple[dict[str, str], ...]:
    """The lines of settings.csv that a category reads, in order."""
    fits = [
        row
        for row in cells("settings")
        if row["her2_category"] == "ANY" or category in row["her2_category"].split(";")
    ]
    return tuple(sorted(fits, key=lambda row: int(row["order"])))


@cache
def _made_known(text: str) -> dict[str, FactValue]:
    """The conjuncts of a setting's condition; what stands in an `or` is left open."""
    node = ast.parse(text, mode="eval").body
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]
    known: dict[str, FactValue] = {}
    for part in parts:
        match part:
            case ast.Name(id=name):
                known[name] = True
            case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
                known[name] = False
            case ast.Compare(
                left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=to)]
            ):
                number = Decimal(str(to))
                if isinstance(op, ast.Eq):
                    known[name] = number
                elif isinstance(op, ast.GtE):
                    known[name] = Stretch(number, None, includes_low=True)
                elif isinstance(op, ast.LtE):
                    known[name] = Stretch(Decimal(0), number, includes_low=True)
    return known


def _of_another_line(known: Known, patient: Patient) -> set[tuple[str, FactValue]]:
    """What the record says of its last line and is not of the patient's.

    Where it counts other lines than are stated: what would let a new line begin. That a line runs
    and has not progressed is believed, which is safer.
    """
    lines, recorded = known.get("n_mbc_her2_lines"), patient.recorded.get("n_mbc_her2_lines")
    if lines is None and patient.setting == "MBC_2L":
        lines = Stretch(Decimal(0), Decimal(1), includes_low=True)
    if lines is None:
        return set()
    lets: set[tuple[str, FactValue]] = {("progressed", True), ("on_active_line", False)}
    if recorded is None:
        return set() if lines == 0 else lets
    return set() if may_be_the_same(lines, recorded) else lets


def _assessed(patient: Patient) -> dict[str, FactValue]:
    flags = patient.flags
    return {
        "her2_positive": patient.category == "POSITIVE",
        "her2_pending": patient.category in PENDING or UNREADABLE in flags,
        "discordant_assay": any(flag in flags for flag in DISCORDANT[:2]),
        "histology_discordant": DISCORDANT[2] in flags,
        "her2_lost_in_latest_metastasis": LOST in flags,
        "jurisdiction_eu": patient.jurisdiction == "eu",
        "history_complete": patient.complete,
    }


#: condition -> what follows by the meaning of the facts (section 9; B04, B05, B09 facts_from).
_MEANING: tuple[tuple[str, dict[str, FactValue]], ...] = (
    (
        "not prior_systemic",
        {
            **dict.fromkeys(_PRIOR, False),
            **dict.fromkeys(("neoadjuvant_given", "adj_her2_given", "postop_her2_started"), False),
            **dict.fromkeys(("on_active_line", "chemo_mbc", "rec_within6_adj_chemo"), False),
            **dict.fromkeys(("n_mbc_her2_lines", "n_her2_regimens", "et_lines_mbc"), 0),
            "induction_thp": False,
        },
    ),
    (
        "neoadjuvant_given or adj_her2_given or on_active_line or chemo_mbc "
        "or n_mbc_her2_lines >= 1 or et_lines_mbc >= 1",
        {"prior_systemic": True},
    ),
    ("not adj_her2_given", {"adj_her2_complete": False, "postop_her2_started": False}),
    ("adj_her2_complete or postop_her2_started", {"adj_her2_given": True}),
    ("postop_her2_started", {"surgery_done": True}),
    ("not surgery_done", {"postop_her2_started": False}),
    ("metastatic", {"invasive": True}),
    ("invasive", {"in_situ_only": False}),
    ("in_situ_only", {"invasive": False}),
    ("ypN >= 1", {"ypInvasive": True}),
    ("cN >= 1", {"start_node_positive": True}),
    ("cN == 0", {"start_node_positive": False}),
    ("cT >= 2 or cN >= 1 or pN >= 1", {"high_risk_stage": True}),
    ("pT_cm > 0.1", {"pT1mic": False, "pT4": False}),
    ("pN == 0 or pN >= 2", {"pN1mi": False}),
    ("pN1mi", {"pN": 1}),
    ("induction_thp", dict.fromkeys(("prior_trastuzumab", "prior_pertuzumab"), True)),
    ("induction_thp", {"prior_taxane": True}),
    ("n_mbc_her2_lines == 0", {"induction_thp": False}),
    ("et_lines_mbc == 0", {"progressed_on_et": False}),
    ("cns_only_progression", {"progressed": True}),
    ("n_mbc_her2_lines == 0 and not adj_her2_given", {"n_her2_regimens": 0}),
    ("n_mbc_her2_lines == 1 and not adj_her2_given", {"n_her2_regimens": 1}),
    ("sex_male", {"pregnant": False, "pregnancy_possible": False, "lactating": False}),
    ("alt_xuln <= 2.5 and ast_xuln <= 2.5 and bilirubin_xuln <= 1.5", {"child_pugh": "not C"}),
)
#: As above, of numbers of which no more than the least follows: after all else.
_AT_LEAST: tuple[tuple[str, dict[str, FactValue]], ...] = (
    (
        "n_mbc_her2_lines >= 2 or (n_mbc_her2_lines >= 1 and adj_her2_given)",
        {"n_her2_regimens": Stretch(Decimal(2), None, includes_low=True)},
    ),
    (
        "n_mbc_her2_lines >= 1",
        {"n_her2_regimens": Stretch(Decimal(1), None, includes_low=True)},
    ),
)


def _follow(
    known: dict[str, FactValue],
    patient: Patient,
    meaning: tuple[tuple[str, dict[str, FactValue]], ...] = _MEANING,
) -> None:
    for _ in meaning:
        before = len(known)
        for text, facts in meaning:
            if all(name in known for name in facts) or condition(text)(known) is not True:
                continue
            for name, value in facts.items():
                if name not in patient.open:
                    known.setdefault(name, value)
        if len(known) == before:
            return


# A patient and what is suggested


@dataclass(frozen=True)
class Case:
    """A patient, and what the service suggests."""

    patient: Patient
    suggestion: Suggestion

    @cached_property
    def known(self) -> Facts:
        """What is known, the stated setting included."""
        return facts_of(self.patient)

    @cached_property
    def known_of_newest(self) -> Facts:
        """What is known when the newest sample decides: a setting is derived anew."""
        return facts_of(self.patient, with_setting=False)

    def facts(self, option: Option) -> Facts:
        """What is known where an option comes from."""
        own = self.patient.category in option.rule.categories
        return self.known if own else self.known_of_newest

    def says(self, text: str) -> Truth:
        """What is known makes of a condition."""
        return self.known.says(text)

    def of(self, option: Option, text: str) -> Truth:
        """What is known of the patient and the rule makes of a condition."""
        facts = self.facts(option)
        if names(text).isdisjoint(_ABOUT_RULES):
            return facts.says(text)
        return condition(text)({**facts.values, **self.about(option)})

    def about(self, option: Option) -> dict[str, FactValue]:
        """The facts about a rule: sections 1.3 and 9."""
        patient, rule = self.patient, option.rule
        drugs = [c.drug for c in rule.components]
        here = patient.jurisdiction in rule.jurisdictions and not rule.label.startswith("off-label")
        allowed = all(patient.jurisdiction in _ONLY_IN[d] for d in drugs if d in _ONLY_IN)
        if "neratinib" in drugs and rule.hr_status == "NEGATIVE":
            allowed = allowed and patient.jurisdiction != "eu"  # N11
        known: dict[str, FactValue] = {
            "row_is_tdxd_low": set(rule.categories) <= {"LOW", "ULTRALOW"},
            "authorised_here": here,
            "include_off_label": patient.off_label and allowed,
        }
        fixed = [c.drug for c in rule.components if not c.choice]
        for name in OF_DRUGS:
            of = fixed if not name.startswith("key") else [d for d in fixed if d in KEY_AGENTS]
            told = [self.told(name, drug) for drug in of]
            if name.startswith("key") and not of:
                known[name] = False
            elif name in patient.stated:
                known[name] = patient.stated[name]
            elif True in told:
                known[name] = True
            elif told and None not in told:
                known[name] = False
        return known

    def told(self, name: str, drug: str) -> Truth:
        """What the record says of one drug."""
        said = {f.value for f in self.patient.of_drugs if f.name == name and f.drug == drug}
        return True if True in said else False if said else None


def cases(seed: int, count: int) -> list[Case]:
    """So many invented patients of a seed, each with what is suggested."""
    return [Case(patient, patient.suggestion) for patient in patients(seed, count)]


_ABOUT_RULES = frozenset({*OF_DRUGS, "row_is_tdxd_low", "authorised_here", "include_off_label"})


def writing() -> Writing:
    """How plans are written, for tests of what they say."""
    library_ = library()
    today = date(2026, 11, 22)
    return Writing(
        systems=Systems("https://her2.example/fhir"),
        words=library_.words,
        codes=library_.codes,
        therapy=library_.regimens,
        drugs=library_.drugs,
        jurisdiction="us",
        edition=Edition(library_.guideline_on(today), "therapy|2026.05"),
        as_of=today,
        recorded=datetime(2026, 11, 22, tzinfo=UTC),
    )


def drugs_of(option: Option) -> set[str]:
    """The drugs that an option leaves to be given."""
    return {component.drug for component in option.components}


def wrongs(cases: Iterable[Case], wrong: Callable[[Case], object]) -> str:
    """How many cases are wrong, and one of them without all that does not matter; else empty."""
    found = [case for case in cases if wrong(case)]
    if not found:
        return ""
    case = _smallest(min(found, key=lambda c: len(_said(c.patient))), wrong)
    return f"{len(found)} wrong, as of {case.patient}: {wrong(case)}"


def _said(patient: Patient) -> list[object]:
    return [*patient.stated, *patient.recorded, *patient.of_drugs, *patient.flags]


def _smallest(case: Case, wrong: Callable[[Case], object]) -> Case:
    """The case with everything left out without which it is wrong as well."""
    found = True
    while found:
        found = False
        for patient in _smaller(case.patient):
            less = Case(patient, patient.suggestion)
            if wrong(less):
                case, found = less, True
                break
    return case


def _smaller(patient: Patient) -> Iterable[Patient]:
    plain: dict[str, object] = {"complete": False, "setting": "", "off_label": False}
    plain |= {"open": frozenset(), "of_drugs": (), "flags": ()}
    for name, value in plain.items():
        if getattr(patient, name) != value:
            yield replace(patient, **{name: value})
    for name in patient.stated:
        yield replace(patient, stated={k: v for k, v in patient.stated.items() if k != name})
    for name in patient.recorded:
        yield replace(patient, recorded={k: v for k, v in patient.recorded.items() if k != name})
    for fact in patient.of_drugs:
        yield replace(patient, of_drugs=tuple(f for f in patient.of_drugs if f is not fact))


def option_said(option: Option) -> str:
    """An option in one line."""
    holds = [stop.blocker.id for stop in option.holds]
    drugs = sorted(drugs_of(option))
    return f"{option.rule.id} {option.status} {drugs} holds {holds} missing {option.missing}"
