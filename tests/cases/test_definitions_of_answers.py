"""What answers name is defined: codes in their CodeSystem, canonicals on the shelf."""

from functools import cache

import pytest

from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.usecases.shelf import shipped_shelf
from tests.support.as_r5 import as_r5
from tests.support.cases import BASE, cases
from tests.support.doors import post
from tests.support.values import inside

OURS = f"{BASE}/CodeSystem/"
#: Elements that hold canonicals of ours.
CANONICALS = ("instantiatesCanonical", "policy", "profile")


@cache
def codes(version):
    """URL of a code system of ours -> its codes; none of the one that lists none."""
    systems = shipped_shelf(version, BASE).by_type["CodeSystem"].values()
    return {s["url"]: {concept["code"] for concept in s.get("concept", ())} for s in systems}


def canonicals_in(value):
    """What the value itself names of ours: canonicals, and the URL of an extension."""
    named = [c for name in CANONICALS for c in value.get(name, ()) if isinstance(c, str)]
    if str(value.get("url")).startswith(f"{BASE}/StructureDefinition/"):
        named.append(value["url"])
    return named


@pytest.mark.parametrize("version", list(FhirVersion))
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_what_an_answer_names_is_defined(case, version):
    shelf, known = shipped_shelf(version, BASE), codes(version)
    body = case.body if version is FhirVersion.R4 else as_r5(decode(case.body))
    prefer = {"Prefer": "handling=lenient"} if case.lenient else {}
    path = f"{version.base}/$assess-her2"
    answer = post(body, case.query, prefer, case.concept_map, path=path)
    assert answer.status_code == 200
    for value in inside(decode(answer.get_data())):
        if not isinstance(value, dict):
            continue
        system = str(value.get("system"))
        if system.startswith(OURS) and "code" in value and system != f"{OURS}her2-assessment":
            assert value["code"] in known[system]
        for canonical in canonicals_in(value):
            kind = canonical.removeprefix(f"{BASE}/").partition("/")[0]
            assert shelf.by_url(kind, canonical), canonical
