"""The answer and how it was reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from service.core.findings import IhcScore, Moment, Quantity, Source, Specimen
from service.core.measure import Measured
from service.core.table import Row


class Category(StrEnum):
    """Treatment-eligibility axis (trials and labels)."""

    POSITIVE = "POSITIVE"
    LOW = "LOW"
    ULTRALOW = "ULTRALOW"
    ZERO_UNSPECIFIED = "ZERO_UNSPECIFIED"
    NEG_IHC_UNKNOWN = "NEG_IHC_UNKNOWN"
    NULL = "NULL"
    EQUIVOCAL_PENDING = "EQUIVOCAL_PENDING"
    INDETERMINATE = "INDETERMINATE"
    NOT_TESTED = "NOT_TESTED"
    NOT_APPLICABLE_IN_SITU = "NOT_APPLICABLE_IN_SITU"

    @property
    def definite(self) -> bool:
        """The specimen has a result: positive, or one of the levels of negative."""
        return self in _DEFINITE


class Binary(StrEnum):
    """Guideline axis (ASCO/CAP)."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    EQUIVOCAL = "EQUIVOCAL"
    INDETERMINATE = "INDETERMINATE"
    NONE = "NONE"


_DEFINITE = frozenset(
    {
        Category.POSITIVE,
        Category.LOW,
        Category.ULTRALOW,
        Category.ZERO_UNSPECIFIED,
        Category.NEG_IHC_UNKNOWN,
        Category.NULL,
    }
)

NO_STEP = "NONE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rows say of one specimen.

    rows: met, in order; the first is the deciding one of its rule family.
    """

    category: Category
    binary: Binary
    next_step: str
    flags: tuple[str, ...]
    rows: tuple[Row, ...]
    comment: str = ""

    @property
    def rule(self) -> str:
        return self.rows[0].rule

    @property
    def sentence(self) -> str:
        """What a pathologist would read."""
        return " ".join(row.then["sentence"] for row in self.rows)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the sender should be told; `where` as in a Fault."""

    text: str
    where: str = ""
    severity: str = "information"
    code: str = "informational"


@dataclass(frozen=True, slots=True)
class SpecimenAssessment:
    """One specimen's answer.

    numbers: ISH numbers for the report. groups: dual-probe groups left open.
    awaiting: evidence or a test is pending. used: every source the answer rests on.
    ihc: the score that counted.
    """

    specimen: Specimen
    outcome: Outcome
    ihc: IhcScore
    numbers: tuple[tuple[Quantity, Measured], ...] = ()
    groups: tuple[str, ...] = ()
    awaiting: bool = False
    used: tuple[Source, ...] = ()
    newest: Moment | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def category(self) -> Category:
        return self.outcome.category


@dataclass(frozen=True, slots=True)
class TumourAssessment:
    """One primary: its key and its specimens, the newest first."""

    key: str
    specimens: tuple[SpecimenAssessment, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class PatientAssessment:
    """The roll-up of one patient."""

    tumours: tuple[TumourAssessment, ...]
    outcome: Outcome
    remarks: tuple[Remark, ...] = field(default=())

    @property
    def specimens(self) -> tuple[SpecimenAssessment, ...]:
        return tuple(s for t in self.tumours for s in t.specimens)
