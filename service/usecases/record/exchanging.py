"""What a change of the record means to the servers that tell us of its patients."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from service.core.assessment import Remark
from service.usecases.record.along import Along, Exchanged, Settlement
from service.usecases.record.asking import Asking, Recording
from service.usecases.record.port import Reader
from service.usecases.record.settle import Settled


def again(along: Along | None, reader: Reader) -> set[str]:
    """Patients to be assessed again whatever changes: something else of their record is missing
    than was."""
    if along is None:
        return set()
    known = reader.feeds(along.missing) if along.missing else {}
    differs = {
        patient
        for patient, missing in along.missing.items()
        if tuple(known.get(patient, {}).get(along.source, ())) != missing
    }
    return differs | set(along.again)


def not_read(
    along: Along | None, patients: Collection[str], reader: Reader, recording: Recording
) -> dict[str, list[str]]:
    """Patient -> sentences on what of his record could not be read at its sources."""
    if not recording.sources:
        return {}
    known = {patient: dict(of_one) for patient, of_one in reader.feeds(patients).items()}
    if along is not None:
        for patient, missing in along.missing.items():
            known.setdefault(patient, {})[along.source] = missing
    return {
        patient: [
            f"Not read from {source}: {lack.type} ({lack.said}). What it would tell is unknown."
            for source, missing in sorted(of_one.items())
            for lack in missing
        ]
        for patient, of_one in known.items()
    }


def exchanged(
    along: Along | None,
    settled: Sequence[Settled],
    remarks: Mapping[str, tuple[Remark, ...]],
    anew: Collection[str],
    reader: Reader,
    recording: Recording,
    asking: Asking,
) -> Exchanged | None:
    """What is kept with a change for the exchange; None when there is nothing.

    anew: patients of whom something else is derived now than before. remarks: `Type/id` -> why it
    could not be read.
    """
    if not recording.sources:
        return None
    along = along or Along()
    whose = [one.version.patient if one.version else one.before for one in settled]
    fed = {patient for patient in (*whose, *along.missing) if patient} if along.source else set()
    known = reader.feeds({*anew, *fed}) if anew or fed else {}
    owed = [
        (source, patient)
        for patient in anew
        for source in {*known.get(patient, {}), *([along.source] if patient in fed else [])}
        if recording.sources.get(source)
    ]
    if along.source and recording.sources.get(along.source):
        owed += [(along.source, p) for p in fed if along.source not in known.get(p, {})]
    told = Exchanged(
        source=along.source,
        now=asking.now,
        notices=[*along.settled, *_worked(along, settled, remarks)],
        taken=[replace(taken, patient=whose[i]) for i, taken in sorted(along.taken.items())],
        fed=fed,
        missing=along.missing,
        owed=owed,
        read=along.read,
    )
    return told or None


def _worked(
    along: Along, settled: Sequence[Settled], remarks: Mapping[str, tuple[Remark, ...]]
) -> list[Settlement]:
    """A result that cannot be read is kept and flagged; its notice waits for a person."""
    found = []
    for place, seqs in along.worked.items():
        one = settled[place]
        unread = remarks.get(one.target.reference, ())
        said = " ".join(f"{r.where}: {r.text}" if r.where else r.text for r in unread)
        state = "quarantined" if said else "done"
        patient = one.version.patient if one.version else one.before
        found += [Settlement(seq, state, said, patient) for seq in seqs]
    return found
