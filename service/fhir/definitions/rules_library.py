"""Library `Her2TherapyRules` (R4): the therapy rules in CQL, which the PlanDefinition asks.

Its id, its name and the library's name in the CQL are one word, since an engine finds a library by
the last part of its canonical URL. That is why it is not the Library `therapy`, which answers have
named in `Provenance.policy` since there are any. R5 has none: no engine for R5 judges it yet.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from service.fhir.definitions.known import Known
from service.fhir.definitions.parts import for_breast_cancer, library_type, resource_link
from service.fhir.definitions.shape import Resource, canonical, definition
from service.fhir.definitions.therapy_cql import PARAMETERS, therapy_cql

RULES = "Her2TherapyRules"
_SAID = (
    "Which setting a patient is in and which regimens are suggested there: the rules of the "
    "therapy tables in CQL. It needs the summary Observation of an answer and the patient's facts, "
    "each an Observation with a code of her2-fact, and no other library. It does not say what "
    "holds a regimen or is still asked for."
)


def rules_library(known: Known) -> Resource:
    """The CQL itself as `content`, base64."""
    edition = known.therapy_edition
    cql = therapy_cql(RULES, known)
    return definition(
        known,
        "Library",
        RULES,
        edition,
        f"{edition.title}: the rules in CQL",
        _SAID,
        name=RULES,
        type=library_type("logic-library"),
        useContext=for_breast_cancer(),
        relatedArtifact=[
            resource_link("depends-on", canonical(known, "CodeSystem", name, edition.version))
            for name in ("her2-fact", "her2-observable", "her2-category", "her2-flag")
        ],
        parameter=[_parameter(name, kind) for name, kind in PARAMETERS.items()],
        content=[{"contentType": "text/cql", "data": b64encode(cql.encode()).decode()}],
    )


def rules_canonical(known: Known) -> str:
    """Where the conditions of the PlanDefinition stand."""
    return canonical(known, "Library", RULES, known.therapy_edition.version)


def _parameter(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "use": "in", "min": 0, "max": "1", "type": kind}
