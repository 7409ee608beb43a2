"""The parts of a drug file, each a small mapping: a statement, a code, a dose, a use."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import fields, post_load, validate

from service.core import drug as core
from service.core.drug_facts import (
    UNITS,
    Amount,
    Authorisation,
    Code,
    Fact,
    Named,
    Statements,
    Strength,
    Timing,
)
from service.knowledge.drug_fields import (
    DATE,
    SLUG,
    Number,
    Truth,
    Value,
    Words,
    many,
    maybe,
    slugs,
)

SYSTEMS = ("rxnorm", "atc", "snomed", "ncit")
ROUTES = ("intravenous", "subcutaneous", "oral")
DOSE_KINDS = ("loading", "escalation", "maintenance", "reduced-1", "reduced-2", "reduced-3")
RELATIONS = ("sc-iv-pair", "same-antibody-different-conjugate", "combination-partner")
CATEGORIES = ("positive", "low", "ultralow")


class FactSchema(Value):
    """A statement and whether it was verified."""

    made: ClassVar[type[Any]] = Fact
    text = Words(required=True)
    verified = Truth(required=True)


class StatementsSchema(Value):
    """Several statements of one source; an empty list is `none`."""

    made: ClassVar[type[Any]] = Statements
    items = fields.List(Words(), required=True)
    verified = Truth(required=True)


class NamedSchema(FactSchema):
    """A statement under a heading."""

    made = Named
    type = Words(required=True)


class CodeSchema(Value):
    """A concept that names the drug."""

    made = Code
    system = Words(required=True, validate=validate.OneOf(SYSTEMS))
    code = Words(required=True)
    display = Words(required=True)
    verified = Truth(required=True)
    source = Words(required=True)
    legacy = Truth(load_default=False)
    shared = Truth(load_default=False)


class AmountSchema(Value):
    """A quoted number and its unit."""

    made = Amount
    value = Number(required=True)
    unit = Words(required=True, validate=validate.OneOf(list(UNITS)))


class StrengthSchema(Value):
    """So much substance in so much product."""

    made = Strength
    numerator = fields.Nested(AmountSchema, required=True)
    denominator = fields.Nested(AmountSchema, required=True)


class IngredientSchema(Value):
    """A substance; its strengths, where the source is clear."""

    made = core.Ingredient
    name = Words(required=True)
    active = Truth(required=True)
    substance = Words(load_default=None, validate=SLUG)
    strengths = many(StrengthSchema)
    verified = Truth(required=True)


class TimingSchema(Value):
    """How often."""

    made = Timing
    frequency = Words(required=True, validate=validate.Regexp(r"[1-9]\d*\Z"))
    period = Number(required=True)
    unit = Words(required=True, validate=validate.OneOf(("d", "wk")))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        return Timing(int(data["frequency"]), data["period"], data["unit"])


class RouteSchema(FactSchema):
    """How it is given."""

    made = core.Route
    concept = Words(required=True, validate=validate.OneOf(ROUTES))


class DoseSchema(FactSchema):
    """One dose; `id` is what the uses refer to."""

    made = core.Dose
    id = Words(required=True, validate=SLUG)
    kind = Words(required=True, validate=validate.OneOf(DOSE_KINDS))
    amount = maybe(AmountSchema)
    timing = maybe(TimingSchema)


class IndicationSchema(FactSchema):
    """One use under its jurisdiction; a core Indication once the jurisdiction is known."""

    made = dict
    breast = Truth(required=True)
    categories = fields.List(Words(validate=validate.OneOf(CATEGORIES)), required=True)
    hr_status = Words(load_default=None, validate=validate.OneOf(("positive", "negative")))
    settings = slugs()
    doses = slugs()


class EventSchema(FactSchema):
    """A dated step of an authority."""

    made = core.Event
    date = Words(required=True, validate=DATE)


class RegulatorySchema(FactSchema):
    """Where the drug stands; a core Regulatory once the jurisdiction is known."""

    made = dict
    status = fields.Enum(Authorisation, by_value=True, required=True)
    events = many(EventSchema)


class BoxedWarningSchema(StatementsSchema):
    """The US box; `note` says why there is none where there is no label."""

    made = core.BoxedWarning
    statement = Words(load_default=None)
    note = Words(load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        said = Statements(tuple(data["items"]), data["verified"])
        return core.BoxedWarning(said, data["statement"], data["note"])


class NotSubstitutableSchema(FactSchema):
    """Products that must not take its place."""

    made = core.NotSubstitutable
    drugs = slugs()


class RelatedSchema(Value):
    """A tie to another record."""

    made = core.Related
    type = Words(required=True, validate=validate.OneOf(RELATIONS))
    drug = Words(required=True, validate=SLUG)


class DoseModificationsSchema(Value):
    """When to hold, reduce or stop."""

    made = core.DoseModifications
    cardiac = many(FactSchema)
    hepatic = many(FactSchema)
    renal = many(FactSchema)
    other = many(FactSchema)


class HalfLifeSchema(FactSchema):
    """In words, with a number where there is exactly one."""

    made = core.HalfLife
    amount = maybe(AmountSchema)
