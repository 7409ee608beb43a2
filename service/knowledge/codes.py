"""`codes/`: which codes of which systems say what, and which may be emitted."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from service.core.codes import Codes, Coding
from service.core.errors import KnowledgeError
from service.knowledge.csv_table import marked, required, rows_of

_COLUMNS = ("group", "concept", "system", "code", "display", "use", "source", "verified")


def read_codes(folder: Traversable) -> Codes:
    """Every CSV of the folder; an unverified code marked to be emitted is refused."""
    read: dict[str, dict[tuple[str, str], Coding]] = {}
    emitted: dict[str, tuple[Coding, ...]] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        for line, row in rows_of(file, _COLUMNS):
            coding = _coding(file, line, row)
            group = read.setdefault(row["group"], {})
            if (coding.system, coding.code) in group:
                raise KnowledgeError(f"{file.name} line {line}: {coding.code} stands twice")
            group[(coding.system, coding.code)] = coding
            if coding.emitted:
                emitted[coding.concept] = (*emitted.get(coding.concept, ()), coding)
    return Codes(read, emitted)


def _coding(file: Traversable, line: int, row: dict[str, str]) -> Coding:
    required(file, line, row, row)
    marked(file, line, row)
    uses = row["use"].split("+")
    if set(uses) - {"read", "emit"}:
        raise KnowledgeError(f"{file.name} line {line}, column use: {row['use']!r}")
    verified = row["verified"] == "V"
    if "emit" in uses and not verified:
        raise KnowledgeError(f"{file.name} line {line}: an unverified code is never emitted")
    return Coding(
        row["concept"], row["system"], row["code"], row["display"], "emit" in uses, verified
    )
