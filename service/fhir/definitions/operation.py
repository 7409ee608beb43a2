"""OperationDefinition `assess-her2`: what can be sent, and what comes back."""

from __future__ import annotations

from typing import Any

from service.core.facts import FactKind
from service.fhir.definitions.known import Known
from service.fhir.definitions.shape import Resource, canonical, definition
from service.fhir.request import BUNDLE_TYPES, JURISDICTIONS

_ALLOWED_TYPE = "http://hl7.org/fhir/StructureDefinition/operationdefinition-allowed-type"
_VALUE_TYPES = {
    FactKind.TRUTH: "boolean",
    FactKind.COUNT: "integer",
    FactKind.NUMBER: "decimal",
    FactKind.LETTER: "string",
}


def assess_her2(known: Known) -> Resource:
    """The operation on the system over what is posted, and on a Patient over what is kept."""
    return definition(
        known,
        "OperationDefinition",
        "assess-her2",
        known.newest,
        "Assess HER2 evidence",
        "HER2 results in; the category of each specimen, tumour and patient, and a draft CarePlan "
        "with the regimens that labels and guidelines support, out. At the base nothing is kept: a "
        "bare Observation or Bundle may be posted, the other parameters then in the query. On a "
        "Patient (`instance`) the evidence that is kept is assessed, as it stands or, with "
        "`as-of`, as it stood.",
        kind="operation",
        affectsState=False,
        code="assess-her2",
        system=True,
        type=False,
        instance=True,
        resource=["Patient"],
        parameter=[*_in(known), _out()],
    )


def _in(known: Known) -> list[dict[str, Any]]:
    regions, bundles = " or ".join(JURISDICTIONS), " or ".join(BUNDLE_TYPES)
    return [
        _one(
            "resource",
            0,
            "*",
            "Resource",
            "Evidence; a Bundle is opened. Needed at the base, and not taken on a Patient.",
        ),
        _one("jurisdiction", 0, "1", "code", f"Label region: {regions}."),
        _one(
            "as-of",
            0,
            "1",
            "date",
            "The assessment day, not in the future; default today. It chooses the editions; later "
            "evidence is left out and named.",
        ),
        _one(
            "setting",
            0,
            "1",
            "code",
            "States the treatment setting instead of deriving it.",
            binding={
                "strength": "required",
                "valueSet": canonical(known, "ValueSet", "her2-setting"),
            },
        ),
        _one(
            "context",
            0,
            "*",
            "",
            "States a fact of the patient instead of deriving it.",
            part=[
                _one("name", 1, "1", "string", "The fact, as in CodeSystem her2-fact."),
                _one("value", 1, "1", "Element", "Its value.", **_types(known)),
            ],
        ),
        _one(
            "history-complete",
            0,
            "1",
            "boolean",
            "True: what the record of diagnoses, procedures and therapies does not mention did "
            "not happen. Default: it is not known.",
        ),
        _one(
            "include-off-label",
            0,
            "1",
            "boolean",
            "True: regimens that are not authorised there are shown too, and say so.",
        ),
        _one("bundle-type", 0, "1", "code", f"What comes back: {bundles}."),
    ]


def _out() -> dict[str, Any]:
    return _one(
        "return",
        1,
        "1",
        "Bundle",
        "Observations, CarePlans, Provenance and MedicationKnowledge, and an OperationOutcome "
        "when something needs saying. A refusal is one OperationOutcome with every fault.",
        use="out",
    )


def _one(name: str, low: int, high: str, kind: str, said: str, **more: Any) -> dict[str, Any]:
    return {
        **({"extension": more.pop("extension")} if "extension" in more else {}),
        "name": name,
        "use": more.pop("use", "in"),
        "min": low,
        "max": high,
        "documentation": said,
        **({"type": kind} if kind else {}),
        **more,
    }


def _types(known: Known) -> dict[str, Any]:
    """The types that a fact's value may have: an extension in R4, an element in R5."""
    kinds = dict.fromkeys(fact.kind for fact in known.words.facts.values())
    names = [_VALUE_TYPES[kind] for kind in kinds]
    if known.r5:
        return {"allowedType": names}
    return {"extension": [{"url": _ALLOWED_TYPE, "valueUri": name} for name in names]}
