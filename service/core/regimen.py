"""The regimen table: which regimen may be suggested when, and of which drugs it is made.

Data as a clinician wrote it, checked and complete; nothing here decides. A suggestion made from
it is decision support: a draft, never an order, and no dose is ever computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from service.core.assessment import Category
from service.core.condition import Condition
from service.core.drug_facts import Jurisdiction

#: The choice group of a drug that may be added or left out.
OPTIONAL = "optional"


class Rank(StrEnum):
    """What a rule's regimen is among those of its setting; NONE is a sentence, no regimen."""

    PREFERRED = "PREFERRED"
    ALTERNATIVE = "ALTERNATIVE"
    OPTIONAL = "OPTIONAL"
    ADD_ON = "ADD-ON"
    NONE = "NONE"


class HrStatus(StrEnum):
    """Hormone receptors that a rule asks for; POSITIVE is ER or PR in 1% of cells or more."""

    ANY = "ANY"
    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and what it names, in our words. system: `loinc`, `snomed`, `rxnorm` or `atc`.

    verified: an unverified code is read, and never emitted.
    """

    system: str
    code: str
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Partner:
    """A drug of a regimen that is not anti-HER2.

    members: of a class (`aromatase inhibitor`), the drugs of which one is chosen.
    """

    name: str
    members: tuple[str, ...]
    codes: tuple[Coded, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Component:
    """One drug of a regimen.

    phase: 1, then 2; the second follows the first.
    choice: empty for a fixed drug; one drug is taken of those of a phase with the same letter;
        OPTIONAL for one that may be left out.
    drug: its name; `record` is the id of its drug record, empty for a partner drug.
    dose: as prescribers write it (mg/kg, never computed).
    blockers: of one drug of a choice, ids of what stops it alone; the rule stands as long as
        another drug of the choice is left. when_known: of these, nothing follows from not knowing.
    """

    phase: int
    choice: str
    drug: str
    record: str
    dose: str
    blockers: tuple[str, ...]
    when_known: tuple[str, ...] = ()

    @property
    def fixed(self) -> bool:
        """True when the regimen is not this regimen without it."""
        return not self.choice


@dataclass(frozen=True, slots=True)
class Wording:
    """How a rule says, for people, what it is for; nothing is computed from it."""

    stage: str
    prior: str
    clinical: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the regimen table.

    order: the smaller comes first in its setting.
    jurisdictions: where the use is authorised, or, off label, in use.
    regimen: its code; two rules with one code are one regimen.
    cycle_days: None where there are no cycles.
    blockers: ids; whatever is not listed does not apply.
    grounds: of a sentence (rank NONE), ids of the blockers whose sentences give the reason; they
        stop nothing, since a sentence that says `no drug` is no drug.
    flags: names in words/flags.csv.
    verification: V checked against a text, S source article, G general knowledge, I our decision.
    """

    id: str
    setting: str
    order: int
    rank: Rank
    categories: tuple[Category, ...]
    hr_status: HrStatus
    condition: Condition
    jurisdictions: tuple[Jurisdiction, ...]
    regimen: str
    name: str
    components: tuple[Component, ...]
    cycle_days: int | None
    duration: str
    evidence: str
    guideline: str
    label: str
    blockers: tuple[str, ...]
    grounds: tuple[str, ...]
    workup: tuple[str, ...]
    monitoring: tuple[str, ...]
    flags: tuple[str, ...]
    warnings: str
    verification: str
    wording: Wording

    @property
    def off_label(self) -> bool:
        """True when the label status begins with the word: authorised nowhere for this use."""
        return self.label.startswith("off-label")

    @property
    def for_low(self) -> bool:
        """True for a rule of HER2-low or HER2-ultralow disease (the fact `row_is_tdxd_low`)."""
        return bool(self.categories) and set(self.categories) <= {Category.LOW, Category.ULTRALOW}

    @property
    def schedule(self) -> str:
        """Every drug with its dose in one line, as a prescriber reads it."""
        phases = groupby(self.components, key=lambda component: component.phase)
        return " THEN ".join(_phase(tuple(group)) for _, group in phases)


def _phase(components: tuple[Component, ...]) -> str:
    said: list[str] = []
    before = ""
    for component in components:
        drug = f"{component.drug} {component.dose}"
        if component.choice == OPTIONAL:
            said.append(f"optional: {drug}")
        elif component.choice and component.choice == before:
            said[-1] += f" OR {drug}"
        else:
            said.append(drug)
        before = component.choice
    return "; ".join(said)
