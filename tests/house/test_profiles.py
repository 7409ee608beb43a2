"""What profiles/ promises is whole, and what an answer names stands there."""

import csv
import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from service.core.errors import RequestRefused
from service.fhir.drug_extensions import EXTENSIONS
from service.fhir.json import decode
from service.fhir.version import FhirVersion
from service.usecases.assess import assess
from tests.contract import balp
from tests.support.cases import BASE, HOUSE, caller, cases, library
from tests.support.doors import app

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "profiles"
SEEDED = ROOT / "tests" / "contract" / "seeded"
EDITION = yaml.safe_load(
    (ROOT / "service/knowledge/therapy/2026-05/edition.yaml").read_text(encoding="utf-8")
)
OURS = f"{BASE}/StructureDefinition/"
RELEASES = tuple(FhirVersion)
#: R4 says these in extensions, R5 in a contained ClinicalUseDefinition.
ELEMENTS_IN_R5 = {"boxed-warning", "warning", "interaction"}
READ = {"her2-ihc-observation", "her2-ish-single-observation", "her2-ish-dual-observation"}


@cache
def files(release):
    """Name -> content of every definition of a release."""
    found = sorted((PROFILES / release).glob("*.json"))
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in found}


@cache
def structures(release):
    """Id -> StructureDefinition."""
    return {
        d["id"]: d for d in files(release).values() if d["resourceType"] == "StructureDefinition"
    }


def elements(definition):
    return definition["differential"]["element"]


