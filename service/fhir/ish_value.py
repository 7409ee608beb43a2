"""A coded or worded ISH result, and the numbers of an ISH count (P16, P28-P41)."""

from __future__ import annotations

from decimal import Decimal

from service.core.findings import CodedIsh, Context, IshConclusion, IshNumber, Quantity
from service.core.measure import exactly
from service.fhir.ish_text import IshText, read_ish_text, read_plain_number
from service.fhir.lab_words import concept_texts, reasons
from service.fhir.numbers_in_text import plain
from service.fhir.value_reading import (
    NOT_DONE,
    Asked,
    ValueReading,
    absent_reason,
    detected,
    interpretation,
    told_that_text_was_read,
)
from service.fhir.values import Number, ValueUnreadable, integer, quantity, ratio, text

_CONCLUSIONS = {
    "positive": IshConclusion.AMPLIFIED,
    "negative": IshConclusion.NOT_AMPLIFIED,
    "absent": IshConclusion.NOT_AMPLIFIED,
    "not-amplified": IshConclusion.NOT_AMPLIFIED,
    "equivocal": IshConclusion.EQUIVOCAL,
    "indeterminate": IshConclusion.UNSATISFACTORY,
    "not-tested": IshConclusion.NOT_DONE,
    "unknown": IshConclusion.NOT_DONE,
}
_NAMES = {
    Quantity.RATIO: "HER2/CEP17 ratio",
    Quantity.COPIES: "HER2 copies per cell",
    Quantity.CEP17: "CEP17 copies per cell",
    Quantity.CELLS: "number of cells counted",
}
_NO_RESULT = "This is no ISH result: send amplified or not amplified, or the ratio and copies."
_INTEGER = "A whole number on a coded ISH test says nothing: it was not used (P16)."


def read_ish(asked: Asked, found: ValueReading) -> None:
    """Add what a test for gene duplication says; ValueUnreadable when it says nothing."""
    match asked.key:
        case "":
            _absent(asked, found)
        case "valueCodeableConcept":
            _coded(asked, found)
        case "valueString":
            _worded(read_ish_text(text(asked.part)), asked, found)
        case "valueBoolean":
            said = IshConclusion.AMPLIFIED if asked.value else IshConclusion.NOT_AMPLIFIED
            found.findings.append(CodedIsh(said, asked.context))
        case "valueInteger":
            integer(asked.part)
            found.remarks.append((_INTEGER, "value"))
        case "valueQuantity" | "valueRatio":
            _numeric(asked, found)
        case _:
            raise ValueUnreadable(_NO_RESULT)


def _numeric(asked: Asked, found: ValueReading) -> None:
    """P40: a number on a coded test is the ratio; a percentage is no number of ISH (Q12)."""
    number = quantity(asked.part) if asked.key == "valueQuantity" else ratio(asked.part)
    if number.percent:
        found.findings.append(_percentage(number, asked.context))
    else:
        found.findings.append(
            IshNumber(Quantity.RATIO, number.value, asked.context, number.reasons)
        )


def _coded(asked: Asked, found: ValueReading) -> None:
    concepts = asked.coder.concepts("answer", asked.value)
    coded = {_CONCLUSIONS[c] for c in concepts if c in _CONCLUSIONS}
    texts = [read_ish_text(t) for t in concept_texts(asked.value)]
    said = {t.conclusion for t in texts if t.conclusion}
    if not coded and not said:
        numeric = next((t for t in texts if t.readable), IshText())
        _worded(numeric, asked, found)
        return
    if not coded:
        told_that_text_was_read(asked, found)
    every = coded | said
    agreed = next(iter(every)) if len(every) == 1 else IshConclusion.UNSATISFACTORY
    found.findings.append(_concluded(agreed, asked.context))


def _worded(said: IshText, asked: Asked, found: ValueReading) -> None:
    """Numbers before words; a failure that the words tell is an unsatisfactory result (Q06)."""
    context = asked.context
    found.findings += [IshNumber(name, value, context) for name, value in said.numbers.items()]
    if set(said.numbers) - {Quantity.CELLS}:
        return
    if said.percent is not None:
        number = Number(exactly(said.percent), ("Q12",), percent=True)
        found.findings.append(_percentage(number, context))
    elif said.conclusion:
        found.findings.append(_concluded(said.conclusion, context))
    elif "Q06" in context.reasons:
        found.findings.append(CodedIsh(IshConclusion.UNSATISFACTORY, context, ("Q06",)))
    elif not said.numbers:
        raise ValueUnreadable(_NO_RESULT)


def _absent(asked: Asked, found: ValueReading) -> None:
    """8b: not performed or unknown is not done; error or unsupported is unsatisfactory."""
    reason = absent_reason(asked.part)
    if reason in NOT_DONE:
        found.findings.append(CodedIsh(IshConclusion.NOT_DONE, asked.context))
        return
    if reason:
        said = CodedIsh(IshConclusion.UNSATISFACTORY, asked.context, ("Q06",))
        found.findings.append(said)
        return
    word = interpretation(asked.part) or detected(asked.part)
    if not word:
        raise ValueUnreadable("This ISH result has no value.")
    found.findings.append(_concluded(_CONCLUSIONS[word], asked.context))


def _concluded(said: IshConclusion, context: Context) -> CodedIsh:
    """An indeterminate result is the laboratory's own "unsatisfactory" (Q06)."""
    return CodedIsh(said, context, ("Q06",) if said is IshConclusion.UNSATISFACTORY else ())


def _percentage(number: Number, context: Context) -> CodedIsh:
    """Q12: a percentage of amplified cells; above 10% amplification is suspected."""
    exact = number.value.exact if number.value else None
    return CodedIsh(
        IshConclusion.UNSATISFACTORY,
        context,
        ("Q12",),
        amplification_suspected=exact is None or exact > 10,
    )


def read_number(wanted: Quantity, asked: Asked, found: ValueReading) -> None:
    """Add a ratio, copies, CEP17 or number of cells; ValueUnreadable when it is no number."""
    match asked.key:
        case "":
            _absent_number(wanted, asked, found)
            return
        case "valueQuantity":
            number = quantity(asked.part)
        case "valueRatio" if wanted is not Quantity.CELLS:
            number = ratio(asked.part)
        case "valueInteger":
            number = Number(exactly(Decimal(integer(asked.part))))
        case "valueString":
            number = _number_in(text(asked.part))
        case _:
            raise ValueUnreadable(f"The {_NAMES[wanted]} is a number: send a Quantity.")
    found.findings.append(IshNumber(wanted, number.value, asked.context, number.reasons))


def _number_in(said: str) -> Number:
    if "%" in said:
        return Number(None, ("Q04",), percent=True)
    value = read_plain_number(said)
    if value:
        return Number(value)
    if "Q06" in reasons(plain(said)):
        return Number(None, ("Q06",))
    raise ValueUnreadable("This is no number: send a Quantity, such as 2.1.")


def _absent_number(wanted: Quantity, asked: Asked, found: ValueReading) -> None:
    reason = absent_reason(asked.part)
    if not reason:
        raise ValueUnreadable(f"The {_NAMES[wanted]} has no value.")
    if reason not in NOT_DONE:
        found.findings.append(IshNumber(wanted, None, asked.context, ("Q06",)))
