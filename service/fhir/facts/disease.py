"""Where the disease is and how it does: invasive, spread, recurrent, progressing, in the brain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from service.core.exposure import When
from service.core.findings import Source, Standing
from service.fhir.conditions import Diagnosis, all_texts
from service.fhir.entries import Located
from service.fhir.facts.collected import Collected
from service.fhir.facts.dates import first_of, period_of
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.facts.staging import Staging, observed
from service.fhir.her2_observation import source_of, standing_of
from service.fhir.index import codings
from service.fhir.lab_words import IN_SITU, INVASIVE, as_list, said_around
from service.fhir.numbers_in_text import plain

_REGIONAL = re.compile(
    r"\baxill\w*|\bsentinel\b|\bregional\b|\bintramammary\b|\binternal mammary\b"
)
_SPREAD = re.compile(r"\bmetastatic\b|\bstage (?:iv|4)\b|\bunresectable\b")
_NOT_SPREAD = re.compile(r"\bnon[- ]?metastatic\b|\b(?:no|not|without)\b[^.;]*\bmetasta\w*")
_NO_RECURRENCE = re.compile(r"\b(?:no|not|without|free of|never)\b[^.;]*\brecurren\w*")
_DISTANT = re.compile(r"\bdistant\b|\bmetasta\w*")
_BRAIN = re.compile(r"\bbrain\b|\bcerebr\w*|\bcerebell\w*")
_SETTLED = re.compile(r"(?<!not )(?<!un)\b(?:stable|treated|irradiated|resected)\b")
_MRI = re.compile(r"\bmri?\b|\bmagnetic resonance\b")
_HEAD = re.compile(r"\bbrain\b|\bhead\b|\bcranial\b|\bcerebr\w*")
_INACTIVE = {"inactive", "resolved", "remission"}
_DOUBTED = {"unconfirmed", "provisional", "differential"}
#: A brain MRI report older than this says nothing of today (regimens.md section 9).
MRI_DAYS = 92


@dataclass(frozen=True, slots=True)
class Spread:
    """Metastatic or not. when: first known; stretches back when only a recorded day is known."""

    metastatic: bool | None
    when: When | None
    sources: tuple[Source, ...]
    onsets: tuple[tuple[date, Source], ...]


@dataclass(frozen=True, slots=True)
class Status:
    """One disease status (97509-4): worsened, stable or improved."""

    word: str
    day: date
    source: Source


def certain(diagnosis: Diagnosis) -> bool:
    """Not merely suspected."""
    status = codings(diagnosis.located.resource.get("verificationStatus"))
    return not any(str(c.get("code")) in _DOUBTED for c in status)


def _state_of(diagnosis: Diagnosis) -> str:
    status = codings(diagnosis.located.resource.get("clinicalStatus"))
    return next((str(c.get("code")) for c in status), "")


def kind_of(diagnosis: Diagnosis) -> str:
    """The diagnosis's kind; secondary disease in regional nodes is regional."""
    if diagnosis.kind == "secondary" and _REGIONAL.search(diagnosis.text):
        return "regional"
    spread = _SPREAD.search(_NOT_SPREAD.sub(" ", diagnosis.text))
    if diagnosis.kind == "invasive" and spread and not _REGIONAL.search(diagnosis.text):
        return "metastatic"
    return diagnosis.kind


def onset(diagnosis: Diagnosis) -> When | None:
    """When the disease was first there."""
    start, _ = period_of(diagnosis.located.resource, "onsetPeriod")
    return first_of(diagnosis.located.resource, "onsetDateTime") or start


