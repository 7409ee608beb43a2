"""CPU of each step of `$assess-her2`, as a multiple of `orjson.loads` of the same bytes.

One run prints every figure; absolute times are this machine's and only the ratios compare.
Run with `make bench`. Aim: reading + classifying + writing without fhir.resources within 40x.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import orjson
from rich.console import Console
from rich.table import Table

from service.core.classify import classify
from service.fhir import reading
from service.fhir.coder import Coder
from service.fhir.entries import Opened, open_resource
from service.fhir.json import decode, encode
from service.knowledge.library import Library, load_library
from service.usecases.assess import Caller, House, assess
from tests.bench.messages import record_of_one_patient, report_of, reports_of

BASE = "https://her2.example/fhir"
HOUSE = House(canonical_base=BASE, jurisdiction="us")
CALLER = Caller({"as-of": ["2026-11-22"]}, False, datetime(2026, 11, 22, 12, tzinfo=UTC))
AIM = 40
_ROUNDS = 7
_SECONDS_A_ROUND = 0.15


@dataclass(frozen=True, slots=True)
class Figures:
    """Microseconds of CPU for one message, step by step."""

    observations: int
    parse: float
    classifier: float
    reading: float
    validation: float
    without_validation: float
    whole: float


def cpu(action: Callable[[], object]) -> float:
    """The least CPU time of one call, in microseconds, over several rounds."""
    action()
    times = 1
    best = float("inf")
    for _ in range(_ROUNDS):
        spent = 0.0
        while True:
            started = time.process_time()
            for _ in range(times):
                action()
            spent = time.process_time() - started
            if spent >= _SECONDS_A_ROUND:
                break
            times *= 2
        best = min(best, spent / times)
    return best * 1e6


def measure(body: bytes, library: Library) -> Figures:
    """Every step over one message."""
    posted = decode(body)
    asked = reading.Asked(
        Coder(library.codes, library.local_codes),
        library.guidelines[-1],
        CALLER.now.date(),
        BASE,
        lenient=False,
    )
    opened = Opened()
    open_resource(posted, posted["resourceType"], opened)
    evidence = reading.read_evidence(opened, asked)
    specimens = [e.specimen for p in evidence.patients for e in p.specimens]
    her2 = [r for r in opened.resources if reading.parts_of(r, asked.coder)]

    def answered() -> bytes:
        return encode(assess(decode(body), CALLER, library, HOUSE))

    with patch.object(reading, "faults_of", lambda located, version: []):
        read = cpu(lambda: reading.read_evidence(opened, asked))
        without = cpu(answered)
    return Figures(
        observations=len(her2),
        parse=cpu(lambda: orjson.loads(body)),
        classifier=cpu(lambda: [classify(s, asked.guideline) for s in specimens]),
        reading=read,
        validation=cpu(lambda: [reading.faults_of(r) for r in her2]),
        without_validation=without,
        whole=cpu(answered),
    )


def main() -> None:
    """Print the figures of each message."""
    library = load_library()
    messages: dict[str, Any] = {
        "one Observation (IHC 3+)": report_of(1)["entry"][1]["resource"],
        "one report: IHC, ratio, copies, CEP17": report_of(4),
        "100 Observations of 25 patients": reports_of(25),
        "whole record, 1 report in 400 resources": record_of_one_patient(400),
    }
    table = Table(title="CPU as a multiple of orjson.loads of the same bytes")
    for column in (
        "message",
        "bytes",
        "orjson us",
        "us/Observation",
        "classifier",
        "reading",
        "fhir.resources",
        f"without it (aim {AIM})",
        "whole request",
    ):
        table.add_column(column, justify="left" if column == "message" else "right")
    for name, message in messages.items():
        body = encode(message)
        figures = measure(body, library)
        table.add_row(
            name,
            str(len(body)),
            f"{figures.parse:.1f}",
            f"{figures.whole / figures.observations:.0f}",
            *(
                f"{step / figures.parse:.1f}x"
                for step in (
                    figures.classifier,
                    figures.reading,
                    figures.validation,
                    figures.without_validation,
                    figures.whole,
                )
            ),
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
