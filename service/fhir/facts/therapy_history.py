"""From exposures to facts: drugs ever given, lines for metastatic disease, what runs now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from service.core.exposure import (
    ANTI_HER2,
    Exposure,
    Kind,
    Origin,
    When,
    taxane_cycles,
)
from service.core.findings import Source
from service.core.lines import LINE_DAYS, Line, lines_of, unclear
from service.fhir.facts.collected import Collected
from service.fhir.facts.disease import Spread, Status
from service.fhir.facts.exposures import Therapy
from service.fhir.facts.medications import UNDECIDED
from service.fhir.facts.record import PatientRecord

PRIOR = {
    "trastuzumab": "prior_trastuzumab",
    "pertuzumab": "prior_pertuzumab",
    "t-dxd": "prior_tdxd",
    "t-dm1": "prior_tdm1",
    "tucatinib": "prior_tucatinib",
    "lapatinib": "prior_lapatinib",
    "neratinib": "prior_neratinib",
    "pyrotinib": "prior_pyrotinib",
    "margetuximab": "prior_margetuximab",
    "inetetamab": "prior_inetetamab",
}
_CLASSES = {"taxane": "prior_taxane", "anthracycline": "prior_anthracycline"}
_OPEN_FAMILY = ("prior_trastuzumab", "prior_tdm1", "prior_tdxd")
_ENDOCRINE = frozenset({Kind.ENDOCRINE, Kind.CDK46})
_OPENING = ANTI_HER2 | {Kind.CYTOTOXIC}
EVERY_DAY = When(date.min, date.min)


def listed(exposures: Iterable[Exposure]) -> str:
    """The drugs with their first and last known days: `docetaxel 2026-01-05 to 2026-04-20`."""
    spans: dict[str, list[str]] = {}
    for exposure in exposures:
        days = [str(w) for w in (exposure.start, exposure.end) if w]
        spans.setdefault(exposure.drug, []).extend(days or [""])
    said = []
    for drug in sorted(spans):
        days = sorted(d for d in spans[drug] if d)
        span = f" {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else "") if days else ""
        said.append(f"{drug}{span}" if days else f"{drug} undated")
    return ", ".join(said)


def sources_of(exposures: Iterable[Exposure]) -> list[Source]:
    """The resources of these exposures."""
    return [e.source for e in exposures]


def drug_facts(therapy: Therapy, record: PatientRecord, collected: Collected) -> None:
    """prior_systemic and every prior_*; UNDECIDED drugs leave three of them open (P123)."""
    every = therapy.exposures
    if every:
        collected.state("prior_systemic", True, listed(every), sources_of(every))
    names = {drug: {fact} for drug, fact in PRIOR.items()}
    for (_, drug), coding in record.coder.codes.read.get("drug-class", {}).items():
        if coding.concept in _CLASSES:
            names.setdefault(drug, set()).add(_CLASSES[coding.concept])
    by_fact: dict[str, list[Exposure]] = {}
    for exposure in every:
        for fact in names.get(exposure.drug, ()):
            by_fact.setdefault(fact, []).append(exposure)
    for fact, exposures in by_fact.items():
        collected.state(fact, True, listed(exposures), sources_of(exposures))
    undecided = [e for e in every if e.drug == UNDECIDED]
    if undecided:
        said = "trastuzumab, T-DM1 or T-DXd: the record does not say which"
        for fact in _OPEN_FAMILY:
            collected.leave_open(fact, said, sources_of(undecided))
    chemotherapy = [e for e in every if e.drug == "chemotherapy"]
    for fact in _CLASSES.values() if chemotherapy else ():
        collected.leave_open(fact, "chemotherapy without drug names", sources_of(chemotherapy))
    for drug, source in therapy.denied:
        for fact in names.get(drug, ()):
            several = fact in _CLASSES.values()  # one taxane not taken says nothing of the other
            if fact not in collected.open and not several:
                collected.state(fact, False, f"{drug} stated as not taken", [source])


def line_facts(
    therapy: Therapy, spread: Spread, statuses: Sequence[Status], collected: Collected
) -> tuple[Line, ...]:
    """n_mbc_her2_lines, et_lines_mbc, chemo_mbc, induction_thp, induction_cycles.

    Gives the lines begun since metastasis. Without metastasis nothing is said of them.
    """
    if not spread.metastatic:
        return ()
    since = spread.when or When(date.min, date.max)
    every = therapy.exposures
    worse = _worse_days(spread, statuses)
    lines = lines_of(every, since, worse)
    her2 = [ln for ln in lines if ln.anti_her2]
    _count("n_mbc_her2_lines", her2, unclear(every, since, _OPENING), every, ANTI_HER2, collected)
    endocrine = [ln for ln in lines if ln.endocrine_only]
    open_endocrine = unclear(every, since, _ENDOCRINE | _OPENING)
    _count("et_lines_mbc", endocrine, open_endocrine, every, _ENDOCRINE, collected)
    _chemotherapy(every, since, collected)
    if collected.value("n_mbc_her2_lines") == 1 and lines and her2[0] is lines[-1]:
        _induction(her2[0], collected)
    return lines


def _count(
    fact: str,
    lines: Sequence[Line],
    is_unclear: bool,
    every: Sequence[Exposure],
    kinds: Iterable[Kind],
    collected: Collected,
) -> None:
    """The number of lines; open when a date is missing or drugs were mixed up."""
    wanted = set(kinds)
    about = [e for e in every if e.kind in wanted]
    if not about:
        return
    if is_unclear:
        said = f"dates leave open to which line they belong: {listed(about)}"
        collected.leave_open(fact, said, sources_of(about))
    elif len(lines) > 1 and any(e.drug == UNDECIDED for ln in lines for e in ln.exposures):
        said = "it is not known which drug of the trastuzumab family was given"
        collected.leave_open(fact, said, sources_of(about))
    elif lines:
        said = "; ".join(f"line from {ln.start}: {', '.join(sorted(ln.drugs))}" for ln in lines)
        collected.state(fact, len(lines), said, [e.source for ln in lines for e in ln.exposures])


def _chemotherapy(every: Sequence[Exposure], since: When, collected: Collected) -> None:
    cytotoxic = [e for e in every if e.kind is Kind.CYTOTOXIC]
    since_then = [e for e in cytotoxic if e.start and e.start.before(since) is False]
    if since_then:
        collected.state("chemo_mbc", True, listed(since_then), sources_of(since_then))
    elif unclear(cytotoxic, since, {Kind.CYTOTOXIC}):
        said = "chemotherapy whose dates leave open whether it was for metastatic disease"
        collected.leave_open("chemo_mbc", said, sources_of(cytotoxic))


def _induction(line: Line, collected: Collected) -> None:
    """THP: taxane, trastuzumab and pertuzumab begun within 42 days of the line's start."""
    drugs = line.first_drugs()
    taxanes = [e for e in line.exposures if e.drug in ("docetaxel", "paclitaxel")]
    sources = sources_of(line.exposures)
    said = f"line from {line.start}: {', '.join(sorted(drugs))}"
    begun_with = {"trastuzumab", "pertuzumab"} <= drugs and drugs & {"docetaxel", "paclitaxel"}
    if begun_with:
        collected.state("induction_thp", True, said, sources)
        days = [e.dose_day for e in taxanes if e.dose_day]
        if days:
            text = f"taxane doses from {min(days)} to {max(days)}"
            collected.state("induction_cycles", taxane_cycles(days), text, sources_of(taxanes))
    elif any(c.kind in (Kind.ADC, Kind.TKI) for c in line.courses):
        collected.state("induction_thp", False, said, sources)
    elif UNDECIDED in drugs:
        collected.leave_open("induction_thp", "the antibody is not known", sources)


