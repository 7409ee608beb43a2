"""Hormone receptors: ER or PR of 1% or more is positive; negative needs both, below 1%.

The newest metastatic sample decides, else the newest invasive one (regimens.md section 1.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from service.core.findings import Moment, Source, Standing
from service.core.measure import readable
from service.fhir.entries import Located
from service.fhir.facts.collected import unique
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.her2_observation import holders, source_of, standing_of
from service.fhir.index import codings
from service.fhir.lab_words import as_list, concept_texts, said_around
from service.fhir.numbers_in_text import plain
from service.fhir.samples import Sample, read_sample
from service.fhir.systems import INTERPRETATION

_NAMES = {
    **dict.fromkeys(("er", "er status", "estrogen receptor", "oestrogen receptor"), "er"),
    **dict.fromkeys(("estrogen receptor status", "oestrogen receptor status"), "er"),
    **dict.fromkeys(("pr", "pr status", "pgr", "progesterone receptor"), "pr"),
    "progesterone receptor status": "pr",
}
_PERCENT = re.compile(
    r"(?<![\d.,])(?P<sign>[<>]=?)?\s*(?P<number>\d{1,3}(?:[.,]\d+)?)"
    r"(?:\s*(?:-|\u2013|to)\s*(?P<upper>\d{1,3}(?:[.,]\d+)?))?\s*%"
)
_WORD = re.compile(
    r"(?:(?:strongly|weakly|low|er|pr|pgr|receptor|focally|status:?)[ -])*"
    r"(?P<word>positive|negative|positiv|negativ|pos|neg)(?: \(qualifier value\))?"
)
_POSITIVE_CODES, _NEGATIVE_CODES = {"POS", "DET"}, {"NEG", "ND"}


class ReceptorStatus(StrEnum):
    """POSITIVE: ER or PR of at least 1%. NEGATIVE: both known and below."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class HormoneReceptors:
    """The status, the results it rests on, and a phrase that says how."""

    status: ReceptorStatus
    sources: tuple[Source, ...]
    said: str


@dataclass(frozen=True, slots=True)
class _Result:
    receptor: str
    positive: bool
    when: Moment | None
    sample: Sample
    source: Source


def hormone_receptors(record: PatientRecord) -> HormoneReceptors:
    """ER and PR of the sample that decides; results that contradict each other say nothing."""
    results = [r for r in _results(record) if not r.sample.in_situ]
    pool = [r for r in results if r.sample.metastasis] or results
    if not pool:
        return HormoneReceptors(ReceptorStatus.UNKNOWN, (), "no ER or PR result")
    newest = max(_day(r) for r in pool)
    keys = {r.sample.key for r in pool if _day(r) == newest}
    chosen = [r for r in pool if _day(r) == newest or r.sample.key in keys]
    er, pr = _state(chosen, "er"), _state(chosen, "pr")
    place = "metastatic sample" if chosen[0].sample.metastasis else "sample"
    said = f"{_phrase('ER', er)}, {_phrase('PR', pr)}, {place}{f' of {newest}' if newest else ''}"
    status = ReceptorStatus.UNKNOWN
    if er or pr:
        status = ReceptorStatus.POSITIVE
    elif er is False and pr is False:
        status = ReceptorStatus.NEGATIVE
    return HormoneReceptors(status, unique(r.source for r in chosen), said)


def _day(result: _Result) -> str:
    return result.when.day.isoformat() if result.when else ""


def _state(results: Iterable[_Result], receptor: str) -> bool | None:
    """Positive or negative by the newest results; None when none or when they disagree."""
    about = [r for r in results if r.receptor == receptor]
    newest = max((_day(r) for r in about), default="")
    said = {r.positive for r in about if _day(r) == newest}
    return said.pop() if len(said) == 1 else None


def _phrase(name: str, state: bool | None) -> str:
    return f"{name} {'unknown' if state is None else 'positive' if state else 'negative'}"


