"""Reading a guideline edition: `edition.yaml` and the tables beside it, proved before use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from typing import Any

from marshmallow import Schema, fields, validate

from service.core.assessment import Binary, Category
from service.core.errors import KnowledgeError
from service.core.guideline import Guideline, Limit, Reason, Source
from service.core.table import Table
from service.core.table_check import Proof, prove
from service.knowledge.csv_table import marked, parse_bound, read_table, required, rows_of
from service.knowledge.yaml_file import load_yaml

#: What every table that decides a category says in its other columns.
_OUTCOME = ("category", "binary", "next_step", "flags", "comment", "sentence")
_OUTPUTS = {
    "dual_probe_groups": ("group", "sentence"),
    "ihc_pattern": ("score", "sentence"),
}
#: What the classifier asks for by name: an edition that lacks one would fail on a request.
_TABLES = {
    "scope",
    "ihc",
    "ihc_level",
    "ihc_pattern",
    "single_probe_ish",
    "dual_probe_groups",
    "dual_probe_ish",
    "dual_probe_incomplete",
    "coded_ish",
    "unsatisfactory_ish",
    "conclusion",
    "reservation",
}
_LIMITS = {
    "Q01",
    "Q03-ratio",
    "Q03-copies",
    "Q03-cep17",
    "NEAR-ratio",
    "NEAR-copies-4",
    "NEAR-copies-6",
    "AMP-ratio",
    "AMP-copies",
    "RECOUNT-cells",
}
_REASONS = {f"Q{number:02}" for number in range(1, 13)}
_PASSED_ON = {"AS_TESTED", "AS_SETTLED", "BY_IHC_LEVEL"}


class _Source(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1))
    citation = fields.String(required=True, validate=validate.Length(min=1))
    doi = fields.String(required=True, validate=validate.Regexp(r"10\.\d{4,}/\S+"))


class _Inputs(Schema):
    inputs = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)


class _Edition(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9-]+\Z"))
    version = fields.String(required=True)
    title = fields.String(required=True, validate=validate.Length(min=1))
    start = fields.Date(required=True, data_key="from")
    affirmed = fields.String()
    sources = fields.List(fields.Nested(_Source), required=True, validate=validate.Length(min=1))
    marks = fields.List(fields.String(), required=True)
    tables = fields.Dict(keys=fields.String(), values=fields.Nested(_Inputs), required=True)
    codes = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


@dataclass(frozen=True, slots=True)
class ProvedGuideline:
    """An edition with the proof of each of its tables."""

    guideline: Guideline
    proofs: tuple[Proof, ...]


def read_guideline(folder: Traversable) -> ProvedGuideline:
    """The edition in the folder; KnowledgeError on any malformed cell, gap or overlap."""
    edition = load_yaml(folder / "edition.yaml", _Edition())
    tables = {
        name: _table(folder, name, asked["inputs"], edition["codes"])
        for name, asked in edition["tables"].items()
    }
    proofs = tuple(prove(table) for table in tables.values())
    faults = [fault for proof in proofs for fault in proof.faults]
    if faults:
        raise KnowledgeError("\n".join(faults))
    comments = _comments(folder / "comments.csv")
    for table in tables.values():
        _check_outcomes(table, comments)
    limits, reasons = _limits(folder / "limits.csv"), _reasons(folder / "reasons.csv")
    _complete("edition.yaml", _TABLES, tables)
    _complete("limits.csv", _LIMITS, limits)
    _complete("reasons.csv", _REASONS, reasons)
    start: date = edition["start"]
    guideline = Guideline(
        identity=edition["id"],
        version=edition["version"],
        title=edition["title"],
        start=start,
        tables=tables,
        limits=limits,
        reasons=reasons,
        comments=comments,
        sources=tuple(Source(s["citation"], s["doi"]) for s in edition["sources"]),
    )
    return ProvedGuideline(guideline, proofs)


def _complete(file: str, needed: Collection[str], found: Collection[str]) -> None:
    missing = sorted(set(needed) - set(found))
    if missing:
        raise KnowledgeError(f"{file}: lacks {', '.join(missing)}")


def _table(
    folder: Traversable, name: str, inputs: Mapping[str, Any], shared: Mapping[str, list[str]]
) -> Table:
    codes = {
        column: _codes(f"edition.yaml: tables.{name}.inputs.{column}", asked, shared)
        for column, asked in inputs.items()
    }
    return read_table(folder / f"{name}.csv", codes, _OUTPUTS.get(name, _OUTCOME))


def _codes(place: str, asked: object, shared: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The codes of an input: listed, or by the name of a list that tables share."""
    listed = shared.get(asked) if isinstance(asked, str) else asked
    if not isinstance(listed, list) or not all(isinstance(code, str) for code in listed):
        raise KnowledgeError(f"{place}: {asked!r} is neither a list of codes nor the name of one")
    return tuple(listed)


def _check_outcomes(table: Table, comments: Mapping[str, str]) -> None:
    """Every category, status and comment that a row names exists."""
    for row in table.rows:
        if "category" not in row.then:
            continue
        known = (
            (row.then["category"], {*Category, *_PASSED_ON}),
            (row.then["binary"], {*Binary, *_PASSED_ON}),
            (row.then["comment"], {"", *comments}),
        )
        for said, allowed in known:
            if said not in allowed:
                raise KnowledgeError(f"{table.name} row {row.line}: {said!r} is not known")


def _limits(file: Traversable) -> dict[str, Limit]:
    limits = {}
    for line, row in rows_of(
        file, ("limit", "quantity", "bound", "sentence", "reference", "verified")
    ):
        required(file, line, row, row)
        marked(file, line, row)
        bound = parse_bound(row["bound"], f"{file.name} line {line}, column bound")
        limits[row["limit"]] = Limit(
            row["limit"], row["quantity"], bound, row["sentence"], row["reference"]
        )
    return limits


def _reasons(file: Traversable) -> dict[str, Reason]:
    reasons = {}
    for line, row in rows_of(file, ("reason", "effect", "sentence", "reference", "verified")):
        required(file, line, row, row)
        marked(file, line, row)
        if row["effect"] not in ("UNSAT", "MISSING", "NOT_USED"):
            raise KnowledgeError(f"{file.name} line {line}, column effect: {row['effect']!r}")
        reasons[row["reason"]] = Reason(
            row["reason"], row["effect"], row["sentence"], row["reference"]
        )
    return reasons


def _comments(file: Traversable) -> dict[str, str]:
    comments = {}
    for line, row in rows_of(file, ("comment", "sentence", "reference", "verified")):
        required(file, line, row, row)
        marked(file, line, row)
        comments[row["comment"]] = row["sentence"]
    return comments
