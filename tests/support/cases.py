"""The fixture cases, and what an answer says in the words of `case.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.knowledge.library import Library, load_library
from service.usecases.assess import Caller, House, assess
from tests.support.plans import plan_differences, read_plan

FIXTURES = Path(__file__).parents[2] / "fixtures"
BASE = "https://her2.example/fhir"
HOUSE = House(canonical_base=BASE, jurisdiction="us")


@dataclass(frozen=True, slots=True)
class Case:
    """One folder under fixtures/cases."""

    folder: Path
    said: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def body(self) -> bytes:
        return (self.folder / "bundle.json").read_bytes()

    @property
    def posted(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What it sends, each resource or Bundle by itself, and its other parameters."""
        body = decode(self.body)
        parameters = body.get("parameter", [])
        roots = [p["resource"] for p in parameters if p["name"] == "resource"] or [body]
        return roots, [p for p in parameters if p["name"] != "resource"]

    @property
    def lenient(self) -> bool:
        return self.said.get("handling") == "lenient"

    @property
    def query(self) -> dict[str, list[str]]:
        stated = {name: [str(value)] for name, value in self.said.get("query", {}).items()}
        return {"as-of": [str(self.said["as-of"])], **stated} if self.is_bare else stated

    @property
    def is_bare(self) -> bool:
        """A Bundle or Observation takes its parameters from the query; Parameters bring theirs."""
        return bool(decode(self.body)["resourceType"] != "Parameters")

    @property
    def concept_map(self) -> Path | None:
        name = self.said.get("concept-map")
        return FIXTURES / "concept-maps" / f"{name}.json" if name else None


def cases() -> list[Case]:
    """Every case, by folder name."""
    folders = sorted(f for f in (FIXTURES / "cases").iterdir() if f.is_dir())
    return [Case(f, yaml.safe_load((f / "case.yaml").read_text(encoding="utf-8"))) for f in folders]


_libraries: dict[Path | None, Library] = {}


def library(concept_map: Path | None = None) -> Library:
    """The library, read once a process for each ConceptMap."""
    if concept_map not in _libraries:
        _libraries[concept_map] = load_library(concept_map=concept_map)
    return _libraries[concept_map]


def caller(
    day: date = date(2026, 11, 22),
    query: Mapping[str, list[str]] | None = None,
    lenient: bool = False,
) -> Caller:
    """A caller whose clock stands at noon of the day."""
    return Caller(query or {}, lenient, datetime.combine(day, time(12), UTC))


def assessed(
    case: Case, version: FhirVersion = FhirVersion.R4, posted: object = None, **query: str
) -> dict[str, Any]:
    """The answer to a case, by the use case itself. posted: instead of its body."""
    asked = {**case.query, **{name.replace("_", "-"): [value] for name, value in query.items()}}
    body = decode(case.body) if posted is None else posted
    who = caller(query=asked, lenient=case.lenient)
    return assess(body, who, library(case.concept_map), HOUSE, version)


# An answer in the words of case.yaml


