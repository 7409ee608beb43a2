"""The regimen table of a therapy edition: rules, and the drugs each is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from service.core.drug_facts import Jurisdiction
from service.core.errors import KnowledgeError
from service.core.facts import FactKind
from service.core.regimen import OPTIONAL, Component, HrStatus, Rank, Rule, Wording
from service.core.therapy_edition import ANY, ANY_EARLY
from service.knowledge.therapy_line import Line, lines_of

_COLUMNS = (
    "rule setting order rank her2_category hr_status when jurisdictions regimen name stage prior "
    "clinical cycle_days duration evidence guideline label blockers workup monitoring flags "
    "warnings verification"
).split()
_EMPTY = (
    "stage prior clinical cycle_days duration evidence guideline label blockers workup monitoring "
    "flags warnings"
).split()


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a rule may use.

    drugs: name of a drug -> id of its drug record, empty for a partner drug.
    """

    facts: Mapping[str, FactKind]
    settings: Collection[str]
    blockers: Collection[str]
    workup: Collection[str]
    monitoring: Collection[str]
    flags: Collection[str]
    drugs: Mapping[str, str]


def read_rules(regimens: Traversable, components: Traversable, known: Known) -> dict[str, Rule]:
    """The rules by id, each with its components; KnowledgeError with file, line and column."""
    parts = _components(components, known)
    rules = {
        line["rule"]: _rule(line, tuple(parts.get(line["rule"], ())), known)
        for line in lines_of(regimens, _COLUMNS, _EMPTY)
    }
    if stray := [rule for rule in parts if rule not in rules]:
        raise KnowledgeError(f"{components.name}: there is no rule {', '.join(stray)}")
    return rules


def _rule(line: Line, components: tuple[Component, ...], known: Known) -> Rule:
    rank = line.one_of("rank", Rank)
    if bool(components) is (rank is Rank.NONE):
        text = "is a sentence, and has components" if components else "has no components"
        raise line.refused("rule", f"{line['rule']} {text}")
    if line["setting"] not in (ANY, ANY_EARLY, *known.settings):
        raise line.refused("setting", f"{line['setting']} is not known")
    if line["cycle_days"] and not components:
        raise line.refused("cycle_days", "a sentence has no cycles")
    blockers = line.names("blockers", known.blockers)
    return Rule(
        id=line["rule"],
        setting=line["setting"],
        order=line.count("order"),
        rank=rank,
        categories=line.categories("her2_category"),
        hr_status=line.one_of("hr_status", HrStatus),
        condition=line.condition("when", known.facts),
        jurisdictions=line.several("jurisdictions", Jurisdiction),
        regimen=line["regimen"],
        name=line["name"],
        components=components,
        cycle_days=line.count("cycle_days") if line["cycle_days"] else None,
        duration=line["duration"],
        evidence=line["evidence"],
        guideline=line["guideline"],
        label=line["label"],
        blockers=blockers if components else (),
        grounds=() if components else blockers,
        workup=line.names("workup", known.workup),
        monitoring=line.names("monitoring", known.monitoring),
        flags=line.names("flags", known.flags),
        warnings=line["warnings"],
        verification=line["verification"],
        wording=Wording(line["stage"], line["prior"], line["clinical"]),
    )


def _components(file: Traversable, known: Known) -> dict[str, list[Component]]:
    """The components by rule, in the file's order, which `n` numbers."""
    columns = ("rule", "n", "phase", "choice", "drug", "dose", "blockers", "when_known")
    parts: dict[str, list[Component]] = {}
    for line in lines_of(file, columns, empty=("choice", *columns[-2:]), twice=True):
        before = parts.setdefault(line["rule"], [])
        if line.count("n") != len(before) + 1:
            raise line.refused("n", f"{line['n']} does not follow {len(before)}")
        phase = line.count("phase")
        if phase - (before[-1].phase if before else 0) not in ((0, 1) if before else (1,)):
            raise line.refused("phase", f"phase {phase} does not follow")
        choice = line["choice"]
        if choice not in ("", OPTIONAL) and not (len(choice) == 1 and choice.isalpha()):
            raise line.refused("choice", f"{choice!r} is neither a letter nor {OPTIONAL}")
        if line["drug"] not in known.drugs:
            raise line.refused("drug", f"{line['drug']} has no drug record and is no partner drug")
        blockers = line.names("blockers", known.blockers)
        when_known = line.names("when_known", known.blockers)
        if (blockers or when_known) and not choice:
            raise line.refused("blockers", "what stops a fixed drug stops the rule: list it there")
        record = known.drugs[line["drug"]]
        before.append(
            Component(phase, choice, line["drug"], record, line["dose"], blockers, when_known)
        )
    _check_choices(file, parts)
    return parts


def _check_choices(file: Traversable, parts: Mapping[str, list[Component]]) -> None:
    """A choice is between two drugs at least, and a drug stands once in a phase."""
    for rule, components in parts.items():
        groups = [(c.phase, c.choice) for c in components if c.choice not in ("", OPTIONAL)]
        drugs = [(c.phase, c.drug) for c in components]
        if alone := [choice for choice in groups if groups.count(choice) < 2]:
            raise KnowledgeError(f"{file.name} rule {rule}: nothing to choose from in {alone[0]}")
        if len(set(drugs)) != len(drugs):
            raise KnowledgeError(f"{file.name} rule {rule}: a drug stands twice in a phase")
