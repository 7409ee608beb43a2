"""An ISH result in words: `amplified`, `less than 1.8`, `ratio 2.5, HER2 copies 5.2`.

A bare number on a coded ISH test is the HER2/CEP17 ratio (P40); a percentage is never one (Q12).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from service.core.findings import IshConclusion, Quantity
from service.core.measure import Measured
from service.fhir.clauses import clauses, denies, leaves_open
from service.fhir.numbers_in_text import NUMBER, REMEMBERED, measured, plain

_CEP17 = re.compile(r"\b(?:cep|cen|chr(?:omosome)?)[\s-]*17\b|\bd17z1\b")
_HER2 = re.compile(r"\b(?:c-?)?(?:her|erb-?b)[\s-]?2(?:[\s/-]*neu)?(?!\d)")
_YEAR = re.compile(r"\b(?:19|20)\d{2}(?:-\d{2}){0,2}\b")
_PERCENT = re.compile(NUMBER + r"\s*(?:%|percent\b|per cent\b)")
_CELLS = re.compile(
    NUMBER + r"\s*(?:\w+\s+)?(?:cells|nuclei)\b|\bcells(?: counted)?\s*[:=]?\s*(?P<after>\d{1,4})"
)
_RATIO = re.compile(r"\bratio\b[^\d<>]{0,20}" + NUMBER)
_COPIES = re.compile(
    r"(?<!cepx )\b(?:copies|copy number|signals)\b(?:\s*/\s*(?:cell|nucleus))?[^\d<>]{0,25}"
    + NUMBER
)
_COPIES_AFTER = re.compile(NUMBER + r"\s*(?:her2x\s+)?(?:copies|signals)(?!\s*cepx)")
_COUNT_OF_CEP17 = re.compile(
    r"(?<!/)(?<!/ )\bcepx\b(?! ratio)(?:\s+(?:copies|signals|copy number))?[^\d<>a-z]{0,12}(?:of )?"
    + NUMBER
)
#: A number with nothing beside it but the name of the test is the ratio (P40).
_ALONE = re.compile(
    r"^(?:(?:her2x|cepx|fish|ish|result|value|is|of)\b|[\s/:=()])*" + NUMBER + r"[\s).]*$"
)

_AMPLIFIED = re.compile(r"amplifi\w*|amplification|\bamplifikation")
_OTHER_FINDING = re.compile(r"\b(?:poly|mono|aneu)somy\b|\bcontrols?\b")
_POSITIVE = re.compile(r"\bpositiv\w*|\bpos\b|\bdetected\b")
_NEGATIVE = re.compile(r"\bnegativ\w*|\bneg\b|\bnot detected\b")
_EQUIVOCAL = re.compile(r"\bequivocal\b|\bborderline\b")
_OPEN = re.compile(r"\bindeterminate\b|\binconclusive\b|\bnot interpretable\b|\buninterpretable\b")
_NOT_DONE = re.compile(r"\bnot (?:done|tested|performed)\b")


@dataclass(frozen=True, slots=True)
class IshText:
    """What a text says; everything empty when nothing in it is readable."""

    conclusion: IshConclusion | None = None
    numbers: dict[Quantity, Measured] = field(default_factory=dict)
    percent: Decimal | None = None

    @property
    def readable(self) -> bool:
        return self.conclusion is not None or bool(self.numbers) or self.percent is not None


@lru_cache(REMEMBERED)
def read_ish_text(text: str) -> IshText:
    """Numbers and conclusion of a text on an ISH test."""
    said = _YEAR.sub(" ", _HER2.sub("her2x", _CEP17.sub("cepx", plain(text))))
    percents = [Decimal(m["number"].replace(",", ".")) for m in _PERCENT.finditer(said)]
    said = _PERCENT.sub(" ", said)
    numbers: dict[Quantity, Measured] = {}
    if cells := _CELLS.search(said):
        if cells["after"]:
            cells = re.search(NUMBER, cells["after"])
        if cells:
            numbers[Quantity.CELLS] = measured(cells, from_words=True)
        said = _CELLS.sub(" ", said)
    for quantity, pattern in (
        (Quantity.RATIO, _RATIO),
        (Quantity.CEP17, _COUNT_OF_CEP17),
        (Quantity.COPIES, _COPIES),
        (Quantity.COPIES, _COPIES_AFTER),
    ):
        if quantity not in numbers and (found := pattern.search(said)):
            numbers[quantity] = measured(found, from_words=True)
            said = f"{said[: found.start('number')]} {said[found.end('number') :]}"
    if not set(numbers) - {Quantity.CELLS} and (alone := _ALONE.match(said)):
        numbers[Quantity.RATIO] = measured(alone, from_words=True)
    return IshText(_conclusion(said), numbers, percents[0] if percents else None)


def _conclusion(said: str) -> IshConclusion | None:
    if _NOT_DONE.search(said):
        return IshConclusion.NOT_DONE
    if _OPEN.search(said):
        return IshConclusion.UNSATISFACTORY
    found = {f for clause in clauses(said) if (f := _of_clause(clause))}
    if IshConclusion.EQUIVOCAL in found:
        return IshConclusion.EQUIVOCAL
    if len(found) > 1:
        return IshConclusion.UNSATISFACTORY
    return found.pop() if found else None


def _of_clause(clause: str) -> IshConclusion | None:
    """What one clause concludes; a denied "positive" or an open question concludes nothing."""
    amplification = bool(_AMPLIFIED.search(clause))
    if _OTHER_FINDING.search(clause) and not amplification:
        return None
    if _EQUIVOCAL.search(clause):
        return IshConclusion.UNSATISFACTORY if denies(clause) else IshConclusion.EQUIVOCAL
    named = amplification or _POSITIVE.search(clause) or _NEGATIVE.search(clause)
    if named and leaves_open(clause):
        return IshConclusion.UNSATISFACTORY
    if amplification:
        return IshConclusion.NOT_AMPLIFIED if denies(clause) else IshConclusion.AMPLIFIED
    if _NEGATIVE.search(clause):
        return IshConclusion.NOT_AMPLIFIED
    if not _POSITIVE.search(clause):
        return None
    return IshConclusion.UNSATISFACTORY if denies(clause) else IshConclusion.AMPLIFIED


def read_plain_number(text: str) -> Measured | None:
    """A number that stands alone: `2.5`, `>2`, `<= 2.0`; None when there is anything else."""
    found = re.fullmatch(
        NUMBER + r"\s*(?:copies|signals)?(?:\s*(?:/|per)\s*(?:cell|nucleus))?", plain(text)
    )
    return measured(found, from_words=False) if found else None
