"""Parameters of a simple operation: read from a query or a posted resource, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.core.errors import Fault, NotFhir

#: What an operation takes: name -> FHIR type (`code`, `boolean`, `Coding`, `ValueSet`...).
Takes = Mapping[str, str]

_TRUTHS = {"true": True, "false": False}
_STRINGS = ("code", "uri", "canonical", "string", "id")
#: The types that are whole resources, and stand as `resource`.
_RESOURCES = ("CodeSystem", "ValueSet")


def read_parameters(
    takes: Takes, query: Mapping[str, Sequence[str]], posted: object = None
) -> dict[str, Any]:
    """Name -> value, of the query and of a posted Parameters; each parameter at most once.

    Raises NotFhir with every fault: an unknown parameter, a repeat, a value of another type.
    """
    faults: list[Fault] = []
    given: dict[str, Any] = {}
    for name, values in query.items():
        if not (kind := _known(name, takes, faults, "")):
            continue
        if len(values) > 1:
            faults.append(Fault("value", f"The parameter {name!r} is given more than once."))
        elif (value := _from_text(kind, values[0])) is None:
            faults.append(Fault("value", f"The parameter {name!r} is no {kind} in a query."))
        else:
            given[name] = value
    if posted is not None:
        _read_posted(posted, takes, given, faults)
    if faults:
        raise NotFhir(*faults)
    return given


def parameters(*said: Mapping[str, Any] | None) -> dict[str, Any]:
    """A Parameters resource; None is left out."""
    return {"resourceType": "Parameters", "parameter": [dict(p) for p in said if p is not None]}


def value(name: str, kind: str, said: Any) -> dict[str, Any] | None:
    """One parameter, `value("result", "Boolean", True)`; None when there is nothing to say."""
    return None if said in (None, "") else {"name": name, f"value{kind}": said}


def parts(name: str, *said: Mapping[str, Any] | None) -> dict[str, Any]:
    """One parameter made of parts."""
    return {"name": name, "part": [dict(p) for p in said if p is not None]}


def _read_posted(posted: object, takes: Takes, given: dict[str, Any], faults: list[Fault]) -> None:
    if not isinstance(posted, dict) or posted.get("resourceType") != "Parameters":
        faults.append(Fault("structure", "Post a Parameters resource."))
        return
    listed = posted.get("parameter", [])
    if not isinstance(listed, list):
        faults.append(Fault("structure", "`parameter` is no list.", "Parameters.parameter"))
        return
    for number, one in enumerate(listed):
        where = f"Parameters.parameter[{number}]"
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str):
            faults.append(Fault("required", "A parameter has a name.", where))
        elif kind := _known(name, takes, faults, where):
            said = [one[key] for key in one if key.startswith(("value", "resource", "part"))]
            if name in given:
                faults.append(
                    Fault("value", f"The parameter {name!r} is given more than once.", where)
                )
            elif len(said) != 1 or not _is(kind, said[0]) or _misnamed(kind, one):
                faults.append(Fault("value", f"The parameter {name!r} must be a {kind}.", where))
            else:
                given[name] = said[0]


def _known(name: str, takes: Takes, faults: list[Fault], where: str) -> str:
    if name not in takes:
        text = f"The parameter {name!r} is not supported. Supported: {', '.join(takes)}."
        faults.append(Fault("not-supported", text, where))
    return takes.get(name, "")


def _misnamed(kind: str, one: Mapping[str, Any]) -> bool:
    """Strings are taken for one another (`valueUri` for a code): what they say is the same."""
    if kind in _RESOURCES:
        return "resource" not in one
    names = {f"value{k[0].upper()}{k[1:]}" for k in (_STRINGS if kind in _STRINGS else (kind,))}
    return not names & set(one)


def _is(kind: str, said: object) -> bool:
    if kind in _STRINGS:
        return isinstance(said, str) and bool(said)
    if kind == "boolean":
        return isinstance(said, bool)
    if kind == "integer":
        return isinstance(said, int) and not isinstance(said, bool) and said >= 0
    if kind in _RESOURCES:
        return isinstance(said, dict) and said.get("resourceType") == kind
    return isinstance(said, dict)


def _from_text(kind: str, text: str) -> Any:
    """The value of a query parameter; None when it cannot be written in a query."""
    if kind in _STRINGS:
        return text or None
    if kind == "boolean":
        return _TRUTHS.get(text)
    if kind == "integer":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    return None
