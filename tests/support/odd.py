"""Strategies of what nearly is FHIR: our invented evidence with something wrong in it."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from service.fhir.version import FhirVersion
from service.knowledge.search_parameters import shipped_search
from service.usecases.record.kept import EVIDENCE, KEPT
from tests.support.evidence import (
    CARCINOMA,
    SNOMED,
    concept,
    condition,
    copies,
    ihc,
    observation,
    patient,
    ratio,
    specimen,
)

Resource = dict[str, Any]

_SUBJECT = {"subject": {"reference": "Patient/anna"}}
_DRUG = {"medicationCodeableConcept": concept("http://www.whocc.no/atc", "L01FD01")}
SOUND: list[Resource] = [
    patient(),
    patient("berta") | {"birthDate": "1971-02-03", "deceasedBoolean": False},
    specimen(),
    condition(CARCINOMA),
    ihc("2+"),
    ratio(2, when="2026-05-01T12:00:00+02:00"),
    copies(6, status="preliminary"),
    observation(
        "85337-4",
        {"component": [{"code": concept(SNOMED, "1"), "valueString": "5"}]},
        identifier=[{"system": "urn:lab", "value": "7"}],
    ),
    {"resourceType": "Procedure", "id": "anna-op", "status": "completed", **_SUBJECT}
    | {"code": concept(SNOMED, "172043006"), "performedDateTime": "2026-05"},
    {
        "resourceType": "MedicationStatement",
        "id": "anna-ms",
        "status": "active",
        **_SUBJECT,
        **_DRUG,
    },
    {"resourceType": "MedicationRequest", "id": "anna-mr", "status": "active", "intent": "order"}
    | {**_SUBJECT, **_DRUG},
    {"resourceType": "AllergyIntolerance", "id": "anna-al", "patient": _SUBJECT["subject"]}
    | {"code": concept(SNOMED, "387003001")},
    {"resourceType": "DiagnosticReport", "id": "anna-dr", "status": "final", **_SUBJECT}
    | {
        "code": concept("http://loinc.org", "60568-3"),
        "result": [{"reference": "Observation/anna-85319-2"}],
    },
]

#: Numbers that Python's json cannot write; put in by `as_json`.
_NUMBERS = ("1E400", "-0", "1E-400", "1E999999999", "9" * 400, "0." + "3" * 200)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "漢字 é 🧬",
        "\u202e\ufeff",
        "x" * 3000,
        "2026-13-45",
        "0000-01-01",
        "9999-12-31T23:59:60Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-05-01T12:00:00.123456789123456789Z",
        "Patient/anna",
        "Patient/berta/_history/1",
        "Patient?identifier=urn:lab|7",
        "Patient?" + "identifier=1&" * 60,
        "#anna",
        "#",
        "urn:uuid:not-one",
        "http://[",
        "entered-in-error",
        "'; DROP TABLE resource; --",
        "%",
        "\\",
        "\\,|$",
        "|",
        "²",
    ]
) | st.text(st.characters(), max_size=8)
ODD = (
    st.sampled_from([None, True, [], {}, [[]], [None], [{}], {"": ""}, -1, 10**30, 1e308])
    | st.sampled_from([{"@number": n} for n in _NUMBERS])
    | TEXTS
    | TEXTS.map(lambda text: {"reference": text})
    | TEXTS.map(lambda text: {"system": text, "value": text, "code": text})
)


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    """A sound resource with up to three things wrong in it."""
    resource = deepcopy(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(0, 3))):
        _spoil(resource, draw)
    return resource


def _spoil(resource: Resource, draw: st.DrawFn) -> None:
    """Drop, retype, repeat, bury, rename or add one element, at any depth."""
    how = draw(st.sampled_from(["drop", "retype", "repeat", "bury", "rename", "add", "contain"]))
    at, odd, times = (
        draw(st.integers(0, 999)),
        deepcopy(draw(ODD)),
        draw(st.sampled_from([1, 2, 40, 120])),
    )
    name = draw(st.sampled_from(["meta", "id", "text", "extension", "note", "value"]) | TEXTS)
    if not (places := list(_places(resource))):
        return
    owner, key = places[at % len(places)]
    match how:
        case "drop":
            del owner[key]
        case "retype":
            owner[key] = odd
        case "repeat":
            owner[key] = [deepcopy(owner[key]) for _ in range(times)]
        case "bury":
            for _ in range(times):
                owner[key] = {"extension": [owner[key]]}
        case "rename" if isinstance(owner, dict):
            owner[name] = owner.pop(key)
        case "contain":
            resource["contained"] = [deepcopy(SOUND[at % len(SOUND)]), odd]
        case _:
            resource[name] = odd


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(object or list, key) of every element at any depth."""
    keys: list[Any] = []
    if isinstance(value, dict | list):
        keys = list(value if isinstance(value, dict) else range(len(value)))
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


