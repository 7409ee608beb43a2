"""YAML files checked by a marshmallow schema, with the file and the key in every error."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from marshmallow import Schema, ValidationError

from service.core.errors import KnowledgeError


def load_yaml(file: Traversable, schema: Schema) -> dict[str, Any]:
    """The file's content as the schema gives it; KnowledgeError names file and key."""
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        loaded: dict[str, Any] = schema.load(raw)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KnowledgeError(f"{file.name}: {error}") from error
    except ValidationError as error:
        said = "; ".join(_flat({"": error.messages}))
        raise KnowledgeError(f"{file.name}: {said}") from error
    return loaded


def _flat(messages: Mapping[Any, Any], path: str = "") -> list[str]:
    told = []
    for key, value in messages.items():
        place = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            told += _flat(value, place)
        else:
            told += [f"{place}: {text}" for text in value]
    return told
