"""What codings mean: the code files first, then the hospital's ConceptMap, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.codes import Codes, LocalCodes
from service.fhir.index import codings


@dataclass(frozen=True, slots=True)
class Coder:
    """Looks codings up; a local code counts as the standard code that the map says it equals."""

    codes: Codes
    local: LocalCodes

    def concepts(self, group: str, concept: object) -> list[str]:
        """The concepts of a CodeableConcept's codings in a group, in order, without repeats."""
        found = [self._of(group, c) for c in codings(concept)]
        return list(dict.fromkeys(c for c in found if c))

    def _of(self, group: str, coding: Mapping[str, object]) -> str:
        system, code = coding.get("system"), coding.get("code")
        known = self.codes.concept(group, system, code)
        if known or not (isinstance(system, str) and isinstance(code, str)):
            return known
        standard = self.local.standard(system, code)
        return self.codes.concept(group, *standard) if standard else ""

    def mapped(self, concept: object) -> bool:
        """True when the hospital's map, and no code file, gave one of the codings its meaning."""
        return any(
            self.local.standard(str(c.get("system")), str(c.get("code"))) for c in codings(concept)
        )