def _results(record: PatientRecord) -> Iterator[_Result]:
    held = holders(record.index)
    for located in record.of_type("Observation"):
        if standing_of(located.resource.get("status")) not in (Standing.FINAL, Standing.AMENDED):
            continue
        found = list(_receptors(located, record))
        if not found:
            continue
        givers = [located, *held.get(located.where, [])]
        said = said_around(located.resource, *(g.resource for g in givers[1:]))
        when = dated(located)
        sample = read_sample(
            located, givers, said, when, record.diagnoses, record.index, record.coder
        )
        taken = sample.collected or when
        for receptor, positive in found:
            yield _Result(receptor, positive, taken, sample, source_of(located))


def _receptors(located: Located, record: PatientRecord) -> Iterator[tuple[str, bool]]:
    """Each receptor that the Observation or one of its components settles."""
    own = _about(located.resource.get("code"), record)
    parts: list[tuple[list[str], Mapping[str, Any]]] = [(own, located.resource)]
    for part in as_list(located.resource.get("component")):
        if isinstance(part, dict):
            about = _about(part.get("code"), record)
            parts += [(about, part)] if about else []
    for about, part in parts:
        state = _positive(part, record) if about else None
        if state is None:
            continue
        for name in about:
            if name == "er-pr":  # one result for both
                yield from (("er", state), ("pr", state)) if state is False else ()
                continue
            yield name.removesuffix("-percent"), state


def _about(concept: object, record: PatientRecord) -> list[str]:
    tests = {t for t in record.coder.concepts("test", concept) if t.split("-")[0] in ("er", "pr")}
    tests |= set(record.coder.concepts("receptor", concept))
    tests = tests or {n for t in concept_texts(concept) if (n := _NAMES.get(plain(t), ""))}
    return sorted({t.removesuffix("-percent") for t in tests})


def _positive(part: Mapping[str, Any], record: PatientRecord) -> bool | None:
    """A percentage, a coded answer, a word, or the interpretation; in this order."""
    quantity = part.get("valueQuantity")
    if isinstance(quantity, dict):
        return _by_quantity(quantity)
    texts = [part["valueString"]] if isinstance(part.get("valueString"), str) else []
    concept = part.get("valueCodeableConcept")
    answers = record.coder.concepts("answer", concept)
    texts += list(concept_texts(concept))
    for text in texts:
        if (match := _PERCENT.search(plain(text))) and (state := _by_percent(match)) is not None:
            return state
    words = {m["word"][:3] for t in texts if (m := _WORD.fullmatch(plain(t)))}
    said = {a for a in answers if a in ("positive", "negative")}
    said |= {"positive" if w == "pos" else "negative" for w in words}
    if not said and not texts:
        said = set(_interpreted(part))
    return said == {"positive"} if len(said) == 1 else None


def _by_quantity(quantity: Mapping[str, Any]) -> bool | None:
    """Percent of stained cells; another unit (a score, fmol/mg) says nothing."""
    unit = quantity.get("code") or quantity.get("unit") or "%"
    amount = quantity.get("value")
    if str(unit) not in ("%", "percent") or isinstance(amount, bool):
        return None
    if not isinstance(amount, int | Decimal) or not readable(Decimal(amount)):
        return None
    return _from_one(str(quantity.get("comparator", "")), Decimal(amount))


def _by_percent(match: re.Match[str]) -> bool | None:
    number = Decimal(match["number"].replace(",", "."))
    if match["upper"]:
        upper = Decimal(match["upper"].replace(",", "."))
        return True if number >= 1 else False if upper < 1 else None
    return _from_one(match["sign"] or "", number)


def _from_one(sign: str, number: Decimal) -> bool | None:
    """At least 1%: `<1` is not, `<10` may be, `>0` may be."""
    if number < 0 or number > 100:
        return None
    if sign == "<":
        return False if number <= 1 else None
    if sign == "<=":
        return False if number < 1 else None
    if sign in (">", ">="):
        return True if number >= 1 else None
    return number >= 1 if not sign else None


def _interpreted(part: Mapping[str, Any]) -> Iterator[str]:
    for concept in as_list(part.get("interpretation")):
        for coding in codings(concept):
            if coding.get("system") == INTERPRETATION:
                if coding.get("code") in _POSITIVE_CODES:
                    yield "positive"
                elif coding.get("code") in _NEGATIVE_CODES:
                    yield "negative"