_TYPES = ("batch", "transaction", "collection", "document", "message", "searchset", "history")
_URLS = TEXTS | st.builds(
    "{}{}".format,
    st.sampled_from([*EVIDENCE, "CarePlan", "Nothing", ""]),
    TEXTS.map(lambda text: f"/{text}")
    | TEXTS.map(lambda text: f"?identifier={text}")
    | st.just(""),
)


@st.composite
def bundles(draw: st.DrawFn) -> Resource:
    """A Bundle of any type with odd requests."""
    entries = deepcopy(draw(st.lists(_entries() | ODD, max_size=4)))
    whole = {"resourceType": "Bundle", "type": draw(st.sampled_from(_TYPES)), "entry": entries}
    if whole["type"] == "message" and draw(st.booleans()):
        header = {"resourceType": "MessageHeader", "eventUri": "urn:x", "id": draw(TEXTS)}
        entries.insert(0, {"resource": header})
    if draw(st.integers(0, 3)) == 0:
        _spoil(whole, draw)
    return whole


@st.composite
def _entries(draw: st.DrawFn) -> Resource:
    resource = draw(resources())
    method = draw(st.sampled_from(["PUT", "POST", "DELETE", "GET", "PATCH", None]))
    own = f"{resource.get('resourceType')}/{resource.get('id')}"
    request = {"method": method, "url": draw(st.just(own) | _URLS)}
    if draw(st.booleans()):
        request[draw(st.sampled_from(["ifMatch", "ifNoneExist", "ifNoneMatch"]))] = draw(ODD)
    return {
        "fullUrl": draw(st.just(f"https://hospital.example/fhir/{own}") | TEXTS),
        "resource": resource,
        "request": request,
    }


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, str]:
    """A kept type and the query of a search: its parameters, modified, chained, with odd values."""
    kind = draw(st.sampled_from(KEPT))
    known = shipped_search()[draw(st.sampled_from(list(FhirVersion)))].parameters
    names = st.sampled_from([*known[kind], "_count", "_offset", "_sort", "_include", "_elements"])
    inner = st.sampled_from([*known["Patient"], *known["Observation"]])
    chained = st.builds("{}:{}.{}".format, names, st.sampled_from(KEPT), inner)
    modified = st.builds(
        "{}:{}".format,
        names,
        st.sampled_from(["not", "missing", "exact", "contains", "identifier", "Patient", "x", ""]),
    )
    prefixed = st.builds("{}{}".format, st.sampled_from(["ge", "ne", "ap", "-", "||", "|"]), TEXTS)
    said = draw(
        st.lists(st.tuples(names | modified | chained, TEXTS | prefixed), min_size=1, max_size=3)
    )
    return kind, "&".join(f"{quote(k)}={quoted(v)}" for k, v in said)


def quoted(text: str) -> str:
    """For an address; half a surrogate pair goes as the bytes that it would be."""
    return quote(text.encode(errors="surrogatepass"), safe="")


def as_json(value: Any) -> bytes:
    """As JSON in ASCII, with the odd numbers written as they are."""
    text = json.dumps(value)
    for number in _NUMBERS:
        text = text.replace(json.dumps({"@number": number}), number)
    return text.encode()
