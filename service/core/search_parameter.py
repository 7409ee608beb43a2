"""What resources can be searched by, and which of their elements a short form keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class SearchKind(StrEnum):
    """How a parameter's values are compared.

    IDENTIFIER is a token whose upper and lower case differ; CANONICAL is an address that is
    compared whole: of FHIR type `uri` in R4, `reference` in R5.
    """

    TOKEN = "token"
    IDENTIFIER = "identifier"
    DATE = "date"
    REFERENCE = "reference"
    STRING = "string"
    CANONICAL = "canonical"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A parameter of one type in one FHIR version.

    paths: where its values are, in the names that JSON uses (`component.code`), lists walked
    through. targets: the types that a reference may be to; empty is any.
    """

    name: str
    kind: SearchKind
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    documentation: str


@dataclass(frozen=True, slots=True)
class Elements:
    """Top-level elements. summary: of `_summary=true`. always: in every short form, since they
    are mandatory or change what the others mean."""

    summary: frozenset[str]
    always: frozenset[str]


@dataclass(frozen=True, slots=True)
class Searchable:
    """What is searched in one FHIR version: type -> parameter's name -> parameter, and elements."""

    parameters: Mapping[str, Mapping[str, SearchParameter]]
    elements: Mapping[str, Elements]
