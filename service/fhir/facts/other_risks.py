"""DPYD (B13), hepatitis B (B21), neuropathy (B24), QTc and potassium (B33), diarrhoea (B32)."""

from __future__ import annotations

import re
from fractions import Fraction

from service.core.known_fact import KnownFact
from service.fhir.clauses import clauses, denies, leaves_open
from service.fhir.entries import Located
from service.fhir.facts.lungs import outcomes
from service.fhir.facts.measurements import (
    Limits,
    Reading,
    answered,
    conditions,
    day_of,
    in_units,
    limit_of_normal,
    measured,
    newest,
    present_or_refuted,
    reading,
    results,
    stands,
    value_texts,
)
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.numbers_in_text import plain

#: B33: how old a QTc and a potassium may be, in days.
QTC_DAYS, POTASSIUM_DAYS = 28, 7
QTC_LIMITS = Limits(("480",), low=False)
_NOT_DONE = re.compile(r"\bnot (?:tested|done|performed|known)\b|\bpending\b|\bunknown\b")
_DPYD = re.compile(r"\bdpyd\b")
_OTHER_GENE = re.compile(r"\b(?:cyp\w+|ugt\w+|tpmt|nudt15|slco1b1|vkorc1|g6pd)\b")
_METABOLISER = re.compile(r"\b(poor|intermediate|normal)\s+metaboli[sz]er")
_NEUROPATHY = re.compile(r"\b(?:poly)?neuropath\w*")
_OTHER_NERVE = re.compile(r"\b(?:optic|cranial|ischaemic|ischemic)\b")
_GRADED = re.compile(r"\bgrade\b|\bgrading\b|\bctcae\b")
_GRADE = re.compile(r"\b(?:grade|g)\s*([0-5])\b(?!\s*(?:-|to|/|or)\s*\d)")
_NUMBER = re.compile(r"(?:grade|g)?\s*([0-5])")


def other_risk_facts(record: PatientRecord) -> list[KnownFact]:
    """Everything named in the first line of this file."""
    return [
        *dpd_deficiency(record),
        *hepatitis_b(record),
        *neuropathy_grade(record),
        *qtc_ms(record),
        *hypokalaemia(record),
        *severe_diarrhoea_disorder(record),
    ]


# DPYD


def dpd_deficiency(record: PatientRecord) -> list[KnownFact]:
    """Complete and partial deficiency: poor, intermediate or normal metaboliser beside `DPYD`.

    By words: no code is verified. Of any date, the newest wins; unclear words say nothing.
    """
    every = record.of_type("Observation")
    told = [o for o in every if stands(o, record.as_of) and _metabolisers(o)]
    found = newest(told, record.as_of) or told
    kinds = {kind for o in found for kind in _metabolisers(o)}
    if len(kinds) != 1:
        return []
    kind = kinds.pop()
    sources = tuple(source_of(o) for o in found)
    said = f"DPYD {kind} metaboliser {day_of(found[0])}"
    return [
        KnownFact("dpd_complete_deficiency", kind == "poor", sources, said),
        KnownFact("dpd_partial_deficiency", kind == "intermediate", sources, said),
    ]


def _metabolisers(observation: Located) -> set[str]:
    """The kinds named in the value or a component, where code or value say DPYD."""
    own = " . ".join(plain(t) for t in concept_texts(observation.resource.get("code")))
    kinds: set[str] = set()
    for part in (observation.resource, *as_list(observation.resource.get("component"))):
        if not isinstance(part, dict):
            continue
        code = " . ".join(plain(t) for t in concept_texts(part.get("code")))
        for value in (plain(t) for t in value_texts(part)):
            said = f"{own} . {code} . {value}"
            if _DPYD.search(said) and not _OTHER_GENE.search(said):
                kinds |= _named(value)
    return kinds


def _named(value: str) -> set[str]:
    said = [c for c in clauses(value) if _METABOLISER.search(c)]
    if any(denies(c) or leaves_open(c) for c in said):
        return set()
    return {found for c in said for found in _METABOLISER.findall(c)}


# Hepatitis B


