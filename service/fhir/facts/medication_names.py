"""What a patient takes and is allergic to, by codes and whole names, never by a part of one.

Whoever compares decides what a code means. RxNorm hangs the conjugates and the biosimilars of
trastuzumab under its ingredient: compare exact concepts first, then names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.core.findings import Moment, Source
from service.core.known_fact import KnownFact
from service.fhir.entries import Located
from service.fhir.facts.adherence import adherence, listed, says_taking
from service.fhir.facts.measurements import status_of
from service.fhir.facts.record import PatientRecord, dated
from service.fhir.her2_observation import source_of
from service.fhir.index import codings
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.moments import moment
from service.fhir.numbers_in_text import plain

#: B14: a medicine that ended less than so many days ago still interacts.
STILL_ACTING_DAYS = 14
#: B11: an anthracycline given within so many days.
ANTHRACYCLINE_DAYS = 21
_ASIDE = re.compile(r"\((?:substance|product|medicinal product|finding|disorder|organism)\)")
_ALLERGY = re.compile(
    r"^(?:(?:drug )?(?:allergy|allergic(?: reaction)?|hypersensitivity|intolerance|anaphylaxis) to)"
    r"|(?:drug )?(?:allergy|hypersensitivity|intolerance)$"
)
_NONE = re.compile(r"\bno (?:known|drug)\b|\bnot known\b|\bnone\b|\bnkd?a\b")
_VOLUME = re.compile(r"^\d[\d.,]*\s*(?:ml|hr|mg|actuat)\s+")
_STRENGTH = re.compile(r"\s+\d|\s*\[")
_BRAND = re.compile(r"\[([^\[\]]+)\]")
_SALT = re.compile(
    r"\s+(?:hydrochloride|hcl|sodium|potassium|magnesium|maleate|bisulfate|mesylate|tartrate"
    r"|citrate|phosphate|sulfate|ditosylate|dimaleate)$"
)


@dataclass(frozen=True, slots=True)
class Substance:
    """A medicine or an allergen.

    names: normalised whole names, and each name without strength, form after it, and salt.
    codes: (system, code), a mapped local code also as its standard one. running: it is taken now
    (False: it ended less than 14 days ago). day: when it was given, begun or recorded.
    """

    names: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    running: bool = True
    day: date | None = None


def active_allergies(record: PatientRecord) -> list[Substance]:
    """AllergyIntolerance that is active, neither refuted nor in error (B19).

    `No known allergy` names no allergen and gives nothing; no verified code says it.
    """
    found = []
    for located in record.of_type("AllergyIntolerance"):
        resource = located.resource
        refuted = status_of(resource, "verificationStatus") in ("refuted", "entered-in-error")
        if refuted or status_of(resource, "clinicalStatus") not in ("", "active"):
            continue
        reactions = [r for r in as_list(resource.get("reaction")) if isinstance(r, dict)]
        concepts = [resource.get("code"), *(r.get("substance") for r in reactions)]
        substance = _substance(concepts, located, record, allergen=True)
        if substance.names or substance.codes:
            found.append(substance)
    return found


def active_medications(record: PatientRecord) -> list[Substance]:
    """Requests and statements that are active, or completed less than 14 days ago (B14)."""
    found = []
    for located in _of(record, "MedicationRequest", "MedicationStatement"):
        running = _running(located, record.as_of)
        if not running and not _just_over(located, record.as_of):
            continue
        substance = _substance(_medication(located, record), located, record, running=running)
        if substance.names or substance.codes:
            found.append(substance)
    return found


def anthracycline_concurrent(record: PatientRecord) -> list[KnownFact]:
    """An anthracycline given within 21 days, or requested or taken now; never false (B11).

    A request for a later day counts, and so does a statement that one is intended.
    """
    used: list[tuple[Source, str]] = []
    for located in _of(record, "MedicationRequest", "MedicationStatement"):
        planned = located.resource.get("status") == "intended"
        if (planned or _running(located, record.as_of)) and _is_anthracycline(located, record):
            used.append((source_of(located), "anthracycline planned or being taken"))
    for located in _of(record, "MedicationAdministration"):
        given = located.resource.get("status") in ("completed", "in-progress", "stopped")
        day = _day(_administered(located.resource))
        recent = day is not None and 0 <= (record.as_of - day).days <= ANTHRACYCLINE_DAYS
        if given and day and recent and _is_anthracycline(located, record):
            used.append((source_of(located), f"anthracycline given on {day.isoformat()}"))
    if not used:
        return []
    sources = tuple(source for source, _ in used)
    return [KnownFact("anthracycline_concurrent", True, sources, used[-1][1])]


def _is_anthracycline(located: Located, record: PatientRecord) -> bool:
    """By RxNorm code or whole name (group `safety-drug`, system `name`)."""
    medicine = _substance(_medication(located, record), located, record)
    known = [*medicine.codes, *(("name", name) for name in medicine.names)]
    return any(record.coder.codes.concept("safety-drug", *k) == "anthracycline" for k in known)


def _of(record: PatientRecord, *types: str) -> Iterator[Located]:
    """Resources not in error, known and begun by the day; one that ends after it is under way."""
    for located in record.resources:
        if located.type not in types or located.resource.get("status") == "entered-in-error":
            continue
        resource, period = located.resource, located.resource.get("effectivePeriod")
        days = [resource.get("authoredOn"), resource.get("dateAsserted")]
        if resource.get("status") != "intended":
            days += [resource.get("effectiveDateTime")]
            days += [period.get("start")] if isinstance(period, dict) else []
        if all(when.day <= record.as_of for value in days if (when := moment(value))):
            yield located


def _just_over(located: Located, as_of: date) -> bool:
    """Completed, or active (in R5 recorded) until a day, less than 14 days ago."""
    resource = located.resource
    over = resource.get("status") == "completed" or listed(resource)
    ended = _day(_end(resource) or dated(located))
    recent = ended is not None and (as_of - ended).days < STILL_ACTING_DAYS
    return over and recent and resource.get("doNotPerform") is not True


def _running(located: Located, as_of: date) -> bool:
    """Active; in R5 recorded as being taken, or for a period that includes the day."""
    resource = located.resource
    end = _day(_end(resource))
    if resource.get("doNotPerform") is True or (end is not None and end < as_of):
        return False
    if resource.get("status") == "recorded" and not adherence(resource):
        return isinstance(resource.get("effectivePeriod"), dict)
    return says_taking(resource)


def _end(resource: Any) -> Moment | None:
    period = resource.get("effectivePeriod")
    return moment(period.get("end")) if isinstance(period, dict) else None


def _administered(resource: Any) -> Moment | None:
    """R4 effective[x], R5 occurence[x] (so spelt in R5) or occurrence[x]; a period by its end."""
    for stem in ("effective", "occurence", "occurrence"):
        period = resource.get(f"{stem}Period")
        ends = (period.get("end"), period.get("start")) if isinstance(period, dict) else ()
        for value in (resource.get(f"{stem}DateTime"), *ends):
            if found := moment(value):
                return found
    return None


def _day(when: Moment | None) -> date | None:
    return when.day if when else None


def _medication(located: Located, record: PatientRecord) -> list[object]:
    """The concepts that name a medicine: R4 medication[x], R5 medication, and its ingredients."""
    resource = located.resource
    both = resource.get("medication")
    both = both if isinstance(both, dict) else {}
    concepts = [resource.get("medicationCodeableConcept"), both.get("concept")]
    for reference in (resource.get("medicationReference"), both.get("reference")):
        medication = record.index.find(reference, host=located)
        if medication and medication.type == "Medication":
            concepts.append(medication.resource.get("code"))
            for part in as_list(medication.resource.get("ingredient")):
                if isinstance(part, dict):
                    item = part.get("item")
                    concepts.append(part.get("itemCodeableConcept"))
                    concepts.append(item.get("concept") if isinstance(item, dict) else None)
    return [c for c in concepts if c is not None]


def _substance(
    concepts: list[Any],
    located: Located,
    record: PatientRecord,
    *,
    allergen: bool = False,
    running: bool = True,
) -> Substance:
    names = [n for c in concepts for t in concept_texts(c) for n in names_in(t, allergen=allergen)]
    codes: list[tuple[str, str]] = []
    for coding in (c for concept in concepts for c in codings(concept)):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str):
            standard = record.coder.local.standard(system, code)
            codes += [(system, code), *([standard] if standard else [])]
    day = _day(dated(located))
    return Substance(
        tuple(dict.fromkeys(names)),
        tuple(dict.fromkeys(codes)),
        (source_of(located),),
        running,
        day,
    )


def names_in(text: str, *, allergen: bool = False) -> Iterator[str]:
    """The whole name, and without volume, strength and salt: `warfarin` of `Warfarin 5 MG Tab`."""
    whole = " ".join(_ASIDE.sub(" ", plain(text)).split())
    if allergen:
        if _NONE.search(whole):
            return
        whole = _ALLERGY.sub("", whole).strip(" :")
    for brand in _BRAND.findall(whole):
        yield brand.strip()
    for part in (whole, *whole.split(" / ")):
        lead = _STRENGTH.split(_VOLUME.sub("", part.strip()))[0].strip()
        yield from (n for n in (part.strip(), lead, _SALT.sub("", lead)) if n)
