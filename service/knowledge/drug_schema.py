"""The form of a drug file: which keys it may have, and the core value that each becomes.

The rule for facts that were not verified:

- every statement has `verified` beside it; what is true of a list is true of its items;
- names and kinds (INN, brands, class, target, payload, route, dose form) say which product is
  meant and are emitted as they are; the record's `verification` goes out with them;
- a statement about use or safety (uses, doses, authorities, boxed warning, warnings,
  contraindications, substitution, monitoring, dose changes, pregnancy, contraception,
  interactions, diarrhoea prophylaxis, half-life for the washout) is emitted although
  unverified, because leaving it out would mislead; it then says "not verified against the
  current label";
- background (mechanism, other kinetics, trial results, emetic risk) is emitted only when
  verified;
- a code is emitted only when verified, and never when it is legacy.

Numbers are quoted in YAML and become Decimal. Unknown keys, empty texts and numbers without
quotes are refused.
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from service.core import drug as core
from service.core.drug_facts import DrugClass, Jurisdiction, Scope
from service.knowledge.drug_fields import SLUG, Plain, Value, Words, many, maybe, texts
from service.knowledge.drug_parts import (
    BoxedWarningSchema,
    CodeSchema,
    DoseModificationsSchema,
    DoseSchema,
    FactSchema,
    HalfLifeSchema,
    IndicationSchema,
    IngredientSchema,
    NamedSchema,
    NotSubstitutableSchema,
    RegulatorySchema,
    RelatedSchema,
    RouteSchema,
    StatementsSchema,
)


class KineticsSchema(Plain):
    """What the body does to it."""

    half_life = maybe(HalfLifeSchema)
    other = maybe(FactSchema)


class ContraceptionSchema(Plain):
    """How long, after the last dose."""

    female = maybe(FactSchema)
    male = maybe(FactSchema)


class VerificationSchema(Plain):
    """What was read, and what was not."""

    verified = Words(load_default=None)
    general_knowledge = Words(load_default=None)


class IndicationsSchema(Plain):
    """Uses by label; an empty list where none is known."""

    us = fields.List(fields.Nested(IndicationSchema), required=True)
    eu = fields.List(fields.Nested(IndicationSchema), required=True)
    cn = fields.List(fields.Nested(IndicationSchema), required=True)


class AuthoritiesSchema(Plain):
    """FDA, EMA and NMPA, always all three."""

    us = fields.Nested(RegulatorySchema, required=True)
    eu = fields.Nested(RegulatorySchema, required=True)
    cn = fields.Nested(RegulatorySchema, required=True)


class LabelsSchema(Plain):
    """Contraindications by label; a label that was not read is left out."""

    us = fields.Nested(StatementsSchema)
    eu = fields.Nested(StatementsSchema)
    cn = fields.Nested(StatementsSchema)


class MonographsSchema(Plain):
    """Where to check."""

    us = Words()
    eu = Words()
    cn = Words()


class DrugSchema(Value):
    """A whole file."""

    made = core.Drug
    id = Words(required=True, validate=SLUG)
    inn = Words(required=True)
    us_nonproprietary = maybe(FactSchema)
    brands = fields.Nested(StatementsSchema, required=True)
    abbreviations = texts()
    in_scope = fields.Enum(Scope, by_value=True, required=True)
    scope_note = Words(load_default=None)
    classes = fields.List(fields.Enum(DrugClass, by_value=True), required=True)
    class_text = fields.Nested(FactSchema, required=True)
    target = fields.Nested(FactSchema, required=True)
    mechanism = maybe(FactSchema)
    characteristics = many(NamedSchema)
    codes = fields.List(fields.Nested(CodeSchema), required=True)
    route = fields.Nested(RouteSchema, required=True)
    dose_form = maybe(FactSchema)
    strengths = maybe(FactSchema)
    ingredients = fields.List(
        fields.Nested(IngredientSchema), required=True, validate=validate.Length(min=1)
    )
    doses = many(DoseSchema)
    administration = many(FactSchema)
    duration = many(FactSchema)
    indications = fields.Nested(IndicationsSchema, required=True)
    biomarker = maybe(FactSchema)
    partners = maybe(FactSchema)
    regulatory = fields.Nested(AuthoritiesSchema, required=True)
    boxed_warning = fields.Nested(BoxedWarningSchema, required=True)
    warnings = maybe(StatementsSchema)
    contraindications = fields.Nested(LabelsSchema, load_default=dict)
    do_not_substitute_with = many(NotSubstitutableSchema)
    biosimilar_of = Words(load_default=None, validate=SLUG)
    related = many(RelatedSchema)
    monitoring = many(NamedSchema)
    dose_modifications = fields.Nested(
        DoseModificationsSchema, load_default=core.DoseModifications((), (), (), ())
    )
    pregnancy_lactation = maybe(FactSchema)
    contraception = fields.Nested(ContraceptionSchema, load_default=dict)
    interactions = many(FactSchema)
    kinetics = fields.Nested(KineticsSchema, load_default=dict)
    evidence = many(FactSchema)
    emetic_risk = maybe(FactSchema)
    diarrhoea_prophylaxis = maybe(FactSchema)
    monographs = fields.Nested(MonographsSchema, required=True)
    verification = fields.Nested(VerificationSchema, required=True)
    notes = texts()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Take the groups that are only a way of writing apart; give each label its place."""
        contraception, kinetics = data.pop("contraception"), data.pop("kinetics")
        verification = data.pop("verification")
        uses, standing = data.pop("indications"), data.pop("regulatory")
        labels, monographs = data.pop("contraindications"), data.pop("monographs")
        data |= {
            "contraception_female": contraception.get("female"),
            "contraception_male": contraception.get("male"),
            "half_life": kinetics.get("half_life"),
            "kinetics_other": kinetics.get("other"),
            "verified_note": verification["verified"],
            "general_knowledge_note": verification["general_knowledge"],
            "indications": [
                core.Indication(jurisdiction=j, **use) for j in Jurisdiction for use in uses[j]
            ],
            "regulatory": [core.Regulatory(jurisdiction=j, **standing[j]) for j in Jurisdiction],
            "contraindications": [
                core.LabelContraindications(j, labels[j]) for j in Jurisdiction if j in labels
            ],
            "monographs": [
                core.Monograph(j, monographs[j]) for j in Jurisdiction if j in monographs
            ],
        }
        return super().make(data)
