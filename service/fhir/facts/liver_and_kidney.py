"""The liver (B09 and its letters) and creatinine clearance (B10 and its letters).

An unknown Child-Pugh class counts as not C when ALT, AST and bilirubin are known and none is above
2.5, 2.5 and 1.5 times its limit: that is the evaluation's rule (B09); no class is made up here.

Without a clearance an eGFR says on which side of 30 it lies (`filtration_rate.py`).
"""

from __future__ import annotations

import re
from fractions import Fraction

from service.core.known_fact import KnownFact
from service.fhir.entries import Located
from service.fhir.facts.filtration_rate import clearance_from_rate
from service.fhir.facts.measurements import (
    Course,
    Limits,
    Reading,
    conditions,
    day_of,
    in_units,
    limit_of_normal,
    measured,
    newest,
    results,
    stands,
    value_texts,
)
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import concept_texts
from service.fhir.numbers_in_text import plain
from service.fhir.values import value_keys

#: B09, B10: how old these results may be.
LABORATORY_DAYS = 28
#: Fact -> its test, its name in words, and the multiples that B09, B09M, B09D, B09P, B09R compare.
MULTIPLES = {
    "bilirubin_xuln": ("bilirubin", "bilirubin", Limits(("1", "1.25", "1.5", "2", "3"), low=False)),
    "alt_xuln": ("alt", "ALT", Limits(("1.5", "2.5", "3", "10"), low=False)),
    "ast_xuln": ("ast", "AST", Limits(("1.5", "2.5", "3", "10"), low=False)),
    "alp_xuln": ("alp", "alkaline phosphatase", Limits(("2.5",), low=False)),
}
#: B10, B10M, B10C, B10D, in mL/min.
CLEARANCE_LIMITS = Limits(("30", "50", "60"), low=True)
_CHILD_PUGH = re.compile(r"\bchild[\s-]?(?:turcotte[\s-]?)?pugh\b")
_CLASS = re.compile(
    r"(?:child[\s-]?(?:turcotte[\s-]?)?pugh\s*)?(?:(?:class|grade|score|stage)\s*)*:?\s*"
    r"([abc])\s*\(?(\d{1,2})?\s*(?:points?)?\)?\.?"
)
_POINTS = {"a": range(5, 7), "b": range(7, 10), "c": range(10, 16)}


def liver_and_kidney_facts(record: PatientRecord) -> list[KnownFact]:
    """child_pugh, the four *_xuln, and crcl."""
    liver = [fact for name in MULTIPLES for fact in times_upper_limit(name, record)]
    return [*child_pugh(record), *liver, *crcl(record)]


def times_upper_limit(name: str, record: PatientRecord) -> list[KnownFact]:
    """The newest value of 28 days over its own referenceRange.high; unknown without that.

    With Gilbert syndrome (ICD-10-CM E80.4) total bilirubin says nothing of the liver (B09).
    """
    test, label, limits = MULTIPLES[name]
    gilbert = [c for c in conditions(record, "gilbert") if c.course is not Course.REFUTED]
    if name == "bilirubin_xuln" and gilbert:
        return []
    found = newest(results(record, test), record.as_of, LABORATORY_DAYS)
    said = measured(found, _over_upper_limit, limits)
    if said is None:
        return []
    highs = {limit_of_normal(Reading(o, said.value, "", ""), "high") for o in found}
    upper = " or ".join(sorted(f"{h:f}" for h in highs if h is not None))
    return [KnownFact(name, said.value, said.sources, f"{label} {said.said}, upper limit {upper}")]


def _over_upper_limit(read: Reading) -> Fraction | None:
    high = limit_of_normal(read, "high")
    return 1 / Fraction(high) if high else None


def crcl(record: PatientRecord) -> list[KnownFact]:
    """Creatinine clearance in mL/min (35591-7), newest of 28 days; never computed (B10).

    Without one of that time, what an eGFR says; one that cannot be read leaves it unknown.
    """
    found = newest(results(record, "creatinine-clearance"), record.as_of, LABORATORY_DAYS)
    if not found:
        return clearance_from_rate(record)
    said = measured(found, in_units({"mL/min": "1", "ml/min": "1"}), CLEARANCE_LIMITS)
    if said is None:
        return []
    return [KnownFact("crcl", said.value, said.sources, f"creatinine clearance {said.said}")]


def child_pugh(record: PatientRecord) -> list[KnownFact]:
    """A, B or C: the newest Observation that is named Child-Pugh with such a value text (B09)."""
    named = [
        o
        for o in record.of_type("Observation")
        if any(_CHILD_PUGH.search(plain(t)) for t in concept_texts(o.resource.get("code")))
        and stands(o, record.as_of)
    ]
    found = newest(named, record.as_of)
    classes = [_class(o) for o in found]
    if not found or not all(classes):
        return []
    worst = max(classes).upper()
    sources = tuple(source_of(o) for o in found)
    return [KnownFact("child_pugh", worst, sources, f"Child-Pugh {worst} {day_of(found[0])}")]


def _class(observation: Located) -> str:
    if len(value_keys(observation.resource)) != 1:
        return ""
    said = value_texts(observation.resource)
    found = [m for t in said if (m := _CLASS.fullmatch(plain(t)))]
    if any(m[2] and int(m[2]) not in _POINTS[m[1]] for m in found):
        return ""
    classes = {m[1] for m in found}
    return classes.pop() if len(classes) == 1 else ""