def read_spread(record: PatientRecord, staging: Staging) -> Spread:
    """M category, secondary Conditions and stage; what says metastatic wins over what does not."""
    secondary = [
        d
        for d in record.diagnoses
        if certain(d) and kind_of(d) in ("secondary", "metastatic") and _by(onset(d), record.as_of)
    ]
    distant = [s for s in staging.categories if s.category.axis == "M" and s.category.number == 1]
    none = [s for s in staging.categories if s.category.axis == "M" and s.category.number == 0]
    fourth = [g for g in staging.groups if g.group == 4]
    lower = [g for g in staging.groups if g.group < 4]
    shown = [*((s.when, s.source) for s in distant), *((g.when, g.source) for g in fourth)]
    onsets = tuple(
        (w.earliest, source_of(d.located)) for d in secondary if (w := onset(d)) and w.exact
    )
    if secondary or shown:
        sources = [*(source_of(d.located) for d in secondary), *(s for _, s in shown)]
        when = _earliest(onset(d) for d in secondary) or _earliest(w for w, _ in shown)
        return Spread(True, when or _recorded(secondary), tuple(sources), onsets)
    stated = [*(s.source for s in none), *(g.source for g in lower)]
    return Spread(False if stated else None, None, tuple(stated), ())


def _by(when: When | None, day: date) -> bool:
    return when is None or when.earliest <= day


def _earliest(days: Iterable[When | None]) -> When | None:
    known = [w for w in days if w]
    if not known:
        return None
    return When(min(w.earliest for w in known), min(w.latest for w in known))


def _recorded(secondary: list[Diagnosis]) -> When | None:
    """Metastasis was there by the day on which it was recorded."""
    found = _earliest(first_of(d.located.resource, "recordedDate") for d in secondary)
    return When(date.min, found.latest) if found else None


def disease_facts(
    record: PatientRecord, staging: Staging, spread: Spread, collected: Collected
) -> None:
    """metastatic, invasive, in_situ_only, local_recurrence, active_brain_mets."""
    if spread.metastatic is not None:
        when = f" since {spread.when}" if spread.when and spread.when.exact else ""
        said = (
            f"distant metastasis stated{when}" if spread.metastatic else "M0 or stage 0-III stated"
        )
        collected.state("metastatic", spread.metastatic, said, spread.sources)
    _invasive(record, staging, spread, collected)
    _recurrence(record, spread, collected)
    _brain(record, collected)


def _invasive(
    record: PatientRecord, staging: Staging, spread: Spread, collected: Collected
) -> None:
    found = [source_of(d.located) for d in record.diagnoses if d.kind == "invasive" and certain(d)]
    found += [
        s.source
        for s in staging.categories
        if s.category.axis == "T" and s.category.number and s.category.prefix != "r"
    ]
    found += [source_of(located) for located in _invasive_tissue(record)]
    in_situ = [source_of(d.located) for d in record.diagnoses if d.kind == "in-situ" and certain(d)]
    doubted = any(d.kind in ("invasive", "secondary", "regional") for d in record.diagnoses)
    if found:
        collected.state("invasive", True, "invasive breast carcinoma stated", found)
        collected.state("in_situ_only", False, "invasive breast carcinoma stated", found)
    elif in_situ and not doubted and not spread.metastatic:
        said = "in-situ carcinoma diagnosed, no invasive carcinoma or specimen stated"
        collected.state("in_situ_only", True, said, in_situ)
        collected.state("invasive", False, said, in_situ)


def _invasive_tissue(record: PatientRecord) -> list[Located]:
    """Samples and tissue results that name an invasive component."""
    found = []
    for located in record.of_type("Specimen", "Observation"):
        resource = located.resource
        if located.type == "Specimen":
            notes = [n.get("text") for n in as_list(resource.get("note")) if isinstance(n, dict)]
            words = [plain(n) for n in notes if isinstance(n, str)]
            said = " . ".join([all_texts(resource.get("type")), *words])
        elif record.coder.concepts("test", resource.get("code")):
            said = said_around(resource)
        else:
            continue
        denied = re.search(r"\b(?:no|not|non|without)\b[^.;]*\binvasi\w*", said)
        if INVASIVE.search(said) and not IN_SITU.search(said) and not denied:
            found.append(located)
    return found


