"""What a caller asks of `$assess-her2`: evidence and parameters, all faults told together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from service.core.errors import Fault, NotFhir
from service.core.facts import FactKind, Facts, FactValue
from service.core.measure import readable
from service.fhir.entries import Opened, open_resource
from service.fhir.systems import code_of

JURISDICTIONS = ("us", "eu", "cn")
BUNDLE_TYPES = ("collection", "transaction")

#: Parameter -> the value[x] that carries it; the others (`resource`, `context`) have their own.
_VALUES = {
    "jurisdiction": "valueCode",
    "as-of": "valueDate",
    "setting": "valueCode",
    "history-complete": "valueBoolean",
    "include-off-label": "valueBoolean",
    "bundle-type": "valueCode",
}
#: Query parameters that belong to the door, not to the operation.
_DOOR = ("_format", "_pretty")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a caller may use. settings: `MBC_1L`...; facts: name -> kind."""

    settings: Collection[str]
    facts: Mapping[str, FactKind]


@dataclass(frozen=True, slots=True)
class Request:
    """One call. as_of: the assessment day. facts: what the caller stated."""

    opened: Opened
    jurisdiction: str
    as_of: date
    facts: Facts
    include_off_label: bool
    transaction: bool


@dataclass(slots=True)
class _Given:
    """Parameters as read so far, with where each came from."""

    values: dict[str, tuple[object, str]] = field(default_factory=dict)
    stated: dict[str, FactValue] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_request(
    posted: object,
    query: Mapping[str, Sequence[str]],
    vocabulary: Vocabulary,
    today: date,
    jurisdiction: str,
) -> Request:
    """Open the posted Observation, Bundle or Parameters; NotFhir tells every fault at once."""
    given, opened = _Given(), Opened()
    kind = _begun(posted, query, given)
    if isinstance(posted, list):
        text = "A JSON array is not FHIR: put the resources in a Bundle of type collection."
        given.faults.append(Fault("structure", text))
    elif kind == "Parameters":
        assert isinstance(posted, dict)
        if not any(isinstance(p, dict) and p.get("name") == "resource" for p in _listed(posted)):
            text = "There is nothing to assess: send the evidence in parameters named resource."
            given.faults.append(Fault("required", text, "Parameters.parameter"))
        _read_parameters(posted, given, opened, vocabulary)
    elif kind in ("Observation", "Bundle"):
        open_resource(posted, str(kind), opened)
    elif isinstance(kind, str):
        text = "Post an Observation, a Bundle or Parameters; other resources go in a Bundle."
        given.faults.append(Fault("not-supported", text, "resourceType"))
    else:
        text = "This is not a FHIR resource: resourceType is missing or not a string."
        given.faults.append(Fault("structure", text, "resourceType" if posted else ""))
    return _sound(_checked(given, opened, vocabulary, today, jurisdiction), given, opened)


def read_request_of_kept(
    posted: object,
    query: Mapping[str, Sequence[str]],
    vocabulary: Vocabulary,
    today: date,
    jurisdiction: str,
) -> Request:
    """The same over evidence that is kept, which the caller adds to it: nothing is sent but
    parameters, and they may be missing (`posted` is None)."""
    given, opened = _Given(), Opened()
    kind = _begun(posted, query, given)
    if kind == "Parameters":
        assert isinstance(posted, dict)
        _read_parameters(posted, given, Opened(), vocabulary)
        for i, parameter in enumerate(_listed(posted)):
            if isinstance(parameter, dict) and parameter.get("name") == "resource":
                text = (
                    "Here the evidence that is kept is assessed: post other evidence to "
                    "$assess-her2, or create it first."
                )
                fault = Fault("not-supported", text, f"Parameters.parameter[{i}]")
                given.faults.append(fault)
    elif posted is not None:
        text = "Post Parameters, or nothing: the evidence that is kept is assessed."
        given.faults.append(Fault("not-supported", text, "resourceType" if kind else ""))
    return _sound(_checked(given, opened, vocabulary, today, jurisdiction), given, opened)


