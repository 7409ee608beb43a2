"""A drug record: what is known of one anti-HER2 drug, and which of it was verified.

Not prescribing information: a reader checks the current label. Optional facts are None, and
lists empty, where the source has nothing; `none` that a label states is kept as such.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.core.drug_facts import (
    Amount,
    Authorisation,
    Code,
    DrugClass,
    Fact,
    Jurisdiction,
    Named,
    Scope,
    Statements,
    Strength,
    Timing,
    marked,
)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A substance in the product.

    substance: id of the drug record whose own codes name it; None when no record does.
    verified: of the strengths.
    """

    name: str
    active: bool
    substance: str | None
    strengths: tuple[Strength, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Route:
    """How it is given. `concept`: intravenous, subcutaneous or oral."""

    concept: str
    text: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose. `kind`: loading, maintenance, escalation or reduced-1 .. reduced-3.

    amount: None where a dose has no single number (three substances in one syringe).
    """

    id: str
    kind: str
    text: str
    amount: Amount | None
    timing: Timing | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Indication:
    """One use that a label allows.

    breast: False for other tumours; such a use has no HER2 category of breast cancer.
    categories: codes of her2-category that it asks for.
    hr_status: `positive`, `negative`, or None when the label does not ask.
    settings: codes of her2-setting.
    doses: ids of the doses that belong to it.
    """

    jurisdiction: Jurisdiction
    text: str
    breast: bool
    categories: tuple[str, ...]
    hr_status: str | None
    settings: tuple[str, ...]
    doses: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A dated step of an authority: `2019-12-20`, `2020-07` or `2006`, as exact as known."""

    date: str
    text: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Regulatory:
    """Where the drug stands with one authority."""

    jurisdiction: Jurisdiction
    status: Authorisation
    text: str
    verified: bool
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class BoxedWarning:
    """The boxed warning of the US label.

    statement: a sentence in the box that is not a warning of its own.
    note: why there is none, where there is no US label at all.
    """

    warnings: Statements
    statement: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class LabelContraindications:
    """What one label contraindicates; no items is the fact that it states none."""

    jurisdiction: Jurisdiction
    statements: Statements


@dataclass(frozen=True, slots=True)
class NotSubstitutable:
    """Products that must not be given in its place; `drugs` are those with a record here."""

    text: str
    drugs: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Related:
    """Another record: `sc-iv-pair`, `same-antibody-different-conjugate`, `combination-partner`."""

    type: str
    drug: str


@dataclass(frozen=True, slots=True)
class Monograph:
    """Where a reader finds the current label; in words, since no address was verified."""

    jurisdiction: Jurisdiction
    text: str


@dataclass(frozen=True, slots=True)
class DoseModifications:
    """When to hold, reduce or stop; no entries means nothing is known, not `none`."""

    cardiac: tuple[Fact, ...]
    hepatic: tuple[Fact, ...]
    renal: tuple[Fact, ...]
    other: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class HalfLife:
    """In words; `amount` is the number where the words give exactly one."""

    text: str
    amount: Amount | None
    verified: bool

    @property
    def told(self) -> str:
        """The words, marked when they were not verified."""
        return marked(self.text, self.verified)


@dataclass(frozen=True, slots=True)
class Drug:
    """One record, in the order in which a pharmacist reads it."""

    id: str
    inn: str
    us_nonproprietary: Fact | None
    brands: Statements
    abbreviations: tuple[str, ...]
    in_scope: Scope
    scope_note: str | None
    classes: tuple[DrugClass, ...]
    class_text: Fact
    target: Fact
    mechanism: Fact | None
    characteristics: tuple[Named, ...]
    codes: tuple[Code, ...]
    route: Route
    dose_form: Fact | None
    strengths: Fact | None
    ingredients: tuple[Ingredient, ...]
    doses: tuple[Dose, ...]
    administration: tuple[Fact, ...]
    duration: tuple[Fact, ...]
    indications: tuple[Indication, ...]
    biomarker: Fact | None
    partners: Fact | None
    regulatory: tuple[Regulatory, ...]
    boxed_warning: BoxedWarning
    warnings: Statements | None
    contraindications: tuple[LabelContraindications, ...]
    do_not_substitute_with: tuple[NotSubstitutable, ...]
    biosimilar_of: str | None
    related: tuple[Related, ...]
    monitoring: tuple[Named, ...]
    dose_modifications: DoseModifications
    pregnancy_lactation: Fact | None
    contraception_female: Fact | None
    contraception_male: Fact | None
    interactions: tuple[Fact, ...]
    half_life: HalfLife | None
    kinetics_other: Fact | None
    evidence: tuple[Fact, ...]
    emetic_risk: Fact | None
    diarrhoea_prophylaxis: Fact | None
    monographs: tuple[Monograph, ...]
    verified_note: str | None
    general_knowledge_note: str | None
    notes: tuple[str, ...]

    @property
    def her2_categories(self) -> tuple[str, ...]:
        """Every her2-category code that some breast label of this drug asks for."""
        return tuple(dict.fromkeys(c for i in self.indications for c in i.categories))

    @property
    def authorised_in(self) -> tuple[Jurisdiction, ...]:
        """Where an authority has authorised it, for any use."""
        return tuple(
            r.jurisdiction for r in self.regulatory if r.status is Authorisation.AUTHORISED
        )
