"""The README is true: its commands run, and what it says of other files stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from service.core.assessment import Category
from service.fhir.json import decode
from service.fhir.systems import code_of
from service.settings_sources import SourceSchema, read_sources
from tests.support.server import running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
MAKE = [line for block in BLOCKS for line in block.splitlines() if line.startswith("make ")]
#: Commands end where a line does not end in a backslash.
COMMANDS = [
    command
    for block in BLOCKS
    for command in re.sub(r"\\\n\s*", "", block).splitlines()
    if not command.startswith("make ")
]

#: What the examples are answered with.
KINDS = ("Bundle", "CapabilityStatement", "Observation", "Parameters", "ValueSet")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The URL of the database of the running service, and of the commands."""
    return f"sqlite:///{tmp_path_factory.mktemp('database') / 'her2.db'}"


@pytest.fixture(scope="module")
def address(tmp_path_factory, database):
    log = tmp_path_factory.mktemp("readme") / "log"
    with running(log, HER2_DATABASE_URL=database) as port:
        yield f"127.0.0.1:{port}"


def run(command: str, address: str, database: str) -> subprocess.CompletedProcess[bytes]:
    """The command as a reader would paste it, against the running service."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HER2_")}
    environment["HER2_DATABASE_URL"] = database
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        ["bash", "-c", command.replace("127.0.0.1:8080", address)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_works(command, address, database):
    done = run(command, address, database)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.strip()
    if command.startswith("curl") and "/fhir/" in command:
        answer = decode(done.stdout)
        assert answer["resourceType"] in KINDS


def test_the_first_answer_is_what_the_readme_says(address, database):
    first = next(c for c in COMMANDS if c.startswith("curl"))
    answer = decode(run(first, address, database).stdout)
    kinds = [e["resource"]["resourceType"] for e in answer["entry"]]
    assert kinds[:4] == ["Observation", "Observation", "CarePlan", "Provenance"]
    specimen = answer["entry"][0]["resource"]
    assert specimen["valueCodeableConcept"]["coding"][0]["code"] == "positive"
    codes = [
        c["valueCodeableConcept"]["coding"][0]["code"]
        for c in specimen["component"]
        if "valueCodeableConcept" in c
    ]
    assert "dp-g1-2" in codes


def test_the_make_commands_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {m.split()[1] for m in MAKE} | set(re.findall(r"`make ([a-z]+)`", README))
    assert {"serve", "test"} <= named <= set(targets)


def test_every_file_the_readme_names_exists():
    named = re.findall(r"`((?:service|fixtures|tests|profiles)/[\w./-]+)`", README)
    named += re.findall(r"@(fixtures/[\w./-]+)", README)
    assert named
    assert [n for n in named if "<" not in n and not (ROOT / n).exists()] == []


def test_every_category_is_explained():
    explained = set(re.findall(r"^\| `([a-z0-9-]+)` \|", README, re.MULTILINE))
    assert {code_of(c) for c in Category} <= explained


def test_every_dependency_has_a_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = README[README.index("| package |") : README.index("For development:")]
    for requirement in project["dependencies"]:
        name = re.match(r"[\w.-]+", requirement)
        assert name
        assert name[0].lower() in table.lower()
    for requirement in project["optional-dependencies"]["dev"]:
        name = re.match(r"[\w.-]+", requirement)
        assert name
        assert name[0].lower() in README.lower()


def test_the_source_of_the_readme_can_be_configured():
    (block,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (source,) = read_sources(tomllib.loads(block)["sources"])
    assert source.writes_back
    assert source.public_url.endswith(f"/notify/{source.name}")


def test_every_key_of_a_source_is_documented_with_its_default():
    table = README[README.index("| key | default |") : README.index("The first source's")]
    rows = [line.split("|")[1:3] for line in table.splitlines()[2:] if line]
    documented = {name for keys, _ in rows for name in re.findall(r"`([a-z_]+)`", keys)}
    assert documented == set(SourceSchema._declared_fields)
    for keys, default in rows:
        (name, *_) = re.findall(r"`([a-z_]+)`", keys)
        said = re.match(r" `([^`]+)` $", default)
        if said:
            stated = SourceSchema._declared_fields[name].load_default
            assert said[1] == str(stated).lower()
