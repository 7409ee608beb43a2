"""From the opened body to each patient's HER2 evidence, with everything that must be told.

Nothing is guessed and nothing is dropped in silence: what is left out is a remark with its
place, and a HER2 result that cannot be read is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from service.core.assessment import Remark
from service.core.errors import Fault
from service.core.findings import Moment
from service.fhir.coder import Coder
from service.fhir.conditions import Diagnosis, read_diagnosis
from service.fhir.entries import Located, Opened
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import (
    NOT_EVIDENCE,
    Part,
    ResultReading,
    holders,
    mentions_her2,
    parts_of,
    read_result,
    standing_of,
    tests_of,
)
from service.fhir.index import Index
from service.fhir.index import index as indexed
from service.fhir.lab_words import as_list, said_around
from service.fhir.labels import strictest
from service.fhir.moments import effective, effective_as_sent, moment
from service.fhir.own import is_own
from service.fhir.patient_evidence import Asked, Evidence, PatientEvidence, Result
from service.fhir.patients import NO_SUBJECT, Patients, Subject
from service.fhir.receptors import patient_flags
from service.fhir.reports import remarks_on_reports
from service.fhir.samples import Sample, read_sample
from service.fhir.specimens import specimens_of
from service.fhir.treatment import first_systemic_therapies
from service.fhir.validate import faults_of

#: Types that we derive and that may come back as input.
_DERIVED = ("Observation", "CarePlan")


def read_evidence(opened: Opened, asked: Asked) -> Evidence:
    """Each patient's evidence; the order of entries plays no part."""
    evidence = Evidence()
    found, conflicts = indexed(opened.resources)
    if conflicts:
        her2 = {r.where for r in opened.resources if parts_of(r, asked.coder)}
        evidence.unreadable += [f for f in conflicts if f.where in her2]
    text = "Deleted by the same Bundle: not used."
    evidence.remarks += [Remark(text, where) for where in opened.deleted]
    patients = Patients(found)
    diagnoses = _diagnoses(found, patients, asked)
    held = holders(found)
    results = []
    own = {r.where for r in found.of_type(*_DERIVED) if is_own(r.resource, asked.base)}
    for located in found.of_type("Observation"):
        if located.where not in own:
            result = _result(located, held, found, patients, diagnoses, asked, evidence)
            if result:
                results.append(result)
    evidence.remarks += remarks_on_reports(found)
    by_subject: dict[str, list[Result]] = {}
    for result in results:
        by_subject.setdefault(result.subject.key, []).append(result)
    records = patients.records()
    for subject in patients.assessed(records, without_subject="" in by_subject):
        record = records.get(subject.key, [])
        treated = first_systemic_therapies(record, found, asked.coder)
        evidence.patients.append(
            _patient(
                subject,
                by_subject.get(subject.key, []),
                diagnoses.get(subject.key, []),
                record,
                treated,
                tuple(r for r in record if r.where in own),
                found,
                asked,
            )
        )
    if not evidence.patients:
        text = "No patient and no HER2 result was found: nothing was assessed."
        evidence.remarks.append(Remark(text, "", "warning", "not-found"))
    evidence.remarks.sort(key=lambda r: (r.where, r.text))
    return evidence


def _diagnoses(found: Index, patients: Patients, asked: Asked) -> dict[str, list[Diagnosis]]:
    """The diagnoses of each patient that count on the assessment day."""
    diagnoses: dict[str, list[Diagnosis]] = {}
    for located in sorted(found.of_type("Condition"), key=lambda c: (c.reference, c.where)):
        recorded = moment(located.resource.get("recordedDate"))
        if recorded and recorded.day > asked.as_of:
            continue
        diagnosis = read_diagnosis(located, asked.coder)
        if diagnosis:
            diagnoses.setdefault(patients.of(located).key, []).append(diagnosis)
    return diagnoses


def _result(
    located: Located,
    held: Mapping[str, list[Located]],
    found: Index,
    patients: Patients,
    diagnoses: Mapping[str, list[Diagnosis]],
    asked: Asked,
    evidence: Evidence,
) -> Result | None:
    """The HER2 result of an Observation, or None when it has none that counts."""
    parts = parts_of(located, asked.coder)
    if not parts:
        _told_if_her2(located, asked.coder, evidence)
        return None
    invalid = [] if asked.checked else faults_of(located, asked.version)
    if invalid and not asked.lenient:
        evidence.invalid += invalid
        return None
    if standing_of(located.resource.get("status")) is None:
        text = "Entered in error or cancelled: not used."
        evidence.remarks.append(Remark(text, f"{located.where}.status"))
        return None
    when = _when(located, evidence)
    if _too_late(located, asked.as_of):
        text = "Dated after the assessment day: left out."
        evidence.remarks.append(Remark(text, located.where))
        return None
    givers = [located, *held.get(located.where, [])]
    subject = next((s for g in givers if (s := patients.of(g)) is not NO_SUBJECT), NO_SUBJECT)
    said = said_around(located.resource, *(g.resource for g in givers[1:]))
    effective_day = next((e for g in givers if (e := effective(g.resource))), None) or when
    sample = read_sample(
        located, givers, said, effective_day, diagnoses.get(subject.key, ()), found, asked.coder
    )
    doubtful = _doubtful_identity(sample, subject, patients)
    reading = _read(located, givers, parts, doubtful, invalid, asked)
    _judge(reading, asked, evidence)
    told = [Remark(text, at, severity) for text, at, severity in reading.remarks]
    evidence.remarks += told
    if any(asked.coder.mapped(p.value.get("code")) for p in parts):
        text = (
            f"The hospital's ConceptMap gave the local code its meaning ({asked.coder.local.url})."
        )
        evidence.remarks.append(Remark(text, f"{located.where}.code"))
    sent = next((t for g in givers if (t := effective_as_sent(g.resource))), "")
    return Result(located, subject, sample, reading, when, sent)