def _recurrence(record: PatientRecord, spread: Spread, collected: Collected) -> None:
    """Loco-regional or contralateral, and nothing metastatic beside it."""
    found = []
    for diagnosis in record.diagnoses:
        state = _state_of(diagnosis) in ("recurrence", "relapse")
        named = "recurren" in _NO_RECURRENCE.sub(" ", diagnosis.text)
        local = diagnosis.kind in ("invasive", "regional") or (
            diagnosis.kind == "secondary" and kind_of(diagnosis) == "regional"
        )
        known = local and certain(diagnosis) and not _DISTANT.search(_axillary(diagnosis))
        if known and (state or named):
            found.append(source_of(diagnosis.located))
    if found and not spread.metastatic:
        collected.state("local_recurrence", True, "recurrence in breast or region stated", found)


def _axillary(diagnosis: Diagnosis) -> str:
    """The words that may say distant; a metastasis in a regional node is none."""
    return "" if kind_of(diagnosis) == "regional" else diagnosis.text


def _brain(record: PatientRecord, collected: Collected) -> None:
    """Untreated or progressing, unless the Condition is inactive or called stable or treated."""
    found = [d for d in record.diagnoses if _in_brain(d, record)]
    sure = [d for d in found if certain(d)]
    active = [d for d in sure if not _settled_brain(d)]
    if active:
        sources = [source_of(d.located) for d in active]
        collected.state("active_brain_mets", True, "brain metastases, not called treated", sources)
    elif sure:
        sources = [source_of(d.located) for d in sure]
        collected.state("active_brain_mets", False, "brain metastases stable or treated", sources)
    elif not found and (reports := _clear_brain_reports(record)):
        sources = [source_of(r) for r in reports]
        said = f"no brain metastasis recorded, brain MRI report within {MRI_DAYS} days"
        collected.state("active_brain_mets", False, said, sources)


def _in_brain(diagnosis: Diagnosis, record: PatientRecord) -> bool:
    code = diagnosis.located.resource.get("code")
    if record.coder.concepts("brain", code):
        return True
    by_prefix = (
        record.coder.codes.concept_by_prefix("brain-prefix", c.get("system"), c.get("code"))
        for c in codings(code)
    )
    return any(by_prefix) or (diagnosis.kind == "secondary" and bool(_BRAIN.search(diagnosis.text)))


def _settled_brain(diagnosis: Diagnosis) -> bool:
    notes = as_list(diagnosis.located.resource.get("note"))
    said = [n["text"] for n in notes if isinstance(n, dict) and isinstance(n.get("text"), str)]
    words = " . ".join([diagnosis.text, *(plain(t) for t in said)])
    return _state_of(diagnosis) in _INACTIVE or bool(_SETTLED.search(words))


def _clear_brain_reports(record: PatientRecord) -> list[Located]:
    """Final brain MRI reports of the last 92 days that name no metastasis."""
    found = []
    first = record.as_of - timedelta(MRI_DAYS)
    for located in record.of_type("DiagnosticReport"):
        text = all_texts(located.resource.get("code"))
        when = dated(located)
        done = standing_of(located.resource.get("status")) in (Standing.FINAL, Standing.AMENDED)
        if done and _MRI.search(text) and _HEAD.search(text) and when and when.day >= first:
            found.append(located)
    said = [plain(str(r.resource.get("conclusion", ""))) for r in found]
    named = any("metasta" in re.sub(r"\bno\b[^.;]*\bmetasta\w*", " ", s) for s in said)
    return [] if named else found


def read_statuses(record: PatientRecord) -> tuple[Status, ...]:
    """Disease statuses with an exact day, by day."""
    found = []
    for located in record.of_type("Observation"):
        resource = located.resource
        if not record.coder.concepts("disease-status", resource.get("code")):
            continue
        if standing_of(resource.get("status")) not in (Standing.FINAL, Standing.AMENDED):
            continue
        words = record.coder.concepts("disease-status-value", resource.get("valueCodeableConcept"))
        when = observed(located)
        if len(words) == 1 and words[0] != "not-evaluated" and when and when.exact:
            found.append(Status(words[0], when.earliest, source_of(located)))
    return tuple(sorted(found, key=lambda s: (s.day, s.word, s.source.reference)))
