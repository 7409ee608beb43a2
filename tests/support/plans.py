"""The CarePlans of an answer in the words of `case.yaml`: options, exclusions, what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

BASE = "https://her2.example/fhir"
_RULE = re.compile(r"Rule (\S+) of the therapy tables")
_SENTENCE = re.compile(r"Rule ([A-Za-z0-9-]+): (?!.*\(Depends on: )")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class SaidOption:
    """One option as its CarePlan says it. order: its place in `#choice`, 0 when it is void."""

    regimen: str
    rule: str
    rank: str
    status: str
    order: int
    holds: tuple[str, ...]
    waiting: bool
    drugs: tuple[str, ...]
    doses: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class SaidPlan:
    """One patient's plan. missing: fact -> regimens that wait for it."""

    kind: str
    setting: str
    options: Mapping[str, SaidOption]
    excluded: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, tuple[str, ...]]
    work_up: tuple[str, ...]
    sentences: tuple[str, ...]
    text: str
    steps: tuple[str, ...] = field(default=())


def read_plan(plan: Json, answer: Json) -> SaidPlan:
    """The plan and the options that are part of it."""
    urns = {e["resource"]["id"]: e["fullUrl"] for e in answer["entry"] if "id" in e["resource"]}
    places = {a["resource"]["reference"]: int(a["prefix"]) for a in _chosen(plan)}
    mine = [
        e
        for e in answer["entry"]
        if e["resource"]["resourceType"] == "CarePlan"
        and {"reference": urns[plan["id"]]} in e["resource"].get("partOf", [])
    ]
    options = [_option(e["resource"], places.get(e["fullUrl"], 0)) for e in mine]
    details = details_of(plan)
    notes = "\n".join(n["text"] for n in plan.get("note", []))
    return SaidPlan(
        kind=_code(plan["category"], "her2-plan-kind"),
        setting=_code(plan["category"], "her2-setting") or "none",
        options={o.regimen: o for o in options},
        excluded={
            _code([d["code"]], "her2-regimen"): _codes(d["reasonCode"], "her2-blocker")
            for d in details
            if d.get("doNotPerform")
        },
        missing={
            fact: _codes(d.get("reasonCode", []), "her2-regimen")
            for d in details
            if (fact := _code([d["code"]], "her2-fact"))
        },
        work_up=tuple(
            blocker
            for d in details
            if not d.get("doNotPerform")
            for blocker in _codes(d.get("reasonCode", []), "her2-blocker")
        ),
        sentences=tuple(m[1] for line in notes.splitlines() if (m := _SENTENCE.match(line))),
        text="\n".join([notes, plan["text"]["div"], *(o.text for o in options)]),
        steps=tuple(c for d in details if (c := _code([d["code"]], "her2-next-step"))),
    )


def details_of(plan: Json) -> list[Json]:
    """Activities but for the choice, in the words of R4's `detail`; R5 contains a request each."""
    contained = {f"#{r['id']}": r for r in plan.get("contained", [])}
    found: list[Json] = []
    for activity in plan.get("activity", []):
        if "detail" in activity:
            found.append(activity["detail"])
        elif "plannedActivityReference" in activity:
            request = contained[activity["plannedActivityReference"]["reference"]]
            if request["id"] != "choice":
                found.append(_detail_of(request))
    return found


def _detail_of(request: Json) -> Json:
    """An R5 request as R4 would say it."""
    said: dict[str, Any] = {
        "kind": request["resourceType"],
        "status": "on-hold" if request["status"] == "on-hold" else "not-started",
        "doNotPerform": request.get("doNotPerform", False),
        "reasonCode": [r["concept"] for r in request.get("reason", []) if "concept" in r],
        "reasonReference": [r["reference"] for r in request.get("reason", []) if "reference" in r],
    }
    if "statusReason" in request:
        said["statusReason"] = request["statusReason"]
    if request["resourceType"] == "MedicationRequest":
        (dosage,) = request["dosageInstruction"]
        drug = request["medication"]["concept"]
        return said | {"productCodeableConcept": drug, "description": dosage["text"]}
    return said | {"code": request["code"]["concept"]}


def _chosen(plan: Json) -> Iterable[Json]:
    for group in plan.get("contained", []):
        if group["id"] == "choice":
            for choice in group["action"]:
                yield from choice["action"]


