"""What definitions are made of: the knowledge, an edition to date them by, a FHIR version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from service.core.codes import Codes
from service.core.drug import Drug
from service.core.guideline import Guideline, Source
from service.core.therapy_edition import Therapy
from service.core.vocabulary import Vocabularies
from service.core.words import Words
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion


@dataclass(frozen=True, slots=True)
class Edition:
    """Which tables a definition is of: they give its version and its date."""

    identity: str
    version: str
    title: str
    start: date
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Known:
    """The knowledge, as one FHIR version is to say it. guidelines: the oldest first."""

    systems: Systems
    release: FhirVersion
    words: Words
    codes: Codes
    guidelines: tuple[Guideline, ...]
    therapy: Therapy
    therapy_edition: Edition
    drugs: tuple[Drug, ...]
    vocabularies: Vocabularies

    @property
    def r5(self) -> bool:
        """Whether the shapes of R5 are asked for."""
        return self.release is FhirVersion.R5

    @cached_property
    def newest(self) -> Edition:
        """The edition that began last: what draws from several is dated by it."""
        return max(
            (self.therapy_edition, *(edition_of(g) for g in self.guidelines)),
            key=lambda edition: edition.start,
        )

    @cached_property
    def guideline_edition(self) -> Edition:
        """The newest edition of the guideline."""
        return edition_of(self.guidelines[-1])

    @property
    def notices(self) -> Mapping[str, str]:
        """System of others -> who owns it."""
        return self.vocabularies.notices


def edition_of(guideline: Guideline) -> Edition:
    """A guideline as an edition."""
    return Edition(
        guideline.identity, guideline.version, guideline.title, guideline.start, guideline.sources
    )
