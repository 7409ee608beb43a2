"""PlanDefinition and Library of a guideline edition: every decision table, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from service.core.guideline import Guideline
from service.core.measure import Interval
from service.core.table import Cell, Row, Table
from service.fhir.definitions.known import Edition, Known, edition_of
from service.fhir.definitions.parts import (
    action_code,
    cited,
    for_breast_cancer,
    library_type,
    plan_type,
    resource_link,
)
from service.fhir.definitions.shape import Resource, canonical, definition, sentence
from service.fhir.systems import code_of

_OF = (
    "her2-category",
    "her2-binary-status",
    "her2-ish-group",
    "her2-next-step",
    "her2-flag",
    "her2-rule",
)


def guideline_definitions(guideline: Guideline, known: Known) -> Iterable[Resource]:
    """The plan of the decision tables, and the Library that `Provenance.policy` names."""
    edition = edition_of(guideline)
    identity = f"guideline-{guideline.identity}"
    yield definition(
        known,
        "PlanDefinition",
        identity,
        edition,
        guideline.title,
        "How a HER2 category follows from the tests: decision tables in words. In each table "
        "exactly one row is met; the order of the rows says nothing.",
        type=plan_type("eca-rule"),
        useContext=for_breast_cancer(),
        purpose="Decision support: the pathologist's sign-out stands beside it.",
        relatedArtifact=[
            resource_link("derived-from", canonical(known, "Library", identity, edition.version))
        ],
        action=[_table(name, table, known) for name, table in guideline.tables.items()],
    )
    yield _library(identity, edition, known)


def _library(identity: str, edition: Edition, known: Known) -> Resource:
    return definition(
        known,
        "Library",
        identity,
        edition,
        edition.title,
        f"{sentence(edition.title)} The guideline edition on which categories rest.",
        type=library_type("logic-library"),
        useContext=for_breast_cancer(),
        relatedArtifact=[
            *(cited(source, known) for source in edition.sources),
            resource_link(
                "composed-of", canonical(known, "PlanDefinition", identity, edition.version)
            ),
            *(resource_link("depends-on", canonical(known, "CodeSystem", name)) for name in _OF),
        ],
    )


def _table(name: str, table: Table, known: Known) -> dict[str, Any]:
    return {
        "id": code_of(name),
        "title": name.replace("_", " "),
        "description": f"Inputs: {', '.join(n.replace('_', ' ') for n in table.inputs)}.",
        "selectionBehavior": "exactly-one",
        "action": [_row(row, table, known) for row in table.rows],
    }


def _row(row: Row, table: Table, known: Known) -> dict[str, Any]:
    return {
        "id": code_of(row.line),
        "prefix": row.line,
        "title": row.then["sentence"].rstrip("."),
        "description": _then(row),
        "textEquivalent": _when(row, table),
        **action_code(known.systems.concept("her2-rule", row.rule), known),
        "documentation": [{"type": "citation", "citation": row.reference}],
    }


def _then(row: Row) -> str:
    """What follows, in the table's words; `NONE` and empty cells say nothing."""
    said = {k: v for k, v in row.then.items() if k not in ("sentence", "comment")}
    told = [f"{k.replace('_', ' ')} {v}" for k, v in said.items() if v not in ("", "NONE")]
    return sentence("; ".join(told) or "no more follows")


def _when(row: Row, table: Table) -> str:
    """The cells as a sentence; a row of `*` alone is met by everything."""
    named = zip(table.inputs, row.given, strict=True)
    said = [text for name, cell in named if (text := _cell(name, cell, table))]
    return f"When {' and '.join(said)}." if said else "Always."


def _cell(name: str, cell: Cell, table: Table) -> str:
    said = []
    if cell.bounds:
        said.append(_bound(cell.bounds))
    if cell.codes:
        said.append("is " + " or ".join(c for c in table.inputs[name] if c in cell.codes))
    return f"{name.replace('_', ' ')} {' or '.join(said)}" if said else ""


def _bound(bounds: Interval) -> str:
    said = []
    if bounds.low is not None:
        said.append(f"{'above' if bounds.low_open else 'at least'} {_number(bounds.low)}")
    if bounds.high is not None:
        said.append(f"{'below' if bounds.high_open else 'at most'} {_number(bounds.high)}")
    return f"is {' and '.join(said)}"


def _number(value: Fraction) -> str:
    return str(Decimal(value.numerator) / Decimal(value.denominator))