def hepatitis_b(record: PatientRecord) -> list[KnownFact]:
    """hbv_tested: HBsAg (5195-3) and anti-HBc (16933-4) both have a result, else false (B21).

    hbsag_positive: the newest HBsAg, unknown when it is neither positive nor negative (B21P).
    """
    antigen, core = _done(record, "hbsag"), _done(record, "anti-hbc")
    missing = [n for n, found in (("HBsAg", antigen), ("anti-HBc", core)) if not found]
    said = f"no result of {' and '.join(missing)}" if missing else "HBsAg and anti-HBc have results"
    sources = tuple(source_of(o) for o in (*antigen, *core))
    facts = [KnownFact("hbv_tested", not missing, sources, said)]
    last = newest(antigen, record.as_of) or antigen
    answers = {answered(o, record) for o in last}
    if len(answers) == 1 and (positive := answers.pop()) is not None:
        text = f"HBsAg {'positive' if positive else 'negative'} {day_of(last[0])}"
        sources = tuple(source_of(o) for o in last)
        facts.append(KnownFact("hbsag_positive", positive, sources, text))
    return facts


def _done(record: PatientRecord, test: str) -> list[Located]:
    """Results that do not say `not tested` or `unknown`."""
    return [
        o
        for o in results(record, test)
        if not {"not-tested", "unknown"}
        & set(record.coder.concepts("answer", o.resource.get("valueCodeableConcept")))
        and not any(_NOT_DONE.search(plain(t)) for t in value_texts(o.resource))
    ]


# Nerves


def neuropathy_grade(record: PatientRecord) -> list[KnownFact]:
    """CTCAE grade 0-5 of the newest Observation or unresolved AdverseEvent that gives one (B24).

    By words: no code is verified. ICD-10-CM G62.0 alone gives no grade.
    """
    graded = [
        located
        for located in record.of_type("Observation", "AdverseEvent")
        if _grade(located, record) is not None
    ]
    found = newest(graded, record.as_of) or graded
    if not found:
        return []
    worst = max(g for o in found if (g := _grade(o, record)) is not None)
    sources = tuple(source_of(o) for o in found)
    said = f"neuropathy grade {worst} {day_of(found[0])}"
    return [KnownFact("neuropathy_grade", worst, sources, said)]


def _grade(located: Located, record: PatientRecord) -> int | None:
    resource = located.resource
    if located.type == "AdverseEvent":
        texts = [*concept_texts(resource.get("event")), *concept_texts(resource.get("code"))]
        over = "resolved" in outcomes(located)
        if over or resource.get("actuality", "actual") != "actual" or not _of_nerves(texts):
            return None
        return _one({int(g) for t in texts for g in _GRADE.findall(plain(t))})
    name = [*concept_texts(resource.get("code"))]
    if not _of_nerves(name) or not stands(located, record.as_of):
        return None
    if not any(_GRADED.search(plain(t)) for t in (*name, *value_texts(resource))):
        return None
    read = reading(located)
    if read is not None:
        return int(read.number) if not read.sign and read.number in range(6) else None
    return _one({int(m[1]) for t in value_texts(resource) if (m := _NUMBER.fullmatch(plain(t)))})


def _of_nerves(texts: list[str]) -> bool:
    said = [plain(t) for t in texts]
    return any(_NEUROPATHY.search(t) and not _OTHER_NERVE.search(t) for t in said)


def _one(grades: set[int]) -> int | None:
    return grades.pop() if len(grades) == 1 else None


# Heart rhythm, potassium, bowel


def qtc_ms(record: PatientRecord) -> list[KnownFact]:
    """QTc (8636-3) in ms, the newest of 28 days (B33)."""
    found = newest(results(record, "qtc"), record.as_of, QTC_DAYS)
    said = measured(found, in_units({"ms": "1", "msec": "1", "s": "1000"}), QTC_LIMITS)
    return [KnownFact("qtc_ms", said.value, said.sources, f"QTc {said.said}")] if said else []


def hypokalaemia(record: PatientRecord) -> list[KnownFact]:
    """Potassium (2823-3), newest of 7 days, below its own referenceRange.low (B33)."""
    found = newest(results(record, "potassium"), record.as_of, POTASSIUM_DAYS)
    said = measured(found, _over_lower_limit, Limits(("1",), low=True))
    if said is None:
        return []
    below = said.value < 1
    where = "below" if below else "not below"
    text = f"potassium {said.said}, {where} its lower limit"
    return [KnownFact("hypokalaemia", below, said.sources, text)]


def _over_lower_limit(read: Reading) -> Fraction | None:
    low = limit_of_normal(read, "low")
    return 1 / Fraction(low) if low else None


def severe_diarrhoea_disorder(record: PatientRecord) -> list[KnownFact]:
    """Condition ICD-10-CM K50, K51, K90, K91.2 or K52.831 active; false only when refuted (B32)."""
    found = conditions(record, "diarrhoea-disorder")
    label = "chronic diarrhoea or malabsorption"
    return present_or_refuted("severe_diarrhoea_disorder", label, found)
