"""CodeSystem: every vocabulary of ours; and the ValueSet of each that holds all its codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.core.vocabulary import Term, Vocabulary
from service.fhir.definitions.known import Edition, Known
from service.fhir.definitions.shape import Resource, canonical, definition
from service.fhir.definitions.terms import terms_of
from service.fhir.systems import code_of

#: Said by the guideline's tables alone; the others draw from the therapy tables too.
_OF_THE_GUIDELINE = ("her2-ish-group", "her2-rule")
_OPEN = "her2-assessment"  # its codes are UUIDs: they cannot be listed


def code_systems(known: Known) -> Iterable[Resource]:
    """One for each vocabulary."""
    for vocabulary in known.vocabularies.by_name.values():
        yield _code_system(vocabulary, known)


def whole_value_sets(known: Known) -> Iterable[Resource]:
    """All codes of a vocabulary; none for the one whose codes cannot be listed."""
    for vocabulary in known.vocabularies.by_name.values():
        if vocabulary.name != _OPEN:
            yield definition(
                known,
                "ValueSet",
                vocabulary.name,
                _edition(vocabulary, known),
                vocabulary.title,
                f"Every code of the CodeSystem. {vocabulary.description}",
                immutable=True,
                compose={"include": [{"system": known.systems.code_system(vocabulary.name)}]},
            )


def _code_system(vocabulary: Vocabulary, known: Known) -> Resource:
    terms = terms_of(vocabulary.name, known)
    listed: dict[str, Any] = {"content": "not-present"}
    if vocabulary.name != _OPEN:
        listed = {
            "valueSet": canonical(known, "ValueSet", vocabulary.name),
            "content": "complete",
            "count": len(terms),
            "concept": [_concept(term) for term in terms],
        }
    return definition(
        known,
        "CodeSystem",
        vocabulary.name,
        _edition(vocabulary, known),
        vocabulary.title,
        vocabulary.description,
        caseSensitive=True,
        **listed,
    )


def _concept(term: Term) -> dict[str, str]:
    concept = {"code": code_of(term.word), "display": term.display}
    return concept | ({"definition": term.definition} if term.definition else {})


def _edition(vocabulary: Vocabulary, known: Known) -> Edition:
    guideline = vocabulary.name in _OF_THE_GUIDELINE
    return known.guideline_edition if guideline else known.newest