def values_of(value, key):
    """Every value of a key, at any depth."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from values_of(inner, key)


def answered(case, release):
    """(profiles, extension urls) that the answer to a case carries; none where it is refused."""
    asked = caller(query=case.query, lenient=case.lenient)
    try:
        return carried_in(
            assess(decode(case.body), asked, library(case.concept_map), HOUSE, release)
        )
    except RequestRefused:
        return set(), set()


def carried_in(body):
    """(profiles, extension urls) of a body."""
    named = {url for listed in values_of(body, "profile") for url in listed}
    carried = {extension["url"] for listed in values_of(body, "extension") for extension in listed}
    return named, carried


@cache
def telling():
    """The cases whose answer in R4 carries what none before it did.

    R5 is much the same answer: these are enough there.
    """
    seen, found = set(), []
    for case in cases():
        said = set().union(*answered(case, FhirVersion.R4))
        if said - seen:
            found.append(case)
            seen |= said
    return found


@cache
def emitted(release):
    """(profiles, extension urls) that answers to the cases and the drug records carry."""
    records = app().test_client().get(f"{release.base}/MedicationKnowledge?_count=1000")
    found = [carried_in(decode(records.get_data()))]
    found += [answered(case, release) for case in telling()]
    return set().union(*(n for n, _ in found)), set().union(*(c for _, c in found))


@pytest.mark.parametrize("release", RELEASES)
def test_a_file_is_called_by_type_and_id(release):
    for name, content in files(release).items():
        assert name == f"{content['resourceType']}-{content['id']}.json"
        if "url" in content:
            assert content["url"].endswith(f"/{content['resourceType']}/{content['id']}")


@pytest.mark.parametrize("release", RELEASES)
def test_no_two_definitions_have_one_name_or_url(release):
    for key in ("url", "name", "title"):
        said = [d[key] for d in structures(release).values()]
        assert len(said) == len(set(said)), key


@pytest.mark.parametrize("release", RELEASES)
def test_every_structure_is_ours_and_of_the_edition_in_force(release):
    for definition in structures(release).values():
        assert definition["url"] == OURS + definition["id"]
        assert definition["version"] == EDITION["version"]
        assert definition["date"] == str(EDITION["from"])
        assert definition["fhirVersion"] == release.number
        assert (definition["status"], definition["experimental"]) == ("active", False)
        assert definition["publisher"] == "her2-service"
        assert definition["description"].endswith(".")
        assert "snapshot" not in definition


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("system", "owner"), [("http://loinc.org", "LOINC"), ("http://snomed.info/sct", "SNOMED")]
)
def test_codes_of_others_stand_with_their_copyright(release, system, owner):
    for definition in structures(release).values():
        if system in json.dumps(elements(definition)):
            assert owner in definition.get("copyright", ""), definition["id"]


@pytest.mark.parametrize("release", RELEASES)
def test_what_a_structure_refers_to_stands_beside_it(release):
    for definition in structures(release).values():
        for key in ("profile", "targetProfile"):
            for listed in values_of(elements(definition), key):
                for url in (u for u in listed if u.startswith(BASE)):
                    assert url.removeprefix(OURS) in structures(release), url
        for bound in values_of(elements(definition), "valueSet"):
            assert f"ValueSet-{bound.rpartition('/')[2]}.json" in files(release), bound


@pytest.mark.parametrize("release", RELEASES)
def test_a_sliced_element_stands_before_its_slices(release):
    for definition in structures(release).values():
        seen = {}
        for element in elements(definition):
            assert element["path"] == re.sub(r":[^.]+", "", element["id"])
            if "sliceName" in element:
                assert "slicing" in seen[element["id"].rpartition(":")[0]], element["id"]
            seen[element["id"]] = element
        assert len(seen) == len(elements(definition))


@pytest.mark.parametrize("release", RELEASES)
def test_each_profile_that_an_answer_names_is_defined_and_each_defined_one_is_named(release):
    named, _ = emitted(release)
    profiles = {d["url"] for d in structures(release).values() if d["type"] != "Extension"}
    assert named <= profiles
    inner = {
        url
        for definition in structures(release).values()
        for listed in values_of(elements(definition), "profile")
        for url in listed
    }
    assert profiles - inner - {OURS + name for name in READ} <= named


@pytest.mark.parametrize("release", RELEASES)
def test_each_extension_that_an_answer_carries_is_defined_and_each_defined_one_is_carried(release):
    _, carried = emitted(release)
    defined = {d["url"] for d in structures(release).values() if d["type"] == "Extension"}
    assert {url for url in carried if url.startswith(BASE)} == defined


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", EXTENSIONS)
def test_an_extension_of_a_drug_record_has_the_type_that_is_written(release, name):
    if release is FhirVersion.R5 and name in ELEMENTS_IN_R5:
        assert name not in structures(release)
        return
    value_type, _ = EXTENSIONS[name]
    (value,) = [e for e in elements(structures(release)[name]) if e["path"] == "Extension.value[x]"]
    (only,) = value["type"]
    assert value_type == f"value{only['code'][:1].upper()}{only['code'][1:]}"


def test_an_observation_and_an_extension_are_the_same_in_both_releases():
    """Only the discriminator differs: R5 has no `pattern`."""
    r4, r5 = (structures(release) for release in RELEASES)
    for name in r4.keys() & r5.keys():
        if r4[name]["type"] in ("Observation", "Extension"):
            said = json.dumps(elements(r4[name])).replace('"pattern", "path"', '"value", "path"')
            assert said == json.dumps(elements(r5[name])), name


def test_each_spoilt_resource_says_what_is_wrong_and_claims_a_profile_that_is_judged():
    with (SEEDED / "wrong.csv").open(encoding="utf-8", newline="") as file:
        told = {row["file"]: row for row in csv.DictReader(file)}
    assert set(told) == {p.relative_to(SEEDED).as_posix() for p in SEEDED.rglob("*.json")}
    known = {f"{balp.BASE}/StructureDefinition/{name}" for name in balp.IDS}
    for name, row in told.items():
        assert row["wrong"]
        assert re.compile(row["named"])
        body = json.loads((SEEDED / name).read_text(encoding="utf-8"))
        if body["resourceType"] == "Bundle":  # of which FHIR itself says what is wrong
            continue
        (claimed,) = body["meta"]["profile"]
        ours = structures(name.partition("/")[0])
        assert claimed in known or claimed.removeprefix(OURS) in ours