def _worse_days(spread: Spread, statuses: Sequence[Status]) -> list[date]:
    """Days on which disease is known to have progressed."""
    first = spread.when.latest if spread.when else date.min
    new = [day for day, _ in spread.onsets if day > first]
    return sorted({*new, *(s.day for s in statuses if s.word == "worsened")})


def running_facts(
    therapy: Therapy,
    spread: Spread,
    statuses: Sequence[Status],
    record: PatientRecord,
    collected: Collected,
) -> None:
    """on_active_line, progressed, progressed_on_et, endocrine_refractory."""
    every = therapy.exposures
    lines = lines_of(every, EVERY_DAY, _worse_days(spread, statuses))
    _active(every, lines, record, collected)
    if not lines or unclear(every, EVERY_DAY, _OPENING | _ENDOCRINE):
        return
    last = lines[-1]
    events = [(s.day, s.word == "worsened", s.source) for s in statuses]
    events += [(day, True, source) for day, source in spread.onsets]
    state = _newest(events, last.start, None)
    if state:
        word = "progression" if state[0] else "no progression"
        said = f"{word} on {state[1]}, last therapy from {last.start}"
        collected.state("progressed", state[0], said, state[2])
    since = spread.when.latest if spread.when else date.max
    endocrine = [i for i, ln in enumerate(lines) if ln.endocrine_only and ln.start >= since]
    if spread.metastatic and endocrine:
        i = endocrine[-1]
        until = lines[i + 1].start if i + 1 < len(lines) else None
        found = _newest(events, lines[i].start, until)
        if found and (found[0] or until is None):
            said = f"endocrine line from {lines[i].start}, disease status of {found[1]}"
            collected.state("progressed_on_et", found[0], said, found[2])
        _refractory(lines, endocrine, events, collected)


