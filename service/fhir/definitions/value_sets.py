"""ValueSet: the tests and answers of others that are read. Codes that were not verified are out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.core.codes import Coding
from service.fhir.definitions.known import Known
from service.fhir.definitions.shape import Resource, definition

_READ = "Codes that are read and were not verified against a source are left out."
#: id -> title, what it holds, group of the code files, concepts in order.
_SETS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "her2-ihc-tests",
        "HER2 IHC tests that are read",
        "LOINC codes of an Observation that is read as HER2 immunohistochemistry.",
        "test",
        ("ihc",),
    ),
    (
        "her2-ish-single-probe-tests",
        "HER2 single-probe ISH tests that are read",
        "LOINC codes that are read as HER2 in-situ hybridisation with one probe: presence, and "
        "copies without a ratio.",
        "test",
        ("ish", "copies", "cells"),
    ),
    (
        "her2-ish-dual-probe-tests",
        "HER2 dual-probe ISH tests that are read",
        "LOINC codes that are read as HER2 in-situ hybridisation with two probes.",
        "test",
        ("ish", "panel", "ratio", "copies", "cep17", "cells"),
    ),
    (
        "her2-conclusion-tests",
        "HER2 conclusions that are read",
        "LOINC codes that are read as the laboratory's overall conclusion.",
        "test",
        ("conclusion",),
    ),
    (
        "her2-ihc-answers",
        "HER2 IHC answers that are read",
        "Coded answers to a HER2 IHC test. Text and whole numbers are read too.",
        "answer",
        (
            "score-0",
            "score-1",
            "score-2",
            "score-3",
            "positive",
            "negative",
            "equivocal",
            "indeterminate",
            "not-tested",
            "unknown",
        ),
    ),
)


def read_value_sets(known: Known) -> Iterable[Resource]:
    """The tests by method, and the answers of IHC."""
    for identity, title, said, group, concepts in _SETS:
        yield definition(
            known,
            "ValueSet",
            identity,
            known.newest,
            title,
            f"{said} {_READ}",
            compose={"include": includes(verified(known, group, concepts))},
        )


def verified(known: Known, group: str, concepts: Sequence[str]) -> list[Coding]:
    """The verified codings of a group that say one of the concepts, in the concepts' order."""
    found = [c for c in known.codes.read[group].values() if c.verified and c.concept in concepts]
    return sorted(found, key=lambda coding: concepts.index(coding.concept))


def includes(codings: Iterable[Coding]) -> list[dict[str, Any]]:
    """`compose.include`: one for each system."""
    by_system: dict[str, list[dict[str, str]]] = {}
    for c in codings:
        by_system.setdefault(c.system, []).append({"code": c.code, "display": c.display})
    return [{"system": system, "concept": listed} for system, listed in by_system.items()]