def _begun(posted: object, query: Mapping[str, Sequence[str]], given: _Given) -> object:
    """The query read; the resource type of what was posted."""
    _read_query(query, given)
    return posted.get("resourceType") if isinstance(posted, dict) else None


def _sound(request: Request, given: _Given, opened: Opened) -> Request:
    faults = [*given.faults, *opened.faults]
    if faults:
        raise NotFhir(*faults)
    return request


def _listed(posted: Mapping[str, Any]) -> list[Any]:
    parameters = posted.get("parameter", [])
    return parameters if isinstance(parameters, list) else []


def _read_query(query: Mapping[str, Sequence[str]], given: _Given) -> None:
    for name, texts in query.items():
        if name in _DOOR:
            continue
        if name not in _VALUES:
            _unknown(name, "", given)
            continue
        value: object = texts[-1]
        if _VALUES[name] == "valueBoolean":
            value = {"true": True, "false": False}.get(texts[-1], texts[-1])
        if len(set(texts)) > 1:
            given.faults.append(Fault("invariant", f"{name} is given twice in the query."))
        given.values[name] = (value, "")


def _unknown(name: object, where: str, given: _Given) -> None:
    known = ", ".join(["resource", "context", *_VALUES])
    said = (
        f"{name} is" if isinstance(name, str) and re.fullmatch(r"[\w-]{1,40}", name) else "This is"
    )
    text = f"{said} no parameter of $assess-her2. Known: {known}."
    given.faults.append(Fault("not-supported", text, where))


def _read_parameters(
    posted: Mapping[str, Any], given: _Given, opened: Opened, vocabulary: Vocabulary
) -> None:
    parameters = posted.get("parameter", [])
    if not isinstance(parameters, list):
        given.faults.append(Fault("structure", "parameter is not a list.", "Parameters.parameter"))
        return
    for i, parameter in enumerate(parameters):
        where = f"Parameters.parameter[{i}]"
        name = parameter.get("name") if isinstance(parameter, dict) else None
        if not isinstance(name, str):
            given.faults.append(Fault("structure", "A parameter has a name.", where))
        elif name == "resource":
            if "resource" not in parameter:
                given.faults.append(Fault("required", "The resource is missing.", where))
            else:
                open_resource(parameter["resource"], f"{where}.resource", opened)
        elif name == "context":
            _read_context(parameter, where, given, vocabulary)
        elif name in _VALUES:
            _read_value(name, parameter, where, given)
        else:
            _unknown(name, f"{where}.name", given)


def _read_value(name: str, parameter: Mapping[str, Any], where: str, given: _Given) -> None:
    wanted = _VALUES[name]
    accepted = (wanted, "valueString") if wanted != "valueBoolean" else (wanted,)
    found = [key for key in parameter if key.startswith("value")]
    if len(found) != 1 or found[0] not in accepted:
        given.faults.append(Fault("structure", f"{name} is one {wanted}.", f"{where}.value"))
    elif name in given.values and given.values[name][1]:
        given.faults.append(Fault("invariant", f"{name} is given twice.", where))
    else:
        given.values[name] = (parameter[found[0]], f"{where}.value")


def _read_context(
    parameter: Mapping[str, Any], where: str, given: _Given, vocabulary: Vocabulary
) -> None:
    """One stated fact: parts `name` and `value`."""
    parts: dict[str, tuple[Mapping[str, Any], str]] = {}
    listed = parameter.get("part", [])
    for i, part in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(part, dict) and part.get("name") in ("name", "value"):
            parts[part["name"]] = (part, f"{where}.part[{i}]")
        else:
            text = "A context has the parts name and value."
            given.faults.append(Fault("structure", text, f"{where}.part[{i}]"))
    if set(parts) != {"name", "value"}:
        given.faults.append(Fault("required", "A context has the parts name and value.", where))
        return
    name, place = parts["name"][0].get("valueString"), parts["name"][1]
    if not isinstance(name, str) or name not in vocabulary.facts:
        text = "This is no fact that can be stated; facts are named as in regimens.md section 9."
        given.faults.append(Fault("code-invalid", text, f"{place}.value"))
        return
    value, place = parts["value"]
    stated = _stated(value, vocabulary.facts[name])
    if stated is None:
        kind = vocabulary.facts[name]
        given.faults.append(Fault("value", f"{name} takes {_WANTED[kind]}.", f"{place}.value"))
    elif given.stated.setdefault(name, stated) != stated:
        given.faults.append(Fault("invariant", f"{name} is stated twice, differently.", where))