def _refractory(
    lines: Sequence[Line],
    endocrine: Sequence[int],
    events: Sequence[tuple[date, bool, Source]],
    collected: Collected,
) -> None:
    """Two endocrine lines or more ended by progression, one of them with a CDK4/6 inhibitor."""
    ended: list[Line] = []
    sources: list[Source] = []
    for i in endocrine:
        until = lines[i + 1].start if i + 1 < len(lines) else None
        found = _newest(events, lines[i].start, until)
        if found and found[0]:
            ended.append(lines[i])
            sources += [*found[2], *sources_of(lines[i].exposures)]
    if len(ended) >= 2 and any(c.kind is Kind.CDK46 for ln in ended for c in ln.courses):
        said = "; ".join(f"line from {ln.start} ended by progression" for ln in ended)
        collected.state("endocrine_refractory", True, said, sources)


def _newest(
    events: Sequence[tuple[date, bool, Source]], start: date, until: date | None
) -> tuple[bool, date, list[Source]] | None:
    """(progressed, day, sources) of the newest day after the start; None when it contradicts."""
    fitting = [e for e in events if e[0] > start and (until is None or e[0] <= until)]
    if not fitting:
        return None
    newest = max(e[0] for e in fitting)
    said = {e[1] for e in fitting if e[0] == newest}
    if len(said) != 1:
        return None
    return said.pop(), newest, [e[2] for e in fitting if e[0] == newest]


def _active(
    every: Sequence[Exposure], lines: Sequence[Line], record: PatientRecord, collected: Collected
) -> None:
    """A drug runs, or was given in the last 42 days and is not recorded as stopped."""
    stopped: dict[str, date] = {}
    for e in every:
        if e.origin is Origin.STATEMENT and e.ended and e.end:
            stopped[e.drug] = max(stopped.get(e.drug, date.min), e.end.latest)
    active = [
        e
        for e in every
        if e.running
        or (
            e.end
            and not e.ended
            and (record.as_of - e.end.latest).days <= LINE_DAYS
            and stopped.get(e.drug, date.min) < e.end.latest
        )
    ]
    if active:
        collected.state("on_active_line", True, listed(active), sources_of(active))
    elif lines and all(d in stopped for d in lines[-1].drugs):
        last = lines[-1].exposures
        said = f"recorded as completed or stopped: {listed(last)}"
        collected.state("on_active_line", False, said, sources_of(last))
    elif any(not e.start and not e.ended for e in every):
        undated = [e for e in every if not e.start and not e.ended]
        collected.leave_open("on_active_line", listed(undated), sources_of(undated))
