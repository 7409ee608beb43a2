"""The therapy tables asked about invented patients, whose facts are simply said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from service.core.assessment import Binary, Category, Outcome, PatientAssessment
from service.core.condition import Condition, parse
from service.core.drug_facts import Jurisdiction
from service.core.fact_book import FactBook, RecordedFacts
from service.core.facts import Facts, FactValue
from service.core.known_fact import DrugFact, KnownFact
from service.core.suggestion import Option, Suggestion
from service.core.therapy import Question, suggest
from service.core.weighing import Request, Scales
from tests.support.cases import library

#: A woman of 60 with all of the work-up done, and nothing in it that stops a drug.
HEALTHY: Mapping[str, FactValue] = {
    "sex_male": False,
    "age": 60,
    "pregnant": False,
    "pregnancy_possible": False,
    "lactating": False,
    "lvef": Decimal(60),
    "lvef_age_days": Decimal(10),
    "heart_failure": False,
    "alt_xuln": Decimal(1),
    "ast_xuln": Decimal(1),
    "bilirubin_xuln": Decimal("0.5"),
    "alp_xuln": Decimal(1),
    "child_pugh": "A",
    "platelets": Decimal(200),
    "anc": Decimal(4),
    "crcl": Decimal(90),
    "hbv_tested": True,
    "hbsag_positive": False,
    "ild_history": False,
    "ild_current": False,
    "dpd_complete_deficiency": False,
    "dpd_partial_deficiency": False,
    "taxane_ok": True,
    "chemo_fit": True,
}


def condition(text: str) -> Condition:
    """A condition over the facts there are."""
    return parse(text, library().fact_kinds, "the test")


def assessment(category: Category = Category.POSITIVE, *flags: str) -> PatientAssessment:
    """A patient of this category; no specimen is needed to say so."""
    return PatientAssessment((), Outcome(category, Binary.POSITIVE, "NONE", flags, ()))


def recorded(
    facts: Mapping[str, FactValue] | None = None,
    open_: Iterable[str] = (),
    of_drugs: Iterable[DrugFact] = (),
) -> RecordedFacts:
    """What a record says, without naming its resources."""
    known = tuple(KnownFact(name, value, (), "") for name, value in (facts or {}).items())
    return RecordedFacts(known, frozenset(open_), tuple(of_drugs))


def of_drug(name: str, drug: str, value: bool = True) -> DrugFact:
    """What a record says of one drug."""
    return DrugFact(name, drug, value, (), "")


def suggested(
    stated: Mapping[str, FactValue] | None = None,
    *,
    setting: str = "",
    who: PatientAssessment | None = None,
    says: RecordedFacts | None = None,
    complete: bool = False,
    jurisdiction: Jurisdiction = Jurisdiction.US,
    off_label: bool = False,
) -> Suggestion:
    """What is suggested; `says` is the record, `complete` that nothing is missing in it."""
    question = Question(
        Facts(stated or {}, setting, complete),
        says or recorded(),
        Request(jurisdiction, off_label),
        library().words.events,
    )
    return suggest(who or assessment(), question, library().regimens)


def scales(
    *worlds: Mapping[str, FactValue],
    says: RecordedFacts | None = None,
    jurisdiction: Jurisdiction = Jurisdiction.US,
    off_label: bool = False,
    doubts: tuple[str, ...] = (),
    contradicted: bool = False,
) -> Scales:
    """Scales for a patient of whom these facts are known, and nothing that follows from them."""
    return Scales(
        library().regimens,
        FactBook(worlds or ({},)),
        says or recorded(),
        Request(jurisdiction, off_label),
        doubts,
        contradicted,
    )


def named(options: Iterable[Option]) -> dict[str, Option]:
    """Options by their regimen."""
    return {option.rule.regimen: option for option in options}


def regimens(options: Iterable[Option]) -> list[str]:
    """The regimens of options, in order."""
    return [option.rule.regimen for option in options]
