"""A hospital's ConceptMap: local laboratory codes to the codes we know.

FHIR R4 (`equivalence`) or R5 (`relationship`) JSON. Only targets said to be the same are used:
`equal` or `equivalent`; a wider or narrower target would be a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.core.codes import LocalCodes
from service.core.errors import KnowledgeError

_SAME = {"equal", "equivalent"}


def read_concept_map(file: Path) -> LocalCodes:
    """The map in the file; KnowledgeError when it is not a usable ConceptMap."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KnowledgeError(f"ConceptMap {file.name}: {error}") from error
    if not isinstance(raw, dict) or raw.get("resourceType") != "ConceptMap":
        raise KnowledgeError(f"ConceptMap {file.name}: resourceType is not ConceptMap")
    same: dict[tuple[str, str], tuple[str, str]] = {}
    other: dict[tuple[str, str], str] = {}
    for place, local, standard, relation in _entries(file, raw):
        if relation in _SAME:
            if same.setdefault(local, standard) != standard:
                raise KnowledgeError(f"{place}: {local[1]} has two equivalent targets")
        else:
            other[local] = relation
    url = raw.get("url")
    return LocalCodes(same, other, url if isinstance(url, str) else f"file {file.name}")


def _entries(
    file: Path, raw: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, str], tuple[str, str], str]]:
    for g, group in enumerate(_list(raw, "group")):
        source, target = group.get("source"), group.get("target")
        for e, element in enumerate(_list(group, "element")):
            for t, asked in enumerate(_list(element, "target")):
                place = f"ConceptMap {file.name}: group[{g}].element[{e}].target[{t}]"
                codes = (source, element.get("code"), target, asked.get("code"))
                if not all(isinstance(c, str) and c for c in codes):
                    raise KnowledgeError(f"{place}: source, target and both codes are needed")
                relation = asked.get("equivalence") or asked.get("relationship") or ""
                yield (
                    place,
                    (str(source).partition("|")[0], str(element["code"])),
                    (str(target).partition("|")[0], str(asked["code"])),
                    str(relation),
                )


def _list(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = holder.get(name, [])
    if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
        raise KnowledgeError(f"ConceptMap: {name} is not a list of objects")
    return found