def resources(answer: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """The resources of a type in an answer Bundle."""
    entries = answer.get("entry", [])
    return [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]


def code_in(concept: Mapping[str, Any], system: str) -> str:
    """The code of one of our systems in a CodeableConcept, or empty."""
    url = f"{BASE}/CodeSystem/{system}"
    codings = concept.get("coding", [])
    return next((c["code"] for c in codings if c.get("system") == url), "")


def components(observation: Mapping[str, Any], name: str) -> list[str]:
    """The codes of every component of a name, in our system for it."""
    system = {"binary-status": "her2-binary-status", "ish-group": "her2-ish-group"}
    return [
        code_in(c["valueCodeableConcept"], system.get(name, f"her2-{name}"))
        for c in observation.get("component", [])
        if code_in(c["code"], "her2-observable") == name and "valueCodeableConcept" in c
    ]


def said_of(observation: Mapping[str, Any]) -> dict[str, Any]:
    """Category, binary status, rules, next step, flags, groups and status of an Observation."""
    return {
        "category": code_in(observation["valueCodeableConcept"], "her2-category"),
        "binary": next(iter(components(observation, "binary-status")), "none"),
        "rule": components(observation, "rule"),
        "next-step": next(iter(components(observation, "next-step")), "none"),
        "flags": components(observation, "flag"),
        "groups": components(observation, "ish-group"),
        "status": observation["status"],
    }


def is_summary(observation: Mapping[str, Any]) -> bool:
    """The patient summary, by its profile."""
    return any(p.endswith("her2-patient-summary") for p in observation["meta"].get("profile", []))


def subject_of(resource: Mapping[str, Any]) -> str:
    """The subject's reference, or its identifier's value, or `none`."""
    subject = resource.get("subject", {})
    return str(subject.get("reference") or subject.get("identifier", {}).get("value") or "none")


def specimen_of(observation: Mapping[str, Any]) -> str:
    """The specimen's reference, or its identifier's value, or `unknown`."""
    named = observation.get("specimen", {})
    return str(named.get("reference") or named.get("identifier", {}).get("value") or "unknown")


def remarks(answer: Mapping[str, Any]) -> list[str]:
    """Every expression that the OperationOutcome names."""
    issues = [i for o in resources(answer, "OperationOutcome") for i in o["issue"]]
    return [e for i in issues for e in i.get("expression", [])]


def differences(case: Case, answer: Mapping[str, Any]) -> list[str]:
    """Where the answer is not what the case expects; empty when it is."""
    wrong: list[str] = []
    for expected in case.said["expect"]["patients"]:
        wrong += _patient(expected, answer)
    told = remarks(answer)
    for where in case.said["expect"].get("remarks", []):
        if not any(t.startswith(where) for t in told):
            wrong.append(f"no remark on {where}; told: {told}")
    return wrong


def _patient(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> list[str]:
    subject = expected["subject"]
    observations = [o for o in resources(answer, "Observation") if subject_of(o) == subject]
    summaries = [o for o in observations if is_summary(o)]
    plans = [p for p in resources(answer, "CarePlan") if subject_of(p) == subject]
    plans = [p for p in plans if "partOf" not in p]
    wrong: list[str] = []
    if subject != "none":
        if len(summaries) != 1 or len(plans) != 1:
            return [f"{subject}: {len(summaries)} summaries and {len(plans)} plans"]
        wrong += _compared(subject, expected, said_of(summaries[0]))
        said = plan_differences(expected, read_plan(plans[0], answer))
        wrong += [f"{subject}: {text}" for text in said]
    elif summaries or plans:
        wrong.append("a summary or plan without a subject")
    specimens = [o for o in observations if "her2-specimen" in o["meta"]["profile"][0]]
    for wanted in expected.get("specimens", []):
        found = [o for o in specimens if specimen_of(o) == wanted["specimen"]]
        if not found:
            names = [specimen_of(o) for o in specimens]
            wrong.append(f"{subject}: no specimen {wanted['specimen']} among {names}")
            continue
        tries = [_compared(f"{subject} {wanted['specimen']}", wanted, said_of(o)) for o in found]
        wrong += min(tries, key=len)
    return wrong


def _compared(name: str, expected: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    wrong = [
        f"{name}: {key} {said[key]}, not {expected[key]}"
        for key in ("category", "binary", "next-step", "status")
        if key in expected and str(expected[key]) != said[key]
    ]
    for key in ("rule", "flags"):
        missing = [w for w in expected.get(key, []) if w not in said[key]]
        wrong += [f"{name}: {key} {said[key]} without {w}" for w in missing]
    unwanted = [w for w in expected.get("not-flags", []) if w in said["flags"]]
    wrong += [f"{name}: has flag {w}" for w in unwanted]
    if "groups" in expected and sorted(expected["groups"]) != sorted(said["groups"]):
        wrong.append(f"{name}: groups {said['groups']}, not {expected['groups']}")
    return wrong
