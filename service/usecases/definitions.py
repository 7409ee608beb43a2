"""The knowledge as FHIR definitions: generated, and as the files under `profiles/`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.core.vocabulary import Vocabularies
from service.fhir.definitions.code_systems import code_systems, whole_value_sets
from service.fhir.definitions.concept_maps import category_answers
from service.fhir.definitions.guideline_plan import guideline_definitions
from service.fhir.definitions.known import Edition, Known
from service.fhir.definitions.operation import assess_her2
from service.fhir.definitions.purge_operation import purge
from service.fhir.definitions.regimen_plans import regimen_plans
from service.fhir.definitions.rules_library import rules_library
from service.fhir.definitions.therapy_plan import therapy_library, therapy_plan
from service.fhir.definitions.value_sets import read_value_sets
from service.fhir.definitions.work_activities import work_activities
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.knowledge.library import Library
from service.knowledge.vocabularies import shipped_vocabularies

Resource = dict[str, Any]

#: The base that the shipped files are written with; another is put in its place when served.
SHIPPED_BASE = "https://her2.example/fhir"
#: Written by a person: the profiles, and an invented laboratory's map.
_BY_HAND = ("StructureDefinition-", "ConceptMap-local-lab.")


def definitions(
    library: Library,
    release: FhirVersion,
    base: str = SHIPPED_BASE,
    vocabularies: Vocabularies | None = None,
) -> Iterator[Resource]:
    """Every definition that the tables already say, for one FHIR version."""
    therapy = library.therapy
    known = Known(
        systems=Systems(base),
        release=release,
        words=library.words,
        codes=library.codes,
        guidelines=library.guidelines,
        therapy=library.regimens,
        therapy_edition=Edition(
            therapy.identity, therapy.version, therapy.title, therapy.start, therapy.sources
        ),
        drugs=library.drugs,
        vocabularies=vocabularies or shipped_vocabularies(),
    )
    yield from code_systems(known)
    yield from whole_value_sets(known)
    yield from read_value_sets(known)
    yield category_answers(known)
    for guideline in library.guidelines:
        yield from guideline_definitions(guideline, known)
    yield therapy_plan(known)
    yield therapy_library(known)
    if release is FhirVersion.R4:
        yield rules_library(known)
    yield from regimen_plans(known)
    yield from work_activities(known)
    yield assess_her2(known)
    yield purge(known)


def files_of(library: Library) -> dict[str, bytes]:
    """`r4/CodeSystem-her2-flag.json` -> what stands in it."""
    return {
        f"{release}/{resource['resourceType']}-{resource['id']}.json": written(resource)
        for release in FhirVersion
        for resource in definitions(library, release)
    }


def written(resource: Mapping[str, Any]) -> bytes:
    """As a file: two spaces a level, letters as they are, a newline at the end."""
    return (json.dumps(resource, indent=2, ensure_ascii=False) + "\n").encode()


def differences(generated: Mapping[str, bytes], there: Mapping[str, bytes]) -> list[str]:
    """What `profiles/` lacks, holds otherwise, or has though nothing says it (any more)."""
    said = [f"{name}: missing" for name in generated if name not in there]
    said += [f"{n}: differs" for n in generated if n in there and generated[n] != there[n]]
    said += [f"{n}: not generated" for n in there if n not in generated and not by_hand(n)]
    return sorted(said)


def by_hand(name: str) -> bool:
    """True for a file that a person writes."""
    return name.partition("/")[2].startswith(_BY_HAND)
