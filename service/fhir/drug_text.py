"""What a drug record says in words, for its narrative and its extensions, in any release.

Unverified statements carry their mark; unverified background is left out (the rule is in
`service.knowledge.drug_schema`).
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from service.core.drug import Drug, Regulatory
from service.core.drug_facts import AUTHORITY, UNVERIFIED, VERIFY, Authorisation, Fact, marked

_STANDING = {
    Authorisation.AUTHORISED: "authorised",
    Authorisation.NOT_AUTHORISED: "not authorised",
    Authorisation.UNKNOWN: "not known",
}


def boxed_warning(drug: Drug) -> str | None:
    """The US box in one line, or None when there is none."""
    box = drug.boxed_warning
    if not box.warnings.items:
        return None
    statement = (box.statement,) if box.statement else ()
    return marked("; ".join(box.warnings.items + statement), box.warnings.verified)


def no_boxed_warning(drug: Drug) -> str:
    """Why there is no box: `none`, or `none: no US label`."""
    box = drug.boxed_warning
    return marked(f"none: {box.note}" if box.note else "none", box.warnings.verified)


def standing(said: Regulatory) -> str:
    """`EU (EMA): not authorised`, with the dates known."""
    what = _STANDING[said.status]
    text = f"{said.jurisdiction.upper()} ({AUTHORITY[said.jurisdiction]}): {what}"
    if said.text not in ("none", "not approved", what):
        text = f"{text}: {said.text}"
    seen = [event.date for event in said.events if event.verified]
    if not said.verified and seen:
        return f"{text} ({UNVERIFIED}, except {', '.join(seen)})"
    return marked(text, said.verified)


def pregnancy_and_contraception(drug: Drug) -> str | None:
    """Pregnancy, lactation and contraception in one line, or None when nothing is known."""
    said = [
        f"{heading}: {fact.told}"
        for heading, fact in (
            ("Pregnancy and lactation", drug.pregnancy_lactation),
            ("Contraception, female", drug.contraception_female),
            ("Contraception, male", drug.contraception_male),
        )
        if fact is not None
    ]
    return ". ".join(said) or None


def dose_modifications(drug: Drug) -> list[str]:
    """When to hold, reduce or stop, each under its organ; LVEF points are absolute points."""
    rules = drug.dose_modifications
    return [
        f"{organ}: {fact.told}"
        for organ, facts in (
            ("Cardiac", rules.cardiac),
            ("Hepatic", rules.hepatic),
            ("Renal", rules.renal),
            ("Other", rules.other),
        )
        for fact in facts
    ]


def not_with(drug: Drug) -> list[str]:
    """What must not be given in its place."""
    return [marked(s.text, s.verified) for s in drug.do_not_substitute_with]


def contraindications(drug: Drug) -> list[str]:
    """What each label that is known contraindicates; `none` where it states none."""
    return [f"{c.jurisdiction.upper()} label: {c.statements.told}" for c in drug.contraindications]


def verification(drug: Drug) -> str:
    """What was read in a source, and what is general knowledge."""
    said = [VERIFY]
    if drug.verified_note:
        said.append(f"Read in a source: {drug.verified_note}.")
    if drug.general_knowledge_note:
        said.append(f"General knowledge, {UNVERIFIED}: {drug.general_knowledge_note}.")
    return " ".join(said)


def background(facts: Iterable[Fact | None]) -> list[str]:
    """Background facts that were verified; the others are left out."""
    return [fact.text for fact in facts if fact is not None and fact.verified]


def narrative(drug: Drug) -> dict[str, str]:
    """The Narrative: every statement of the record for a person to read, escaped."""
    names = ", ".join((*drug.brands.items, *drug.abbreviations))
    box = boxed_warning(drug) or no_boxed_warning(drug)
    lead = f"{drug.inn} ({names}). Boxed warning (US): {box}. {VERIFY}"
    parts = [f"<p>{escape(lead)}</p>"]
    if drug.scope_note:
        parts.append(f"<p><b>{escape(drug.scope_note)}.</b></p>")
    for heading, lines in _sections(drug):
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        if items:
            parts.append(f"<p>{escape(heading)}</p><ul>{items}</ul>")
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>',
    }


def _sections(drug: Drug) -> list[tuple[str, list[str]]]:
    pregnancy = pregnancy_and_contraception(drug)
    kind = [f"{drug.class_text.text}; target: {drug.target.text}"]
    uses = [f"{i.jurisdiction.upper()}: {marked(i.text, i.verified)}" for i in drug.indications]
    return [
        ("What it is", kind + background([drug.mechanism])),
        ("Authorities", [standing(r) for r in drug.regulatory]),
        ("Uses", uses),
        ("Biomarker", [drug.biomarker.told] if drug.biomarker else []),
        ("Given with", [drug.partners.told] if drug.partners else []),
        ("Doses", [marked(d.text, d.verified) for d in drug.doses]),
        ("Administration", [f.told for f in drug.administration]),
        ("Duration", [f.told for f in drug.duration]),
        ("Warnings", [drug.warnings.told] if drug.warnings else []),
        ("Contraindications", contraindications(drug)),
        ("Do not substitute with", not_with(drug)),
        ("Monitoring", [m.told for m in drug.monitoring]),
        ("Dose modifications", dose_modifications(drug)),
        ("Pregnancy, lactation and contraception", [pregnancy] if pregnancy else []),
        ("Interactions", [f.told for f in drug.interactions]),
        ("Diarrhoea prophylaxis", _told(drug.diarrhoea_prophylaxis)),
        ("Emetic risk", background([drug.emetic_risk])),
        ("Half-life", [drug.half_life.told] if drug.half_life else []),
        ("Evidence", background([*drug.evidence, drug.kinetics_other])),
        ("Verification", [verification(drug)]),
    ]


def _told(fact: Fact | None) -> list[str]:
    return [fact.told] if fact is not None else []
