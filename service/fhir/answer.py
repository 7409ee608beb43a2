"""Everything an answer is written from: the assessment beside the evidence it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.core.assessment import Outcome, PatientAssessment, SpecimenAssessment
from service.core.codes import Codes
from service.core.drug import Drug
from service.core.fact_book import RecordedFacts
from service.core.facts import Facts
from service.core.findings import IhcScore
from service.core.guideline import Guideline
from service.core.known_fact import DrugFact, KnownFact
from service.core.suggestion import Suggestion
from service.core.therapy_edition import Therapy
from service.core.words import Words
from service.fhir.entries import Located
from service.fhir.identity import derived_id
from service.fhir.patient_evidence import PatientEvidence
from service.fhir.specimens import SpecimenEvidence
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion

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

#: What we refer to -> its type.
_TYPES = {
    "specimen": "Observation",
    "tumour": "Observation",
    "summary": "Observation",
    "careplan": "CarePlan",
    "option": "CarePlan",
}


@dataclass(frozen=True, slots=True)
class Edition:
    """What an answer rests on: the guideline, and the label edition's canonical `id|version`."""

    guideline: Guideline
    therapy: str

    @property
    def therapy_version(self) -> str:
        return self.therapy.partition("|")[2]


@dataclass(frozen=True, slots=True)
class Writing:
    """How answers are written: systems, sentences, codes that may be emitted, day and clock.

    drugs: every drug record. version: the FHIR version that is written.
    """

    systems: Systems
    words: Words
    codes: Codes
    therapy: Therapy
    drugs: Sequence[Drug]
    jurisdiction: str
    edition: Edition
    as_of: date
    recorded: datetime
    version: FhirVersion = FhirVersion.R4


@dataclass(frozen=True, slots=True)
class PatientAnswer:
    """One patient's assessment with its evidence, specimen by specimen, and what was stated.

    facts: what the caller stated. recorded: what the record says. resources: by their place.
    kept: what is written is kept at `Type/id`; else it stands in a Bundle, under a urn.
    """

    evidence: PatientEvidence
    assessment: PatientAssessment
    suggestion: Suggestion
    facts: Facts
    by_key: Mapping[str, SpecimenEvidence]
    recorded: RecordedFacts
    resources: Mapping[str, Located]
    kept: bool = False

    @property
    def used(self) -> tuple[Located, ...]:
        """The HER2 evidence, then every other resource that a fact was read from."""
        facts: list[KnownFact | DrugFact] = [*self.recorded.known, *self.recorded.of_drugs]
        evidence = {located.where for located in self.evidence.used}
        others = [r for r in self.sources_of(facts) if r.where not in evidence]
        return (*self.evidence.used, *others)

    def sources_of(self, facts: Iterable[KnownFact | DrugFact]) -> list[Located]:
        """The posted resources that facts were read from, each once."""
        places = dict.fromkeys(s.where for fact in facts for s in fact.sources)
        return [self.resources[where] for where in places if where in self.resources]

    def id_of(self, kind: str, part: str = "") -> str:
        """The UUIDv5 of (patient, kind, specimen or tumour): the same for ever."""
        return derived_id(self.evidence.subject.key, kind, part)

    def address(self, kind: str, part: str = "") -> str:
        """How our other resources refer to one of these: by its fullUrl, or where it is kept."""
        id = self.id_of(kind, part)
        return f"{_TYPES[kind]}/{id}" if self.kept else f"urn:uuid:{id}"

    def specimen_address(self, assessed: SpecimenAssessment) -> str:
        """The address of a specimen's Observation."""
        return self.address("specimen", assessed.specimen.key)

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
