"""TNM categories and stage groups as people and code systems write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from service.fhir.numbers_in_text import REMEMBERED, plain

_CATEGORY = re.compile(
    r"(?<![a-z0-9])(?P<prefix>(?:yp|yc|rp|rc|[cpra])?)(?P<axis>[tnm])"
    r"(?P<number>x|is|[0-4])(?P<detail>mic?|[a-d][1-3]?)?"
    r"(?P<more>(?:\s?\((?:mi|mic|i[+-]|mol[+-]|sn|f|m|\d+|dcis|lcis|lobular|paget)\))*)(?![a-z0-9])"
)
_GROUP = re.compile(
    r"(?<![a-z0-9])(?P<prefix>yp|yc|[cp])?(?P<group>iv|i{1,3}|[0-4])(?P<part>[abc][1-3]?)?(?![a-z0-9])"
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


@dataclass(frozen=True, slots=True)
class Category:
    """One T, N or M category.

    prefix: c, p, yp, yc, r or empty. number: None for X and for Tis. detail: what follows in
    lower case (`d`, `mi`, `is`). cells: isolated tumour cells, N0(i+).
    """

    prefix: str
    axis: str
    number: int | None
    detail: str
    cells: bool

    @property
    def micro(self) -> bool:
        """T1mi or N1mi."""
        return self.number == 1 and self.detail == "mi"

    @property
    def in_situ(self) -> bool:
        return self.detail == "is"

    @property
    def nothing(self) -> bool:
        """T0 or Tis; N0 without isolated tumour cells."""
        return self.in_situ or (self.number == 0 and not self.cells)

    def __str__(self) -> str:
        shown = "X" if self.number is None and not self.in_situ else str(self.number or 0)
        tail = "is" if self.in_situ else shown + self.detail
        return f"{self.prefix}{self.axis}{tail}{'(i+)' if self.cells else ''}"


@lru_cache(REMEMBERED)
def categories(text: str) -> tuple[Category, ...]:
    """Every category in a text: `ypT1a ypN0(i+)`, `pN1(mi)`, `AJCC cT3`, `T1 category`."""
    found = []
    for match in _CATEGORY.finditer(plain(text)):
        number, detail, more = match["number"], match["detail"] or "", match["more"]
        if number.isdigit() and int(number) > (4 if match["axis"] == "t" else 3):
            continue
        if match["axis"] == "m" and number not in ("0", "1", "x"):
            continue
        detail = "mi" if detail in ("mi", "mic") or "(mi" in more else detail
        detail = "is" if number == "is" else detail
        found.append(
            Category(
                prefix=match["prefix"],
                axis=match["axis"].upper(),
                number=int(number) if number.isdigit() else None,
                detail=detail,
                cells="(i+)" in more,
            )
        )
    return tuple(found)


@lru_cache(REMEMBERED)
def stage_group(text: str) -> int | None:
    """0 to 4 of a stage group: `IIA`, `Stage 3A (qualifier value)`, `c3A`, `pStage IV`."""
    said = re.sub(r"\([^)]*\)", " ", plain(text))
    said = re.sub(
        r"\b(?:ajcc|uicc|anatomic|prognostic|clinical|pathological|pathologic)\b", " ", said
    )
    said = re.sub(r"\b(yp|yc|[cp])?(?:stage|stadium)(?: group)?\b:?", r" \1", said).strip()
    match = _GROUP.fullmatch(re.sub(r"\s+", "", said))
    if not match or match["prefix"] in ("yp", "yc"):
        return None
    return _ROMAN.get(match["group"], int(match["group"]) if match["group"].isdigit() else None)