def _option(plan: Json, order: int) -> SaidOption:
    details = details_of(plan)
    notes = "\n".join(n["text"] for n in plan.get("note", []))
    found = _RULE.search(notes)
    reasons = [d["statusReason"] for d in details if "statusReason" in d]
    return SaidOption(
        regimen=_code(plan["category"], "her2-regimen"),
        rule=found[1] if found else "",
        rank=_code(plan["category"], "her2-suggestion-rank"),
        status=_code(plan["category"], "her2-suggestion-status"),
        order=order,
        holds=_codes(reasons, "her2-blocker"),
        waiting=any(d["status"] == "on-hold" for d in details),
        drugs=tuple(d["productCodeableConcept"]["text"] for d in details),
        doses=tuple(d["description"] for d in details),
        text=f"{notes}\n{plan['text']['div']}",
    )


def _codes(concepts: Iterable[Json], system: str) -> tuple[str, ...]:
    url = f"{BASE}/CodeSystem/{system}"
    codes = [c["code"] for k in concepts for c in k.get("coding", []) if c.get("system") == url]
    return tuple(dict.fromkeys(codes))


def _code(concepts: Iterable[Json], system: str) -> str:
    return next(iter(_codes(concepts, system)), "")


def plan_differences(expected: Json, plan: SaidPlan) -> list[str]:
    """Where a plan is not what the case expects."""
    wrong: list[str] = []
    for key, said in (("plan-kind", plan.kind), ("setting", plan.setting)):
        if expected.get(key, said) != said:
            wrong.append(f"{key} {said}, not {expected[key]}")
    wrong += [f"no activity {a}" for a in expected.get("activities", []) if a not in plan.steps]
    for regimen, wanted in (expected.get("options") or {}).items():
        wrong += _option_differences(regimen, wanted or {}, plan)
    unwanted = expected.get("not-options", [])
    unwanted = list(plan.options) if unwanted == "all" else unwanted
    wrong += [f"option {r}" for r in unwanted if r in plan.options]
    if "first" in expected:
        first = [o.regimen for o in plan.options.values() if o.order == 1]
        if first != [expected["first"]]:
            wrong.append(f"first {first}, not {expected['first']}")
    for regimen, blockers in (expected.get("excluded") or {}).items():
        if regimen not in plan.excluded:
            wrong.append(f"{regimen} is not excluded; excluded: {dict(plan.excluded)}")
        else:
            wrong += [
                f"{regimen} excluded without {b}: {plan.excluded[regimen]}"
                for b in blockers
                if b not in plan.excluded[regimen]
            ]
    for regimen, blockers in (expected.get("not-holds") or {}).items():
        held = plan.options[regimen].holds if regimen in plan.options else ()
        held += plan.excluded.get(regimen, ())
        wrong += [f"{regimen} has {b}" for b in blockers if b in held]
    listed = [r for r in expected.get("options") or {} if r in plan.options]
    if listed != sorted(listed, key=lambda r: plan.options[r].order):
        wrong.append(f"options not in the order {listed}: {_order(plan)}")
    wrong += [f"does not ask {f}" for f in expected.get("asks", []) if f not in plan.missing]
    wrong += [f"no work-up for {b}" for b in expected.get("work-up", []) if b not in plan.work_up]
    wrong += [f"work-up for {b}" for b in expected.get("not-work-up", []) if b in plan.work_up]
    if "sentences" in expected and set(expected["sentences"]) != set(plan.sentences):
        wrong.append(f"sentences {list(plan.sentences)}, not {expected['sentences']}")
    wrong += [f"sentence {s}" for s in expected.get("not-sentences", []) if s in plan.sentences]
    text = plan.text.casefold()
    wrong += [f"does not say {s!r}" for s in expected.get("says", []) if s.casefold() not in text]
    wrong += [f"says {s!r}" for s in expected.get("not-says", []) if s.casefold() in text]
    return wrong


def _order(plan: SaidPlan) -> list[str]:
    return [o.regimen for o in sorted(plan.options.values(), key=lambda o: o.order)]


def _option_differences(regimen: str, wanted: Json, plan: SaidPlan) -> list[str]:
    option = plan.options.get(regimen)
    if option is None:
        excluded = f", excluded by {plan.excluded[regimen]}" if regimen in plan.excluded else ""
        return [f"no option {regimen}{excluded}; options: {sorted(plan.options)}"]
    wrong = [
        f"{regimen}: {key} {said}, not {wanted[key]}"
        for key, said in (("rule", option.rule), ("rank", option.rank), ("status", option.status))
        if wanted.get(key, said) != said
    ]
    wrong += [
        f"{regimen}: no hold {h} among {option.holds}"
        for h in wanted.get("holds", [])
        if h not in option.holds
    ]
    wrong += [
        f"{regimen}: does not wait for {f}"
        for f in wanted.get("missing", [])
        if regimen not in plan.missing.get(f, ())
    ]
    if not option.order:
        wrong.append(f"{regimen} is void: not in #choice")
    return wrong
