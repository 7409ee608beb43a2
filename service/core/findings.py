"""What a laboratory said: one value each, with what was said around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from service.core.measure import Measured


class IhcScore(StrEnum):
    """IHC of the invasive component; values are the codes of the tables' `ihc` input."""

    ZERO_ABSENT = "0-absent"
    ZERO_FAINT = "0-faint"
    ZERO = "0"
    ONE_PLUS = "1+"
    TWO_PLUS = "2+"
    THREE_PLUS = "3+"
    CODED_POSITIVE = "positive"
    CODED_NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"
    INCONSISTENT = "inconsistent"
    INCONSISTENT_HIGH = "inconsistent-high"
    NOT_DONE = "none"


class IshConclusion(StrEnum):
    """An ISH result reported without numbers."""

    AMPLIFIED = "amplified"
    NOT_AMPLIFIED = "not-amplified"
    EQUIVOCAL = "equivocal"
    UNSATISFACTORY = "unsatisfactory"
    NOT_DONE = "not-done"


class LabConclusion(StrEnum):
    """The laboratory's overall HER2 interpretation of a specimen (LOINC 48676-1)."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    LOW = "low"
    ULTRALOW = "ultralow"
    EQUIVOCAL = "equivocal"
    INDETERMINATE = "indeterminate"
    NOT_DONE = "not-done"


class Quantity(StrEnum):
    """The numbers of an ISH count."""

    RATIO = "ratio"
    COPIES = "copies"
    CEP17 = "cep17"
    CELLS = "cells"


class Probe(StrEnum):
    """Which ISH assay the laboratory says it used."""

    SINGLE = "single"
    DUAL = "dual"
    UNSTATED = "unstated"


class Standing(StrEnum):
    """Whether a result counts yet: FHIR statuses in a laboratory's words."""

    PENDING = "pending"
    FINAL = "final"
    AMENDED = "amended"


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as written, and the instant when time and zone were written too."""

    day: date
    instant: datetime | None = None

    def before(self, other: Moment) -> bool:
        """Strictly earlier, on what both sides know: two results of one day are not ordered."""
        if self.instant and other.instant:
            return self.instant < other.instant
        return self.day < other.day


def time_order(when: Moment | None) -> tuple[str, str]:
    """What results are sorted by: the day, then the instant; an unknown time comes first."""
    return (when.day.isoformat(), str(when.instant or "")) if when else ("", "")


@dataclass(frozen=True, slots=True)
class Source:
    """The resource a finding was read from.

    reference: as the caller refers to it. where: FHIRPath from the posted root.
    version: `meta.versionId`, empty when not given.
    """

    reference: str
    where: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What the Observation says around its value.

    panel: key of the panel or Observation that groups numbers counted together; empty if none.
    performer: who did it, one key; empty if not said.
    recount, blinded: the laboratory says it is a recount, and a blinded one.
    second_population: a discrete second population of more than 10% of cells, counted apart.
    reasons: ids of `reasons.csv` that the text or the specimen gives (Q06, Q09, Q10, Q11).
    """

    source: Source
    standing: Standing = Standing.FINAL
    effective: Moment | None = None
    issued: Moment | None = None
    performer: str = ""
    panel: str = ""
    probe: Probe = Probe.UNSTATED
    recount: bool = False
    blinded: bool = False
    second_population: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def when(self) -> Moment | None:
        """When the result was there: issued, else effective."""
        return self.issued or self.effective


@dataclass(frozen=True, slots=True)
class IhcFinding:
    """One IHC result. flags: words of section 9 that the reading raised (PERCENT_ONLY...)."""

    score: IhcScore
    context: Context
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IshNumber:
    """One number of an ISH count; None is a number that was sent and cannot be used."""

    quantity: Quantity
    value: Measured | None
    context: Context
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodedIsh:
    """One ISH result without numbers."""

    conclusion: IshConclusion
    context: Context
    reasons: tuple[str, ...] = ()
    #: A percentage of amplified cells above 10 was given (Q12): amplification is suspected.
    amplification_suspected: bool = False


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One overall interpretation."""

    conclusion: LabConclusion
    context: Context


Finding = IhcFinding | IshNumber | CodedIsh | Conclusion


@dataclass(frozen=True, slots=True)
class Specimen:
    """One specimen and every HER2 finding about its tissue.

    key: stable for ever (part of the derived id). reference: the caller's, empty if unknown.
    in_situ: only in-situ carcinoma was tested here.
    tumour: key of the primary it belongs to; empty when nothing says.
    metastasis: from a metastasis or recurrence. post_neoadjuvant: taken after neoadjuvant therapy.
    collected: the sample's day, for what is newest; None when unknown.
    unreadable: sources of HER2 results that could not be read (lenient handling).
    suspicious_histology: of a kind that makes a positive first result doubtful (section 6).
    flags: informational flags of the specimen (PREANALYTIC_CAUTION, SPECIMEN_UNKNOWN...).
    """

    key: str
    findings: tuple[Finding, ...]
    reference: str = ""
    in_situ: bool = False
    tumour: str = ""
    metastasis: bool = False
    post_neoadjuvant: bool = False
    collected: Moment | None = None
    unreadable: tuple[Source, ...] = ()
    preanalytic_caution: bool = False
    suspicious_histology: bool = False
    flags: tuple[str, ...] = field(default=())
