"""The tables are proved, covered by cases, and refused when one cell of them is wrong."""

import csv
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from service import wiring
from service.core.errors import KnowledgeError
from service.core.table import Table
from service.fhir.json import decode
from service.knowledge.library import load_library
from service.settings import Settings
from service.usecases.assess import assess
from tests.support.cases import HOUSE, assessed, caller, cases, library, resources
from tests.support.doors import run
from tests.support.spoilt import spoil_cell

EDITION = Path(str(files("service.knowledge") / "guideline" / "asco-cap-2018"))
CASES = cases()
TABLES = {t.name: t for g in library().guidelines for t in g.tables.values()}
LINES = {row.line: table.name for table in TABLES.values() for row in table.rows}
#: Lines that complete a table's proof and that no evidence can reach.
UNREACHABLE = {
    "LV-X": "a negative without a usable score is decided, and its level said, by the row itself"
}
#: P19 and P44-P49 do not exist; P80 and later are about therapy.
PITFALLS = {f"P{n:02}" for n in (*range(1, 19), *range(20, 44), *range(50, 75))}
REASONS = {name for g in library().guidelines for name in g.reasons}
COVERED = {str(word) for case in CASES for word in case.said["covers"]}


# Coverage


def test_what_check_prints_is_what_was_proved():
    proof = library().proof()
    said = run("check").stdout.splitlines()[0]
    assert [int(n) for n in re.findall(r"\d+", said)] == [
        proof["tables"],
        proof["rows"],
        proof["combinations"],
    ]
    assert proof["tables"] == len(TABLES)
    assert proof["rows"] == len(LINES)


def test_every_line_of_every_table_is_covered_by_a_case():
    assert set(LINES) - COVERED == set(UNREACHABLE)


def test_every_line_that_a_case_names_exists():
    therapy = library().regimens
    lines = {*LINES, *therapy.rules, *therapy.blockers, *therapy.setting_names, *therapy.workup}
    named = {word for word in COVERED if not re.fullmatch(r"P\d+|Q\d+|N\d\d|M\d\d", word)}
    assert named - lines == set()


def test_every_pitfall_of_reading_and_classifying_is_covered():
    assert set() == PITFALLS - COVERED


def test_every_reason_not_to_use_an_ish_result_is_covered():
    assert set() == REASONS - COVERED