def _told_if_her2(located: Located, coder: Coder, evidence: Evidence) -> None:
    """An Observation that speaks of HER2 in a form that is not read is always told."""
    code = located.resource.get("code")
    for test in tests_of(code, coder):
        if test in NOT_EVIDENCE:
            evidence.remarks.append(Remark(NOT_EVIDENCE[test], f"{located.where}.code"))
            return
        if test != "panel":
            return
    if tests_of(code, coder):
        return
    places = [(code, f"{located.where}.code")]
    for i, component in enumerate(as_list(located.resource.get("component"))):
        if isinstance(component, dict):
            places.append((component.get("code"), f"{located.where}.component[{i}].code"))
    for concept, where in places:
        if mentions_her2(concept):
            text = (
                "This speaks of HER2 under a code that is not read: it was not used. "
                "Map the local code in a ConceptMap (HER2_CONCEPT_MAP)."
            )
            evidence.remarks.append(Remark(text, where, "warning", "not-supported"))


def _when(located: Located, evidence: Evidence) -> Moment | None:
    """P74: effective, else issued, else the day the resource was last updated (told)."""
    known = effective(located.resource) or moment(located.resource.get("issued"))
    if known:
        return known
    meta = located.resource.get("meta")
    updated = moment(meta.get("lastUpdated")) if isinstance(meta, dict) else None
    text = "The result has no date: "
    text += "meta.lastUpdated was used." if updated else "it counts as of unknown time."
    evidence.remarks.append(Remark(text, f"{located.where}.effective"))
    return updated


def _too_late(located: Located, as_of: date) -> bool:
    """Taken or issued after the assessment day."""
    known = (effective(located.resource), moment(located.resource.get("issued")))
    return any(m and m.day > as_of for m in known)


def _doubtful_identity(sample: Sample, subject: Subject, patients: Patients) -> tuple[str, ...]:
    """Q10: the specimen says it is another patient's."""
    if sample.located is None:
        return ()
    owner = patients.of(sample.located)
    known = owner is not NO_SUBJECT and subject is not NO_SUBJECT
    return ("Q10",) if known and owner.key != subject.key else ()


def _read(
    located: Located,
    givers: Sequence[Located],
    parts: Sequence[Part],
    doubtful: Sequence[str],
    invalid: Sequence[Fault],
    asked: Asked,
) -> ResultReading:
    if invalid:
        return ResultReading(faults=list(invalid))
    return read_result(located, givers, parts, doubtful, asked.coder, asked.guideline)


def _judge(reading: ResultReading, asked: Asked, evidence: Evidence) -> None:
    """A fault refuses the request; leniently it is a warning, and the specimen stays open."""
    if not asked.lenient:
        evidence.unreadable += reading.faults
        return
    evidence.set_aside += reading.faults
    evidence.remarks += [Remark(f.text, f.where, "warning", f.code) for f in reading.faults]


def _patient(
    subject: Subject,
    results: Sequence[Result],
    diagnoses: Sequence[Diagnosis],
    record: Sequence[Located],
    treated: Sequence[Moment],
    own: tuple[Located, ...],
    index: Index,
    asked: Asked,
) -> PatientEvidence:
    flags, histology, receptors = patient_flags(record, diagnoses, asked)
    used = _unique(
        [
            *(r.located for r in results),
            *(r.sample.located for r in results if r.sample.located),
            *(d.located for d in diagnoses if d.kind),
            *receptors,
            *([subject.located] if subject.located else []),
        ]
    )
    return PatientEvidence(
        subject=subject,
        specimens=specimens_of(results, diagnoses, treated),
        diagnoses=tuple(diagnoses),
        flags=flags,
        suspicious_histology=histology,
        used=used,
        own=own,
        security=strictest(used),
        places=tuple(r.where for r in record),
        record=PatientRecord(
            patient=subject.located,
            resources=tuple(r for r in record if r not in own),
            diagnoses=tuple(diagnoses),
            index=index,
            coder=asked.coder,
            as_of=asked.as_of,
        ),
    )


def _unique(resources: Iterable[Located]) -> tuple[Located, ...]:
    by_place = {r.where: r for r in resources if not r.host}
    return tuple(sorted(by_place.values(), key=lambda r: (r.reference, r.where)))
