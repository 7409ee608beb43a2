"""What an estimated filtration rate (eGFR) says of creatinine clearance, and no more (B10).

An eGFR is no clearance and gives none: below 30 the clearance is below 30, above 45 it is not,
and from 30 to 45 nothing is known.
"""

from __future__ import annotations

import re
from decimal import Decimal

from service.core.facts import Stretch
from service.core.known_fact import KnownFact
from service.fhir.facts.measurements import Reading, day_of, newest, reading, results
from service.fhir.facts.record import PatientRecord
from service.fhir.her2_observation import source_of
from service.fhir.numbers_in_text import plain

#: B10: how old a rate may be.
RATE_DAYS = 28
_LOW, _ENOUGH = Decimal(30), Decimal(45)
_BELOW = Stretch(Decimal(0), _LOW, includes_low=True, includes_high=False)
_AT_LEAST = Stretch(_LOW, None, includes_low=True)
_UNIT = re.compile(r"ml/min(?:/|per)1[.,]73m2")
_DRAWN = re.compile(r"[\s_{}()^*]")


def clearance_from_rate(record: PatientRecord) -> list[KnownFact]:
    """crcl from the newest eGFR of 28 days (62238-1, 98979-8, 33914-3), in mL/min/1.73 m2.

    Of several of one time all must say the same.
    """
    found = newest(results(record, "egfr"), record.as_of, RATE_DAYS)
    read = [reading(o) for o in found]
    said = {_clearance(r) if r else None for r in read}
    clearance = said.pop() if len(said) == 1 else None
    if clearance is None or not read[0]:
        return []
    means = "below" if clearance is _BELOW else "at least"
    rate = f"{read[0].sign}{read[0].number:f} mL/min/1.73 m2 {day_of(found[0])}"
    text = f"eGFR {rate}: creatinine clearance {means} {_LOW}"
    return [KnownFact("crcl", clearance, tuple(map(source_of, found)), text)]


def _clearance(rate: Reading) -> Stretch | None:
    if not _UNIT.fullmatch(_DRAWN.sub("", plain(rate.unit))):
        return None
    if not rate.sign.startswith(">"):
        below = rate.number < _LOW or (rate.sign == "<" and rate.number == _LOW)
        if below:
            return _BELOW
    if not rate.sign.startswith("<"):
        above = rate.number > _ENOUGH or (rate.sign == ">" and rate.number == _ENOUGH)
        if above:
            return _AT_LEAST
    return None
