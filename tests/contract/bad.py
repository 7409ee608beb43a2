"""Resources that are wrong on purpose: a judge that lets one pass is no judge."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.fhir.version import FhirVersion
from tests.contract.emitted import Body, answered
from tests.support.cases import cases

SEEDED = Path(__file__).parent / "seeded"
#: What each fault of ours must be called; its function below makes it in a good answer.
CALLED = {
    "bad: an unknown element": r"Unrecognized property 'colour'",
    "bad: a code outside a required binding": r"'bogus'\) was not found in the value set",
    "bad: a reference to nothing": r"[Uu]nable to resolve|not found|[Cc]an't find|ref-1",
    "bad: a plan without a subject": r"CarePlan\.subject.*minimum required = 1",
    "bad: a kind of plan that we never defined": r"Unknown code '.*her2-plan-kind#nonsense'",
    "bad: a profile that nobody wrote": r"could not be found",
}
#: A case whose answer has a plan with options.
CASE = "first-line-with-all-work-up-done"


def of_ours(version: FhirVersion, kind: str = "collection") -> Iterator[Body]:
    """A good answer, as `collection` or `transaction`, with one fault each, named as in CALLED."""
    case = next(c for c in cases() if c.name == CASE)
    good = answered(case, kind, version)
    assert good
    for name in CALLED:
        body = copy.deepcopy(good)
        plan = next(e for e in body["entry"] if e["resource"]["resourceType"] == "CarePlan")
        _spoil(name, plan["resource"])
        yield name, body


def _spoil(name: str, plan: dict[str, Any]) -> None:
    match name.removeprefix("bad: "):
        case "an unknown element":
            plan["colour"] = "blue"
        case "a code outside a required binding":
            plan["status"] = "bogus"
        case "a reference to nothing":
            plan["supportingInfo"] = [{"reference": "#nobody"}]
        case "a plan without a subject":
            del plan["subject"]
        case "a kind of plan that we never defined":
            plan["category"][0]["coding"][0]["code"] = "nonsense"
        case "a profile that nobody wrote":
            plan["meta"]["profile"] = ["https://her2.example/fhir/StructureDefinition/nobody"]


def seeded(version: FhirVersion) -> Iterator[Body]:
    """The files of seeded/ in a version."""
    for path in sorted((SEEDED / version).glob("*.json")):
        name = f"bad: seeded: {version}/{path.name}"
        yield name, json.loads(path.read_text(encoding="utf-8"))


def seeded_and_named(version: FhirVersion) -> dict[str, list[str]]:
    """The words of which its refusal, place or text, must have one: wrong.csv says which."""
    with (SEEDED / "wrong.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["file"].startswith(f"{version}/")]
    return {f"bad: seeded: {line['file']}": line["named"].split("|") for line in lines}
