"""The fields that knowledge files are written in: words, truth, quoted numbers, lists.

A missing optional list is an empty one; lists become tuples, mappings frozen core values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate

_NUMBER = re.compile(r"(0|[1-9]\d*)(\.\d+)?")
SLUG = validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Write lower case with hyphens.")
DATE = validate.Regexp(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?\Z", error="Write a date as YYYY-MM-DD."
)


class Words(fields.String):
    """Text that says something."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text.strip():
            raise ValidationError("Write something, or leave the key out.")
        return text


class Truth(fields.Field[bool]):
    """`true` or `false`; not "yes", not 1."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Write true or false.")
        return value


class Number(fields.Field[Decimal]):
    """A quoted decimal, kept with its digits: "3.0" stays 3.0."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise ValidationError('Write a number in quotes with digits and a point: "5.4".')
        return Decimal(value)


def many(schema: type[Schema]) -> fields.List[Any]:
    """A list of such entries; absent is the same as empty."""
    return fields.List(fields.Nested(schema), load_default=list)


def texts() -> fields.List[str]:
    """A list of plain texts; absent is the same as empty."""
    return fields.List(Words(), load_default=list)


def slugs() -> fields.List[str]:
    """A list of names in lower case with hyphens, which must be given though it may be empty."""
    return fields.List(Words(validate=SLUG), required=True)


def maybe(schema: type[Schema]) -> fields.Nested:
    """One entry, or None when the key is absent."""
    return fields.Nested(schema, load_default=None)


class Value(Schema):
    """A mapping that becomes the frozen core value `made`; lists become tuples."""

    made: ClassVar[type[Any]]
    error_messages = {  # noqa: RUF012 (marshmallow's own name)
        "unknown": "There is no such key here.",
        "type": "Write keys and values here.",
    }

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.made(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


class Plain(Value):
    """A mapping that stays one, for the schema around it to take apart."""

    made = dict
