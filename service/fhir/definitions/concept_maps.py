"""ConceptMap: our categories to the answers of LOINC and SNOMED CT that were verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.core.codes import Coding
from service.core.vocabulary import CategoryAnswer, Relation
from service.fhir.definitions.known import Known
from service.fhir.definitions.shape import Resource, canonical, definition
from service.fhir.systems import LOINC, SNOMED, code_of

#: In R4 the target is said to be wider; in R5 the source to be narrower.
_R4 = {Relation.SAME: "equivalent", Relation.NARROWER: "wider", Relation.RELATED: "relatedto"}
_R5 = {
    Relation.SAME: "equivalent",
    Relation.NARROWER: "source-is-narrower-than-target",
    Relation.RELATED: "related-to",
}
_CONTEXT = "As the answer to a HER2 test."


def category_answers(known: Known) -> Resource:
    """One group for each system; a category that it has no verified answer for is said so."""
    scope = "sourceScopeCanonical" if known.r5 else "sourceCanonical"
    return definition(
        known,
        "ConceptMap",
        "her2-category-answers",
        known.newest,
        "HER2 category to LOINC and SNOMED CT answers",
        "What a HER2 category is among the answers of others, for receivers that do not know ours. "
        "HER2-low and ultralow have answers of their own in SNOMED CT, and are negative too.",
        **{scope: canonical(known, "ValueSet", "her2-category")},
        group=[_group(known, system) for system in (LOINC, SNOMED)],
    )


def _group(known: Known, system: str) -> dict[str, Any]:
    answers = known.codes.read["answer"].values()
    targets = {c.concept: c for c in answers if c.verified and c.system == system}
    elements: dict[str, list[dict[str, Any]]] = {}
    for answer in known.vocabularies.answers:
        found = elements.setdefault(answer.category, [])
        if coding := targets.get(answer.answer):
            found.append(_target(answer, coding, known))
    return {
        "source": known.systems.code_system("her2-category"),
        "target": system,
        "element": [_element(word, found, known) for word, found in elements.items()],
    }


def _element(word: str, found: list[dict[str, Any]], known: Known) -> dict[str, Any]:
    titles: Mapping[str, str] = {str(c): s.title for c, s in known.words.categories.items()}
    element: dict[str, Any] = {"code": code_of(word), "display": titles[word]}
    if found:
        return element | {"target": found}
    if known.r5:
        return element | {"noMap": True}
    return element | {"target": [{"equivalence": "unmatched"}]}


def _target(answer: CategoryAnswer, coding: Coding, known: Known) -> dict[str, Any]:
    relation = {"relationship": _R5[answer.relation]} if known.r5 else {}
    relation |= {} if known.r5 else {"equivalence": _R4[answer.relation]}
    return {
        "code": coding.code,
        "display": coding.display,
        **relation,
        "comment": answer.comment or _CONTEXT,
    }
