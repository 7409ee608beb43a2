"""What the bench of the record sends: the same to every server, and new each time.

A `#` stands for a number that `numbered` puts there: other patients and other specimens, so that
nothing is known already.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.fhir.json import encode
from tests.bench.messages import TESTS, Test, observation

PATIENTS = 25
HER2 = TESTS
OTHERS: tuple[Test, ...] = (
    ("8867-4", "Heart rate", {"valueQuantity": {"value": 72, "unit": "/min"}}),
    ("29463-7", "Body weight", {"valueQuantity": {"value": Decimal("61.5"), "unit": "kg"}}),
    (
        "718-7",
        "Hemoglobin [Mass/volume] in Blood",
        {"valueQuantity": {"value": Decimal("12.1"), "unit": "g/dL"}},
    ),
    (
        "2160-0",
        "Creatinine [Mass/volume] in Serum or Plasma",
        {"valueQuantity": {"value": Decimal("0.8"), "unit": "mg/dL"}},
    ),
)
_MRN = "https://hospital.example/mrn"
_CASES = "https://lab.example/case"


def numbered(message: bytes, number: str) -> bytes:
    """The message with a number of its own."""
    return message.replace(b"#", number.encode())


def single() -> bytes:
    """One HER2 Observation about a patient of whom an identifier is known."""
    return encode(_observation(HER2[0], {"identifier": {"system": _MRN, "value": "p#"}}, "s#"))


def transaction_of(tests: tuple[Test, ...]) -> bytes:
    """A transaction: 25 new patients, and each of the tests of each of them."""
    entries = []
    for i in range(PATIENTS):
        url = f"urn:uuid:00000000-0000-4000-8000-{i:012}"
        person = {
            "resourceType": "Patient",
            "identifier": [{"system": _MRN, "value": f"p#-{i}"}],
            "name": [{"family": "Invented"}],
            "gender": "female",
        }
        entries.append(_entry(person) | {"fullUrl": url})
        entries += [_entry(_observation(test, {"reference": url}, f"s#-{i}")) for test in tests]
    return encode({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _observation(test: Test, subject: dict[str, Any], case: str) -> dict[str, Any]:
    """As the other bench sends it, but created here, and of a specimen known by its number."""
    whole = observation("", *test) | {
        "subject": subject,
        "specimen": {"identifier": {"system": _CASES, "value": case}},
    }
    return {k: v for k, v in whole.items() if k not in ("id", "meta", "encounter")}


def _entry(resource: dict[str, Any]) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
