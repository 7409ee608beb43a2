"""Everything an answer is written from: the assessment beside the evidence it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.core.assessment import Outcome, PatientAssessment, SpecimenAssessment
from service.core.codes import Codes
from service.core.facts import Facts
from service.core.findings import IhcScore
from service.core.guideline import Guideline
from service.core.known_fact import KnownFact
from service.core.therapy import Suggestion
from service.core.words import Words
from service.fhir.identity import derived_id
from service.fhir.patient_evidence import PatientEvidence
from service.fhir.specimens import SpecimenEvidence
from service.fhir.systems import Systems

_SCORE_WORDS = {
    IhcScore.ZERO_ABSENT: "IHC 0 without staining",
    IhcScore.ZERO_FAINT: "IHC 0 with faint staining",
    IhcScore.ZERO: "IHC 0",
    IhcScore.ONE_PLUS: "IHC 1+",
    IhcScore.TWO_PLUS: "IHC 2+",
    IhcScore.THREE_PLUS: "IHC 3+",
    IhcScore.CODED_POSITIVE: "IHC positive, no score",
    IhcScore.CODED_NEGATIVE: "IHC negative, no score",
    IhcScore.INDETERMINATE: "IHC indeterminate",
    IhcScore.INCONSISTENT: "IHC contradicts itself",
    IhcScore.INCONSISTENT_HIGH: "IHC contradicts itself",
}


@dataclass(frozen=True, slots=True)
class Edition:
    """What an answer rests on: the guideline, and the label edition's canonical."""

    guideline: Guideline
    therapy: str


@dataclass(frozen=True, slots=True)
class Writing:
    """How answers are written: systems, sentences, codes that may be emitted, day and clock."""

    systems: Systems
    words: Words
    codes: Codes
    edition: Edition
    as_of: date
    recorded: datetime


@dataclass(frozen=True, slots=True)
class PatientAnswer:
    """One patient's assessment with its evidence, specimen by specimen, and what was stated."""

    evidence: PatientEvidence
    assessment: PatientAssessment
    suggestion: Suggestion
    facts: Facts
    by_key: Mapping[str, SpecimenEvidence]
    recorded: tuple[KnownFact, ...] = ()

    def id_of(self, kind: str, part: str = "") -> str:
        """The UUIDv5 of (patient, kind, specimen or tumour): the same for ever."""
        return derived_id(self.evidence.subject.key, kind, part)

    def urn(self, kind: str, part: str = "") -> str:
        """The fullUrl of one of our entries."""
        return f"urn:uuid:{self.id_of(kind, part)}"

    def specimen_urn(self, assessed: SpecimenAssessment) -> str:
        """The fullUrl of a specimen's Observation."""
        return self.urn("specimen", assessed.specimen.key)

    def said_of(self, assessed: SpecimenAssessment) -> SpecimenEvidence:
        """The evidence of an assessed specimen."""
        return self.by_key[assessed.specimen.key]


def specimen_line(assessed: SpecimenAssessment, words: Words) -> str:
    """`HER2 positive (IHC 2+, ISH group 1)`."""
    parts = [_SCORE_WORDS[assessed.ihc]] if assessed.ihc in _SCORE_WORDS else []
    if len(assessed.groups) == 1:
        parts.append(f"ISH group {assessed.groups[0]}")
    elif assessed.groups:
        parts.append(f"ISH group {' or '.join(assessed.groups)}")
    title = words.categories[assessed.category].title
    return f"{title} ({', '.join(parts)})" if parts else title


def sentences(outcome: Outcome, words: Words) -> list[str]:
    """What the rows say, then the guideline's comment, then what each flag means."""
    said = [outcome.sentence, outcome.comment]
    return [s for s in said if s] + [words.flags[f] for f in outcome.flags if f in words.flags]


def rows_met(outcomes: Sequence[Outcome]) -> list[str]:
    """Every row met, with its source."""
    rows = dict.fromkeys(row for outcome in outcomes for row in outcome.rows)
    return [f"Row {row.line}: {row.then['sentence']} [{row.reference}]" for row in rows]
