"""What a laboratory says around a value: probe, recount, failures, tissue handling.

Read from method, code text, notes and text values. A word that is denied ("no recount needed",
"recount recommended") does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from service.core.findings import Probe
from service.fhir.numbers_in_text import NUMBER, REMEMBERED, plain

_SINGLE = re.compile(r"\bsingle[\s-]?probe|\bmonoprobe|\bsingle[\s-]colou?r probe")
_DUAL = re.compile(r"\bdual[\s-]?probe|\bdual[\s-]colou?r probe|\btwo[\s-]probe")
_RECOUNT = re.compile(r"\bre-?count\w*|\bsecond count\b|\bcounted again\b")
_RECOUNT_DENIED = re.compile(
    r"\b(?:no|not|without|before|pending|await\w*)\s+(?:a |the |any )?(?:blinded )?re-?count\w*"
    r"|\bre-?count\w*\s+(?:is |was |to be |will be |has )?"
    r"(?:not|recommended|required|advised|needed|pending|awaited|to follow|requested|suggested)"
    r"|\bre-?count\w*\b[^.;]*\b(?:should|will|must|shall|may|to be)\b"
    r"|\b(?:should|will|must|shall|may|to be)\b[^.;]*\bre-?count\w*"
)
_BLINDED = re.compile(r"(?<!un)(?<!not )(?<!non-)(?<!non )\bblind(?:ed|ly)?\b|\bblinded\b")
_NOT_BLINDED = re.compile(r"\bnot blind|\bunblind|\bnon[\s-]?blind|\bwithout blind|\bno blind")
_SECOND_POPULATION = re.compile(
    r"\b(?:second|discrete|separate|distinct)\s+(?:\w+\s+){0,3}(?:population|area|focus)\b"
)
#: reasons.csv id -> words that give it.
_REASONS = {
    "Q06": re.compile(
        r"\bfail\w*\s+(?:\w+\s+){0,2}(?:hybridi[sz]ation|control)"
        r"|\b(?:hybridi[sz]ation|controls?)\s+(?:\w+\s+)?fail"
        r"|\bauto-?fluorescence|\binsufficient\s+(?:\w+\s+)?(?:tumou?r|tissue|material|cells)"
        r"|\bno (?:evaluable|interpretable) signals?|\bnot (?:evaluable|interpretable)\b"
        r"|\bunsatisfactory\b|\buninformative\b"
    ),
    "Q07": re.compile(
        r"\brai1\b|\bsms\b|\blis1\b|\bd17s122\b|\btp53\b"
        r"|\balternative (?:chromosome[\s-]17 )?(?:control )?probe"
    ),
    "Q09": re.compile(
        r"\b(?:in[\s-]?situ(?!\s*hybridi)|dcis)\b[^.;]{0,40}\b(?:was |were )?counted\b"
        r"|\bcounted\b[^.;]{0,30}\b(?:in[\s-]?situ(?!\s*hybridi)|dcis|lymphocytes)\b"
        r"|\blymphocytes\b[^.;]{0,20}\bcounted\b"
    ),
    "Q11": re.compile(
        r"\bgastric\b|\bgastro-?oesophageal\b|\bgastroesophageal\b|\bgej\b|\bcolorectal scor"
    ),
}
_DENIED = re.compile(
    r"\b(?:no|without|not)\s+(?:evidence of |significant )?(?=auto-?fluorescence|fail)[^.;]*"
)
_NOT_COUNTED = re.compile(
    r"\b(?:in[\s-]?situ|dcis|lymphocytes)\b[^.;]{0,30}\b(?:not|excluded)\b[^.;]*"
    r"|\bnot counted[^.;]*"
)
IN_SITU = re.compile(r"\bin[\s-]?situ\b(?!\s*hybridi)|\bdcis\b|\bintraductal\b")
INVASIVE = re.compile(r"\binvasive\b|\binfiltrating\b|\binvasiv\w*")


@dataclass(frozen=True, slots=True)
class LabWords:
    """What the words around a value say; see the functions of the same names."""

    probe: Probe
    recount: bool
    blinded: bool
    second_population: bool
    reasons: tuple[str, ...]
    cells: str | None


@lru_cache(REMEMBERED)
def lab_words(said: str) -> LabWords:
    """Everything that the words around a value say."""
    return LabWords(
        probe=probe(said),
        recount=is_recount(said),
        blinded=is_blinded(said),
        second_population=is_second_population(said),
        reasons=reasons(said),
        cells=cells_counted(said),
    )


def said_around(observation: Mapping[str, Any], *extra: Mapping[str, Any]) -> str:
    """Method, code text, notes and text values of an Observation and its parents, plain."""
    return " . ".join(plain(t) for source in (observation, *extra) for t in _texts(source))


def _texts(observation: Mapping[str, Any]) -> Iterator[str]:
    for name in ("method", "code"):
        yield from concept_texts(observation.get(name))
    for note in as_list(observation.get("note")):
        if isinstance(note, dict) and isinstance(note.get("text"), str):
            yield note["text"]
    if isinstance(observation.get("valueString"), str):
        yield observation["valueString"]
    yield from concept_texts(observation.get("valueCodeableConcept"))


def concept_texts(concept: object) -> Iterator[str]:
    """The text and displays of a CodeableConcept."""
    if not isinstance(concept, dict):
        return
    if isinstance(concept.get("text"), str):
        yield concept["text"]
    for coding in as_list(concept.get("coding")):
        if isinstance(coding, dict) and isinstance(coding.get("display"), str):
            yield coding["display"]


def as_list(value: object) -> list[Any]:
    """A list as it is; anything else as no entries."""
    return value if isinstance(value, list) else []


def probe(said: str) -> Probe:
    """The assay the words name; both or neither is unstated."""
    single, dual = bool(_SINGLE.search(said)), bool(_DUAL.search(said))
    if single == dual:
        return Probe.UNSTATED
    return Probe.SINGLE if single else Probe.DUAL


def is_recount(said: str) -> bool:
    """The result is said to be a recount, not that one is wanted."""
    return bool(_RECOUNT.search(_RECOUNT_DENIED.sub(" ", said)))


def is_blinded(said: str) -> bool:
    """The count is said to be blinded to the earlier one."""
    return bool(_BLINDED.search(said)) and not _NOT_BLINDED.search(said)


def is_second_population(said: str) -> bool:
    """A discrete second population of more than 10% of cells, counted apart (W13, W18)."""
    if not _SECOND_POPULATION.search(said):
        return False
    shares = [Decimal(m["number"].replace(",", ".")) for m in re.finditer(NUMBER + r"\s*%", said)]
    signs = [m["sign"] for m in re.finditer(NUMBER + r"\s*%", said)]
    return not shares or any(
        share > 10 or (share == 10 and sign == ">")
        for share, sign in zip(shares, signs, strict=True)
    )


def reasons(said: str) -> tuple[str, ...]:
    """Ids of reasons.csv that the words give."""
    left = _NOT_COUNTED.sub(" ", _DENIED.sub(" ", said))
    return tuple(reason for reason, words in _REASONS.items() if words.search(left))


def cells_counted(said: str) -> str | None:
    """The number of cells that a note says were counted, as digits."""
    found = re.search(r"(?<![\d.,])(\d{1,4})\s*(?:\w+\s+){0,2}(?:cells|nuclei)\b", said)
    return found[1] if found else None


@lru_cache(REMEMBERED)
def preanalytic_caution(said: str) -> bool:
    """Handling that can make a negative result false (W18; GC/4): see preanalytics below."""
    return any(check(said) for check in (_decalcified, _fixation, _ischaemia, _old_section))


def _decalcified(said: str) -> bool:
    return "decalcif" in said and not re.search(r"\bedta\b|\bnot decalcif|\bno decalcif", said)


def _fixation(said: str) -> bool:
    """Outside 6-72 h in 10% neutral buffered formalin, or another fixative."""
    if re.search(r"\bnon-?formalin|\bbouin|\balcohol[\s-]?fix|\bb5 fix", said):
        return True
    hours = re.search(r"\bfix\w*[^.;\d]{0,40}(\d{1,4}(?:[.,]\d+)?)\s*(?:h\b|hours?|hrs?)", said)
    hours = hours or re.search(
        r"(\d{1,4}(?:[.,]\d+)?)\s*(?:h\b|hours?|hrs?)[^.;\d]{0,20}\b(?:in )?(?:fix|formalin)", said
    )
    if not hours:
        return False
    spent = Decimal(hours[1].replace(",", "."))
    return spent < 6 or spent > 72


def _ischaemia(said: str) -> bool:
    """Cold ischaemia of more than one hour."""
    found = re.search(
        r"\bisch(?:a)?emi\w*[^.;\d]{0,30}(\d{1,4}(?:[.,]\d+)?)\s*(h\b|hours?|hrs?|min\w*)", said
    )
    if not found:
        return False
    spent = Decimal(found[1].replace(",", "."))
    return spent > 60 if found[2].startswith("min") else spent > 1


def _old_section(said: str) -> bool:
    """A section cut more than six weeks before staining."""
    found = re.search(r"\b(?:section|slide)s?\b[^.;\d]{0,30}(\d{1,3})\s*weeks?", said)
    return bool(found) and int(found[1] if found else 0) > 6
