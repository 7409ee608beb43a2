"""Codes and what they say: the standard ones, and a hospital's own that equal them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Coding:
    """A code as it stands in its code file. verified: V (checked) or G (general knowledge)."""

    concept: str
    system: str
    code: str
    display: str
    emitted: bool
    verified: bool


@dataclass(frozen=True)
class Codes:
    """Concepts by group and (system, code); prefixes for ICD-10 categories."""

    read: Mapping[str, Mapping[tuple[str, str], Coding]]
    emitted: Mapping[str, tuple[Coding, ...]]

    @cached_property
    def drug_names(self) -> tuple[tuple[str, str], ...]:
        """(name, drug family) of every name of a drug that is read."""
        names = self.read.get("drug-name", {})
        return tuple(sorted((name, coding.concept) for (_, name), coding in names.items()))

    def concept(self, group: str, system: object, code: object) -> str:
        """The concept of an exact code in a group, empty when it has none."""
        known = self.read.get(group, {})
        found = (
            known.get((system, code)) if isinstance(system, str) and isinstance(code, str) else None
        )
        return found.concept if found else ""

    def concept_by_prefix(self, group: str, system: object, code: object) -> str:
        """The concept of the longest listed category that the code falls in."""
        if not (isinstance(system, str) and isinstance(code, str)):
            return ""
        known = self.read.get(group, {})
        fits = [c for (s, prefix), c in known.items() if s == system and code.startswith(prefix)]
        return max(fits, key=lambda c: len(c.code)).concept if fits else ""

    def coding(self, concept: str) -> Coding | None:
        """The verified coding to emit for a concept, or None: then text alone is emitted."""
        found = self.emitted.get(concept, ())
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class LocalCodes:
    """Local (system, code) -> standard (system, code); and the codes mapped to nothing we use."""

    same: Mapping[tuple[str, str], tuple[str, str]]
    other: Mapping[tuple[str, str], str]
    url: str

    def standard(self, system: str, code: str) -> tuple[str, str] | None:
        """The standard code that the local one equals, or None."""
        return self.same.get((system, code))
