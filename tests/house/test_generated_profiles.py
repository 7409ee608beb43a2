"""`profiles/` is what the tables say, and is served under the base that is configured."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from service.fhir.version import FhirVersion
from service.knowledge.profiles import profiles_folder, read_profiles, write_profiles
from service.usecases.definitions import by_hand, differences
from service.usecases.shelf import TYPES, shipped_shelf
from service.web.requirements import definition_files
from tests.support.cases import BASE, library

ROOT = Path(__file__).parents[2]
THERE = read_profiles(ROOT / "profiles")


def test_the_profiles_are_those_of_the_checkout():
    assert profiles_folder() == ROOT / "profiles"


def test_the_generated_files_are_as_the_tables_say():
    assert differences(definition_files(library()), THERE) == []


@pytest.mark.parametrize("version", list(FhirVersion))
def test_every_file_is_on_the_shelf(version):
    shelf = shipped_shelf(version, BASE)
    assert set(shelf.by_type) <= set(TYPES)
    on_it = {f"{version}/{k}-{i}.json" for k, of in shelf.by_type.items() for i in of}
    assert on_it == {name for name in THERE if name.startswith(f"{version}/")}


@pytest.mark.parametrize("version", list(FhirVersion))
def test_every_canonical_of_ours_in_a_file_resolves(version):
    shelf = shipped_shelf(version, BASE)
    ours = {r["url"] for of in shelf.by_type.values() for r in of.values()}
    todo = [r for of in shelf.by_type.values() for r in of.values()]
    while todo:
        value = todo.pop()
        if isinstance(value, str) and value.startswith(f"{BASE}/") and " " not in value:
            url = value.partition("|")[0]
            assert url in ours or url.startswith(f"{BASE}/sid/"), value
        todo += value.values() if isinstance(value, dict) else ()
        todo += value if isinstance(value, list) else ()


def test_another_base_takes_the_place_of_the_shipped_one():
    shelf = shipped_shelf(FhirVersion.R4, "https://hospital.example/her2")
    found = shelf.by_url("CodeSystem", "https://hospital.example/her2/CodeSystem/her2-flag")
    assert found
    assert BASE not in json.dumps(found)


def test_the_laboratory_map_is_the_one_of_the_fixtures():
    fixture = json.loads((ROOT / "fixtures/concept-maps/local-lab.json").read_bytes())
    assert json.loads(THERE["r4/ConceptMap-local-lab.json"]) == fixture
    in_r5 = THERE["r5/ConceptMap-local-lab.json"].replace(b'"relationship"', b'"equivalence"')
    assert json.loads(in_r5) == fixture


def test_build_writes_what_is_generated_and_leaves_the_rest(tmp_path):
    mine = tmp_path / "r4" / "StructureDefinition-mine.json"
    mine.parent.mkdir()
    mine.write_text("{}")
    done = CliRunner().invoke(main, ["profiles", "build", "--into", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert mine.read_text() == "{}"
    there = read_profiles(tmp_path)
    assert {n: c for n, c in there.items() if not by_hand(n)} == definition_files(library())


def test_check_names_what_differs_and_exits_1(tmp_path):
    files = definition_files(library())
    write_profiles(tmp_path, files | {"r4/CodeSystem-her2-flag.json": b"{}"})
    (tmp_path / "r5" / "Library-therapy.json").unlink()
    done = CliRunner().invoke(main, ["profiles", "build", "--check", "--into", str(tmp_path)])
    assert done.exit_code == 1
    assert "r4/CodeSystem-her2-flag.json: differs" in done.output
    assert "r5/Library-therapy.json: missing" in done.output
    assert (tmp_path / "r4" / "CodeSystem-her2-flag.json").read_bytes() == b"{}"


def test_check_of_the_shipped_profiles_says_that_all_is_well():
    done = CliRunner().invoke(main, ["profiles", "build", "--check"])
    assert done.exit_code == 0, done.output