_WANTED = {
    FactKind.TRUTH: "a valueBoolean",
    FactKind.COUNT: "a valueInteger of 0 or more",
    FactKind.NUMBER: "a valueInteger or valueDecimal",
    FactKind.LETTER: "a valueString A, B or C",
}


def _stated(part: Mapping[str, Any], kind: FactKind) -> FactValue | None:
    """The value if it is one of the fact's kind, else None."""
    found = [key for key in part if key.startswith("value")]
    value = part.get(found[0]) if len(found) == 1 else None
    whole = found == ["valueInteger"] and isinstance(value, int) and not isinstance(value, bool)
    if kind is FactKind.TRUTH and found == ["valueBoolean"] and isinstance(value, bool):
        return value
    if kind is FactKind.LETTER and found == ["valueString"] and value in ("A", "B", "C"):
        return str(value)
    if kind is FactKind.COUNT and whole and isinstance(value, int) and value >= 0:
        return value
    if kind is FactKind.NUMBER:
        if whole and isinstance(value, int):
            return value
        if found == ["valueDecimal"] and isinstance(value, Decimal | int):
            number = Decimal(value)
            return number if readable(number) and not isinstance(value, bool) else None
    return None


def _checked(
    given: _Given, opened: Opened, vocabulary: Vocabulary, today: date, jurisdiction: str
) -> Request:
    region = _one_of(given, "jurisdiction", JURISDICTIONS) or jurisdiction
    setting = _setting(given, vocabulary)
    bundle_type = _one_of(given, "bundle-type", BUNDLE_TYPES) or BUNDLE_TYPES[0]
    return Request(
        opened=opened,
        jurisdiction=region,
        as_of=_as_of(given, today),
        facts=Facts(
            stated=dict(given.stated),
            setting=setting,
            history_complete=_said(given, "history-complete"),
        ),
        include_off_label=_said(given, "include-off-label"),
        transaction=bundle_type == "transaction",
    )


def _one_of(given: _Given, name: str, allowed: Sequence[str]) -> str | None:
    value, where = given.values.get(name, (None, ""))
    if value is None or value in allowed:
        return None if value is None else str(value)
    text = f"{name} is one of {', '.join(allowed)}."
    given.faults.append(Fault("code-invalid", text, where))
    return None


def _setting(given: _Given, vocabulary: Vocabulary) -> str:
    """The stated setting by the table's word, or empty."""
    if "setting" not in given.values:
        return ""
    named = {code_of(s): s for s in vocabulary.settings}
    return named.get(_one_of(given, "setting", list(named)) or "", "")


def _said(given: _Given, name: str) -> bool:
    """A parameter that may be stated as a fact too (`history_complete`); the fact wins."""
    parameter = _truth(given, name)
    return given.stated.get(name.replace("-", "_"), parameter) is True


def _truth(given: _Given, name: str) -> bool:
    value, where = given.values.get(name, (False, ""))
    if not isinstance(value, bool):
        given.faults.append(Fault("value", f"{name} is true or false.", where))
    return value is True


def _as_of(given: _Given, today: date) -> date:
    value, where = given.values.get("as-of", (today.isoformat(), ""))
    try:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise ValueError
        day = date.fromisoformat(value)
    except ValueError:
        given.faults.append(Fault("value", "as-of is a date such as 2026-11-22.", where))
        return today
    if day > today:
        given.faults.append(Fault("value", "as-of is in the future.", where))
        return today
    return day