def test_every_line_is_met_while_the_cases_are_answered():
    met = set()

    class Watched(Table):
        def rows_met(self, values):
            rows = super().rows_met(values)
            met.update(row.line for row in rows)
            return rows

    for case in CASES:
        known = library(case.concept_map)
        guidelines = tuple(
            replace(
                edition,
                tables={
                    name: Watched(t.name, t.inputs, t.numbers, t.rows)
                    for name, t in edition.tables.items()
                },
            )
            for edition in known.guidelines
        )
        watched = replace(known, guidelines=guidelines)
        assess(decode(case.body), caller(query=case.query, lenient=case.lenient), watched, HOUSE)
    assert set(LINES) - met == set(UNREACHABLE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_names_the_deciding_lines_that_its_case_covers(case):
    silent = ("dual_probe_groups.csv", "ihc_pattern.csv", "reservation.csv", "scope.csv")
    passing = {"SC-01", "RS-U", "RS-W"}
    named = {str(word) for word in case.said["covers"]} & set(LINES)
    told = {
        line
        for observation in resources(assessed(case), "Observation")
        for line in re.findall(r"Row (\S+?):", observation["text"]["div"])
    }
    assert {n for n in named if LINES[n] not in silent or n in passing} <= told


# What is refused


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped edition, to be spoilt."""
    copy = tmp_path / EDITION.name
    shutil.copytree(EDITION, copy)
    return copy


def refused(folder):
    """What `her2 check` says of the folder, which it must not accept."""
    done = run("check", "--guideline", str(folder))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit), done.exception
    return done.stderr


@dataclass(frozen=True)
class Change:
    """One bound of one cell, written differently."""

    file: str
    row: str
    column: str
    cell: str

    def __str__(self):
        return f"{self.file}-{self.row}-{self.column}-{self.cell}"


def _moved(part):
    """The bound a little higher, a little lower, and with or without its end."""
    sign, number = re.fullmatch(r"([<>]=?)(.+)", part).groups()
    yield f"{sign}{Decimal(number) + Decimal('0.1')}"
    yield f"{sign}{Decimal(number) - Decimal('0.1')}"
    yield f"{sign[:1]}{'' if sign.endswith('=') else '='}{number}"


def _changes():
    for name, table in TABLES.items():
        with (EDITION / name).open(encoding="utf-8", newline="") as read:
            rows = list(csv.DictReader(read))
        for row in rows:
            for column in table.numbers:
                parts = row[column].split(" ")
                for i, part in enumerate(parts):
                    if not re.match(r"[<>]", part):
                        continue
                    for moved in _moved(part):
                        cell = " ".join([*parts[:i], moved, *parts[i + 1 :]])
                        yield Change(name, row["row"], column, cell)


CHANGES = list(_changes())


def test_every_number_column_has_bounds_to_change():
    with_bounds = {(change.file, change.column) for change in CHANGES}
    assert with_bounds == {(t.name, n) for t in TABLES.values() for n in t.numbers}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_one_threshold_changed_in_one_row_is_refused_with_the_combination(folder, change):
    spoil_cell(folder / change.file, change.row, change.column, change.cell)
    said = refused(folder)
    faults = [line for line in said.splitlines() if f"{change.file}: " in line]
    assert faults
    gap = any(f"{change.column}=" in fault and "meets no row" in fault for fault in faults)
    overlap = any(f"{change.column}=" in f and f" {change.row}" in f for f in faults)
    assert gap or overlap


@pytest.mark.parametrize(
    ("file", "row", "column", "text", "said"),
    [
        ("ihc.csv", "IH-1", "row", "IH-2", "IH-2 stands twice"),
        ("ihc.csv", "IH-1", "row", "", "empty"),
        ("ihc.csv", "IH-1", "reference", "", "empty"),
        ("ihc.csv", "IH-1", "verified", "X", "'X'"),
        ("ihc.csv", "IH-1", "ihc", "4+", "'4+'"),
        ("ihc.csv", "IH-1", "ihc", "", "empty"),
        ("ihc.csv", "IH-1", "ihc", "1+|1+", "twice"),
        ("ihc.csv", "IH-1", "ihc", "1+|", "''"),
        ("ihc.csv", "IH-1", "ihc", ">=1", "'>=1'"),
        ("coded_ish.csv", "CD-P-2", "ihc", "2+|3", "'3'"),
        ("dual_probe_groups.csv", "GR-1", "ratio", ">=2.0 >=2.1", "same side twice"),
        ("dual_probe_groups.csv", "GR-4", "copies", "<4.0 <6.0", "same side twice"),
        ("dual_probe_groups.csv", "GR-4", "copies", ">=6.0 <4.0", "holds nothing"),
        ("dual_probe_groups.csv", "GR-1", "ratio", ">= 2.0", "not a bound"),
        ("dual_probe_groups.csv", "GR-1", "ratio", ">=2,0", "not a bound"),
        ("dual_probe_groups.csv", "GR-1", "ratio", "2.0", "'2.0'"),
        ("dual_probe_groups.csv", "GR-1", "ratio", ">=-2.0", "not a bound"),
        ("single_probe_ish.csv", "SP-M-3", "copies", "unknown", "'unknown'"),
        ("limits.csv", "Q01", "bound", "twenty", "not a bound"),
        ("limits.csv", "Q01", "reference", "", "empty"),
        ("reasons.csv", "Q01", "effect", "UNSURE", "'UNSURE'"),
        ("comments.csv", "C-G2", "sentence", "", "empty"),
    ],
)
def test_a_malformed_cell_is_refused_with_file_line_and_column(
    folder, file, row, column, text, said
):
    line = spoil_cell(folder / file, row, column, text)
    told = refused(folder)
    assert f"{file} line {line}, column {column}" in told
    assert said in told


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("category", "POSITIV"),
        ("binary", "MAYBE"),
        ("next_step", "REFLEX"),
        ("flags", "ISH_REQIRED"),
        ("comment", "C-G9"),
    ],
)
def test_a_word_that_is_not_known_is_refused_with_file_and_row(folder, column, text):
    spoil_cell(folder / "ihc.csv", "IH-2", column, text)
    told = refused(folder)
    assert "ihc.csv row IH-2" in told
    assert text in told


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edited(folder):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edited


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (_edit("ihc.csv", "row,ihc,", "row,ihc,colour,"), ("ihc.csv line 1", "colour")),
        (_edit("ihc.csv", "row,ihc,", "row,IHC,"), ("ihc.csv line 1", "IHC")),
        (_edit("ihc.csv", ",reference,", ",reference,reference,"), ("ihc.csv line 1",)),
        (_edit("ihc.csv", "IH-1,1+,", "IH-1,1+,extra,"), ("ihc.csv line 4", "cells")),
        (_edit("ihc.csv", "IH-3,3+|positive,", 'IH-3,"3+"|positive,'), ("ihc.csv line 2",)),
        (_edit("edition.yaml", "id: asco", "name: asco"), ("edition.yaml", "id")),
        (_edit("edition.yaml", "doi: 10.", "doi: 1."), ("edition.yaml", "doi")),
        (_edit("edition.yaml", '"2018-05-30"', "soon"), ("edition.yaml", "from")),
        (_edit("edition.yaml", "tables:", "tables: ["), ("edition.yaml",)),
        (
            _edit("edition.yaml", "  scope:\n    inputs: {scope: [invasive, in-situ]}\n", ""),
            ("scope",),
        ),
        (
            _edit("edition.yaml", "invasive, in-situ", "invasive, in-situ, benign"),
            ("scope.csv", "scope=benign meets no row"),
        ),
        (_edit("edition.yaml", "inputs: {ihc: ihc}", "inputs: {ihc: colours}"), ("colours",)),
        (_edit("limits.csv", "Q01,cells", "Q01-cells,cells"), ("limits.csv", "Q01")),
        (_edit("limits.csv", "AMP-ratio,ratio", "AMP,ratio"), ("limits.csv", "AMP-ratio")),
        (_edit("reasons.csv", "Q08,UNSAT", "Q13,UNSAT"), ("reasons.csv", "Q08")),
    ],
    ids=[
        "an-unknown-column",
        "a-column-in-another-case",
        "a-column-twice",
        "a-cell-too-many",
        "a-broken-quotation",
        "a-missing-key",
        "a-doi-that-is-none",
        "a-day-in-words",
        "yaml-that-is-none",
        "a-table-left-out",
        "a-code-without-a-row",
        "codes-that-nobody-lists",
        "a-limit-left-out",
        "another-limit-left-out",
        "a-reason-left-out",
    ],
)
def test_a_file_of_another_shape_is_refused_with_what_is_wrong(folder, spoilt, said):
    spoilt(folder)
    told = refused(folder)
    for words in said:
        assert words in told


@pytest.mark.parametrize("name", sorted(path.name for path in EDITION.iterdir()))
def test_a_missing_file_is_refused_by_its_name(folder, name):
    (folder / name).unlink()
    assert name in refused(folder)


@pytest.mark.parametrize("name", ["edition.yaml", "ihc.csv", "limits.csv"])
def test_a_file_that_is_no_text_is_refused_by_its_name(folder, name):
    (folder / name).write_bytes(b"\xff\xfe\x00 no text")
    assert name in refused(folder)


def test_the_shipped_copy_itself_is_accepted(folder):
    done = run("check", "--guideline", str(folder))
    assert done.exit_code == 0
    assert done.stdout == run("check").stdout


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [("GR-1", "ratio", ">=2.1"), ("GR-5", "copies", "<=4.0"), ("GR-2", "reference", "")],
)
def test_the_service_does_not_start_on_a_bad_table(folder, monkeypatch, row, column, text):
    spoil_cell(folder / "dual_probe_groups.csv", row, column, text)
    monkeypatch.setattr(wiring, "load_library", partial(load_library, guideline=folder))
    wiring.library_of.cache_clear()
    with pytest.raises(KnowledgeError, match=r"dual_probe_groups\.csv"):
        wiring.create_app(Settings())
    wiring.library_of.cache_clear()
