"""Another engine, HAPI with CQL, suggests from our tables what we suggest."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode, b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from service.fhir.definitions.rules_library import RULES
from service.fhir.systems import code_of
from tests.contract.emitted import PROFILES
from tests.contract.test_hapi import CLIENTS, send, some
from tests.support.cases import BASE, cases
from tests.support.fact_observations import resources_of
from tests.support.known_patients import known_patients

PLAN = "therapy"
#: Every SHARE-th patient is stored and read from the database, the others are sent along: an
#: engine reads a stored patient anew for each condition, which costs ten times as much.
SHARE = 60
#: Of the patients of the fixtures, how many must be such that they can be asked.
ASKED = 0.98
REGIMENS = f"{BASE}/CodeSystem/her2-regimen"


@dataclass(frozen=True)
class Asked:
    """A patient, the regimens and sentences of either, and the faults that the engine told."""

    patient: object
    theirs: frozenset
    faults: tuple

    @property
    def ours(self):
        return frozenset(map(code_of, self.patient.suggested))

    @property
    def agrees(self):
        return self.ours == self.theirs and not self.faults

    def __str__(self):
        setting = self.patient.suggestion.setting.name or "no setting"
        told = f"; told: {self.faults[0]}" if self.faults else ""
        return (
            f"{self.patient.case} ({setting}): we suggest {sorted(self.ours)},"
            f" the engine {sorted(self.theirs)}{told}"
        )


@pytest.fixture(scope="module")
def patients():
    """Every patient of every case."""
    return [patient for case in cases() for patient in known_patients(case)]


@pytest.fixture(scope="module")
def those_asked(patients):
    """Those whose knowledge can be said in Observations."""
    return [patient for patient in patients if not patient.not_representable]


@pytest.fixture(scope="module")
def plan_base(hapi_base):
    """The server, with the PlanDefinition and its Library as they are shipped."""
    load(hapi_base, shipped("PlanDefinition", PLAN), shipped("Library", RULES))
    return hapi_base


def shipped(kind, identity):
    """A definition of profiles/r4."""
    return json.loads((PROFILES / "r4" / f"{kind}-{identity}.json").read_text(encoding="utf-8"))


def load(base, *resources):
    """Stores resources at their ids, in one transaction."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{r['id']}",
            "resource": r,
            "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"},
        }
        for r in resources
    ]
    answer = send(base, {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text[:1000]


def apply(base, plan, patient, identity, stored=False):
    """What `$apply` makes of a patient, stored before or sent along."""
    resources = resources_of(patient, identity)
    asked = [
        {"name": "subject", "valueString": f"Patient/{identity}"},
        {"name": "parameters", "resource": parameters(patient.question)},
    ]
    if stored:
        load(base, *resources)
    else:
        entries = [
            {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources
        ]
        data = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        asked += [
            {"name": "useServerData", "valueBoolean": False},
            {"name": "data", "resource": data},
        ]
    url = f"{base}/PlanDefinition/{plan}/$apply"
    answer = send(url, {"resourceType": "Parameters", "parameter": asked})
    assert answer.status_code == 200, answer.text[:1000]
    return Asked(patient, *read(answer.json()))


def parameters(question):
    """What the caller of `$assess-her2` said, as parameters of the Library."""
    request = question.request
    said = [
        {"name": "Jurisdiction", "valueString": str(request.jurisdiction)},
        {"name": "Include Off-Label", "valueBoolean": request.off_label},
    ]
    if question.said.setting:
        said.append({"name": "Setting", "valueString": code_of(question.said.setting)})
    return {"resourceType": "Parameters", "parameter": said}


def read(care_plan):
    """The regimens of an answer, and what its OperationOutcome tells of."""
    contained = care_plan.get("contained", [])
    groups = [r for r in contained if r["resourceType"] == "RequestGroup"]
    outcomes = [r for r in contained if r["resourceType"] == "OperationOutcome"]
    assert groups, care_plan
    codes = {
        coding["code"]
        for group in groups
        for action in rules_in(group)
        for concept in action["code"]
        for coding in concept["coding"]
        if coding["system"] == REGIMENS
    }
    return frozenset(codes), tuple(i["diagnostics"] for o in outcomes for i in o["issue"])


def rules_in(group):
    """The actions within the actions: a rule is within its setting."""
    return [rule for setting in group.get("action", []) for rule in setting.get("action", [])]


def all_asked(base, plan, patients, share=0):
    """Each patient asked; of `share` one is stored, none when it is 0."""

    def one(numbered):
        number, patient = numbered
        stored = bool(share) and number % share == 0
        return apply(base, plan, patient, f"{plan}-{number}", stored)

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(one, enumerate(patients)))


def test_hapi_suggests_what_we_suggest(plan_base, patients, those_asked, tell):
    begun = time.monotonic()
    asked = all_asked(plan_base, PLAN, those_asked, SHARE)
    wrong = [str(one) for one in asked if not one.agrees]
    reasons = Counter(p.not_representable for p in patients if p.not_representable)
    stored = len(range(0, len(asked), SHARE))
    tell(
        f"$apply in HAPI: {len(asked) - len(wrong)} of {len(asked)} fixture patients agree"
        f" ({stored} stored, the others sent along), in {time.monotonic() - begun:.0f} s;"
        f" {sum(reasons.values())} not asked: "
        + "; ".join(f"{count} because {reason}" for reason, count in reasons.most_common())
    )
    assert not wrong, some(wrong)
    assert len(asked) >= ASKED * len(patients)


def test_every_regimen_and_sentence_is_suggested_to_somebody(those_asked, plan_base):
    """Else agreeing about it would be agreeing about nothing."""
    plan = shipped("PlanDefinition", PLAN)
    there = {c["code"] for rule in rules_in(plan) for k in rule["code"] for c in k["coding"]}
    assert there == {code_of(regimen) for p in those_asked for regimen in p.suggested}


SPOILT = {
    "a rule's definition replaced": (
        r'define "Rule_M1_02":\n  case\n.*?\n  end',
        'define "Rule_M1_02": true',
    ),
    "a blocker forgotten": (r'when "Blocker B08" then false', "when false then false"),
    "a limit moved": (r'"Below"\("lvef", 50\.0\)', '"Below"("lvef", 49.0)'),
    "what is not known taken for false": (
        r'define function "Truth"\(fact String\):\n(.*?)\n\n',
        r'define function "Truth"(fact String):\n  Coalesce(\1, false)\n\n',
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_condition_is_noticed(plan_base, those_asked, fault):
    plan = f"spoilt-{list(SPOILT).index(fault)}"
    load(plan_base, *spoilt(plan, *SPOILT[fault]))
    first_line = [p for p in those_asked if p.suggestion.setting.name == "MBC_1L"]
    asked = all_asked(plan_base, plan, first_line)
    assert not any(one.faults for one in asked)
    assert 0 < sum(not one.agrees for one in asked) < len(asked)


def spoilt(identity, pattern, instead):
    """Copies of PlanDefinition and Library under names of their own, with one thing changed."""
    name = f"Spoilt{identity.rpartition('-')[2]}"
    cql = b64decode(shipped("Library", RULES)["content"][0]["data"]).decode()
    changed, times = re.subn(pattern, instead, cql, flags=re.DOTALL)
    assert times
    data = b64encode(changed.replace(f"library {RULES} ", f"library {name} ").encode()).decode()
    good = shipped("PlanDefinition", PLAN), shipped("Library", RULES)
    plan, library = (json.loads(json.dumps(r).replace(RULES, name)) for r in good)
    content = [{"contentType": "text/cql", "data": data}]
    url = f"{BASE}/PlanDefinition/{identity}"
    return {**plan, "id": identity, "url": url}, {**library, "content": content}
