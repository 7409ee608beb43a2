"""Courses of a drug and lines of therapy, as regimens.md counts them.

Drugs that start within 42 days of a line's start belong to it. A later new anti-HER2 or
cytotoxic drug opens a new line; endocrine therapy added to it, another brand, a biosimilar, the
subcutaneous form and a maintenance drug added without progression do not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from service.core.exposure import ANTI_HER2, Exposure, Kind, When

#: Days after its start in which a drug still belongs to a line, and after its last dose in
#: which a drug still counts as given (regimens.md section 9).
LINE_DAYS = 42
#: A longer pause ends a course; three-weekly therapy with dose delays stays one course.
COURSE_GAP = 90
#: Added to antibodies that go on, without progression and without chemotherapy: maintenance.
MAINTENANCE = frozenset({"tucatinib"})
_ADDED = frozenset({Kind.ENDOCRINE, Kind.CDK46})
_AROMATASE = frozenset({"letrozole", "anastrozole", "exemestane"})


@dataclass(frozen=True, slots=True)
class Course:
    """One drug without a longer pause. last: the last day known; open: it may have gone on."""

    drug: str
    kind: Kind
    start: date
    last: date
    open: bool
    exposures: tuple[Exposure, ...]

    def goes_on(self, day: date) -> bool:
        """Still given on or after the day, as far as anything says so."""
        return self.open or self.last >= day


@dataclass(frozen=True, slots=True)
class Line:
    """A line of therapy. carried: courses of the line before that went on into this one."""

    start: date
    courses: tuple[Course, ...]
    carried: tuple[Course, ...]

    @property
    def drugs(self) -> frozenset[str]:
        return frozenset(c.drug for c in (*self.courses, *self.carried))

    @property
    def anti_her2(self) -> bool:
        return any(c.kind in ANTI_HER2 for c in (*self.courses, *self.carried))

    @property
    def endocrine_only(self) -> bool:
        return all(c.kind in _ADDED for c in self.courses)

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        return tuple(e for c in (*self.courses, *self.carried) for e in c.exposures)

    def first_drugs(self) -> frozenset[str]:
        """The drugs that the line began with."""
        return frozenset(c.drug for c in self.courses if (c.start - self.start).days <= LINE_DAYS)


def unclear(exposures: Iterable[Exposure], metastatic: When, kinds: Collection[Kind]) -> bool:
    """True when a drug of these kinds may have begun before or after metastasis, or any day."""
    return any(
        e.start is None
        or (not e.start.exact and e.start.before(metastatic) is not True)
        or e.start.before(metastatic) is None
        for e in exposures
        if e.kind in kinds
    )


def courses_of(exposures: Iterable[Exposure]) -> tuple[Course, ...]:
    """Each drug's courses by start; exposures without an exact first day are left out."""
    by_drug: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        if exposure.start and exposure.start.exact:
            by_drug.setdefault(exposure.drug, []).append(exposure)
    found = [c for drug in by_drug.values() for c in _courses_of_drug(drug)]
    return tuple(sorted(found, key=lambda c: (c.start, c.drug)))


def _courses_of_drug(exposures: Sequence[Exposure]) -> list[Course]:
    courses: list[Course] = []
    for exposure in sorted(exposures, key=lambda e: (_start(e), _last(e), e.source.reference)):
        begun, last = _start(exposure), _last(exposure)
        before = courses[-1] if courses else None
        if before and (before.open or (begun - before.last).days <= COURSE_GAP):
            courses[-1] = Course(
                before.drug,
                before.kind,
                before.start,
                max(before.last, last),
                before.open or exposure.running,
                (*before.exposures, exposure),
            )
        else:
            courses.append(
                Course(exposure.drug, exposure.kind, begun, last, exposure.running, (exposure,))
            )
    return courses


def _start(exposure: Exposure) -> date:
    assert exposure.start is not None
    return exposure.start.earliest


def _last(exposure: Exposure) -> date:
    return max(exposure.end.latest, _start(exposure)) if exposure.end else _start(exposure)


def lines_of(
    exposures: Iterable[Exposure], metastatic: When, progressions: Collection[date] = ()
) -> tuple[Line, ...]:
    """The lines begun on or after the metastatic date, in order; `When(date.min, date.min)`
    gives the lines of the whole record. progressions: days on which disease had progressed."""
    every = courses_of(exposures)
    begun: list[list[Course]] = []
    for course in every:
        if course.start < metastatic.latest:
            continue
        if not begun or _opens(course, begun[-1], every, progressions):
            begun.append([course])
        else:
            begun[-1].append(course)
    lines = []
    for courses in begun:
        start = courses[0].start
        carried = [c for c in every if c.start < start and c not in courses and _carried(c, start)]
        lines.append(Line(start, tuple(courses), tuple(carried)))
    return tuple(lines)


def _carried(course: Course, start: date) -> bool:
    return course.kind in ANTI_HER2 and (course.open or course.last > start)


def _opens(
    course: Course, line: Sequence[Course], every: Sequence[Course], progressions: Collection[date]
) -> bool:
    """The course is no part of the line that runs when it starts."""
    start = line[0].start
    if (course.start - start).days <= LINE_DAYS or course.drug in {c.drug for c in line}:
        return False
    if course.kind in _ADDED:
        return _opens_endocrine(course, line)
    return not _maintains(course, line, every, progressions)


def _opens_endocrine(course: Course, line: Sequence[Course]) -> bool:
    """Endocrine therapy is a line of its own once the other drugs ended more than 42 days ago,
    and when it replaces endocrine therapy; another aromatase inhibitor or CDK4/6 is no line."""
    others = [c for c in line if c.kind not in _ADDED]
    if others:
        return not any(c.open or (course.start - c.last).days <= LINE_DAYS for c in others)
    if course.kind is Kind.CDK46:
        return False
    return not (course.drug in _AROMATASE and any(c.drug in _AROMATASE for c in line))


def _maintains(
    course: Course, line: Sequence[Course], every: Sequence[Course], progressions: Collection[date]
) -> bool:
    """A maintenance drug added to antibodies that go on, without progression or chemotherapy."""
    if course.drug not in MAINTENANCE:
        return False
    antibody = any(c.kind is Kind.ANTIBODY and c.goes_on(course.start) for c in line)
    chemotherapy = any(
        c.kind is Kind.CYTOTOXIC and abs((c.start - course.start).days) <= LINE_DAYS for c in every
    )
    worse = any(line[0].start <= day <= course.start for day in progressions)
    return antibody and not chemotherapy and not worse
