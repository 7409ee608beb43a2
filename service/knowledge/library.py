"""Everything the service knows, read and proved once: guideline, therapy, words, codes, drugs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from service.core.codes import Codes, LocalCodes
from service.core.drug import Drug
from service.core.errors import KnowledgeError
from service.core.facts import FactKind
from service.core.guideline import Guideline
from service.core.table_check import Proof
from service.core.therapy_edition import Therapy
from service.core.words import Words
from service.knowledge.codes import read_codes
from service.knowledge.concept_map import read_concept_map
from service.knowledge.drugs import read_drugs
from service.knowledge.guidelines import read_guideline
from service.knowledge.therapies import TherapyEdition, read_therapy
from service.knowledge.words import read_words

#: Facts that only results say: the caller sends ER and PR.
NOT_STATED = ("hr_status",)


@dataclass(frozen=True)
class Library:
    """What the service knows.

    guidelines: every edition, the oldest first. proofs: of each table of each edition.
    therapy: which therapy edition it is; regimens: its tables.
    local_codes: the hospital's ConceptMap, empty when none is configured.
    """

    guidelines: tuple[Guideline, ...]
    proofs: tuple[Proof, ...]
    words: Words
    codes: Codes
    drugs: tuple[Drug, ...]
    therapy: TherapyEdition
    regimens: Therapy
    local_codes: LocalCodes

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the treatment settings, each once, in order."""
        return self.regimens.setting_names

    @cached_property
    def fact_kinds(self) -> Mapping[str, FactKind]:
        """What each fact that a caller may state can hold."""
        facts = self.words.facts.items()
        return {name: fact.kind for name, fact in facts if name not in NOT_STATED}

    def guideline_on(self, day: date) -> Guideline:
        """The edition in force on a day; before the first, the first."""
        in_force = [g for g in self.guidelines if g.start <= day]
        return in_force[-1] if in_force else self.guidelines[0]

    def proof(self) -> Mapping[str, int]:
        """How much was proved: tables, rows, combinations."""
        return {
            "tables": len(self.proofs),
            "rows": sum(p.rows for p in self.proofs),
            "combinations": sum(p.combinations for p in self.proofs),
        }

    def therapy_proof(self) -> Mapping[str, int]:
        """How much of the therapy edition was checked."""
        rules = self.regimens.rules.values()
        return {
            "rules": len(rules),
            "components": sum(len(rule.components) for rule in rules),
            "blockers": len(self.regimens.blockers),
            "settings": len(self.settings),
            "conditions": len(self.regimens.conditions),
        }


def load_library(
    guideline: Traversable | None = None,
    concept_map: Path | None = None,
    therapy: Traversable | None = None,
) -> Library:
    """Read it all from the package; another guideline or therapy folder, a ConceptMap may be named.

    Raises KnowledgeError with file, line and column: the service does not start on it.
    """
    home = files("service.knowledge")
    folders = [guideline] if guideline else _editions(home / "guideline")
    editions = sorted((read_guideline(f) for f in folders), key=lambda e: e.guideline.start)
    words, drugs = read_words(home / "words"), read_drugs(home / "drugs")
    regimens = read_therapy(
        therapy or home / "therapy" / "2026-05", home / "partners.csv", drugs, words
    )
    library = Library(
        guidelines=tuple(e.guideline for e in editions),
        proofs=tuple(p for e in editions for p in e.proofs),
        words=words,
        codes=read_codes(home / "codes"),
        drugs=drugs,
        therapy=regimens.edition,
        regimens=regimens.therapy,
        local_codes=read_concept_map(concept_map) if concept_map else LocalCodes({}, {}, ""),
    )
    _check_words(library)
    return library


def _editions(folder: Traversable) -> list[Traversable]:
    return sorted((f for f in folder.iterdir() if f.is_dir()), key=lambda f: f.name)


def _check_words(library: Library) -> None:
    """Every flag and next step that a row can raise has a sentence."""
    for guideline in library.guidelines:
        for table in guideline.tables.values():
            for row in table.rows:
                flags = [f for f in row.then.get("flags", "").split(";") if f]
                unsaid = [f for f in flags if f not in library.words.flags]
                step = row.then.get("next_step", "NONE")
                if step not in {"NONE", "BY_IHC_LEVEL", *library.words.next_steps}:
                    unsaid.append(step)
                if unsaid:
                    raise KnowledgeError(f"{table.name} row {row.line}: no words for {unsaid}")
