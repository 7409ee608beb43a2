"""What is written twice is the same twice, and what is shipped is whole."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import service
from service.settings import FILE, NAMES, PREFIX

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    assert path.name.startswith(f"her2_service-{service.__version__}-")
    return set(zipfile.ZipFile(path).namelist())


def test_the_wheel_holds_the_code_and_all_data(wheel):
    for folder, inside in ((ROOT / "service", "service"), (ROOT / "profiles", "service/profiles")):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{inside}/{path.relative_to(folder).as_posix()}" in wheel


def test_the_wheel_holds_nothing_else(wheel):
    assert {name.split("/")[0] for name in wheel} == {
        "service",
        f"her2_service-{service.__version__}.dist-info",
    }


def test_the_version_is_written_once():
    assert "version" in PROJECT["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", service.__version__)


def locked():
    """The versions in the lock by canonical name."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    found = [re.fullmatch(r"([\w.-]+)==([\w.+!-]+)", line) for line in lines]
    assert all(found), "a lock line is name==version and nothing else"
    return {canonicalize_name(m[1]): m[2] for m in found}


def needed(requirements, lock):
    """Names that these requirements lead to on this machine, each checked against its pin."""
    seen = set()
    todo = [(Requirement(text), {""}) for text in requirements]
    while todo:
        requirement, extras = todo.pop()
        if requirement.marker and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras
        ):
            continue
        name = canonicalize_name(requirement.name)
        assert name in lock, f"{name} is needed and not in the lock"
        assert requirement.specifier.contains(lock[name], prereleases=True), name
        key = (name, frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            inner = requirement.extras | {""}
            todo += [(Requirement(text), inner) for text in requires(requirement.name) or []]
    return {name for name, _ in seen}


def test_the_lock_is_what_the_project_needs():
    asked = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    assert needed(asked, locked()) == set(locked())


def test_no_file_that_installs_names_a_package_index():
    for name in ("pyproject.toml", "requirements.lock", "Makefile", "Dockerfile", ".ci/run"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|trusted-host", text), name


def test_the_core_imports_the_standard_library_only():
    for path in (ROOT / "service" / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                known = name.split(".")[0] in sys.stdlib_module_names
                assert known or name.startswith("service.core"), f"{path.name} imports {name}"


def test_ci_runs_what_the_readme_names():
    run = ROOT / ".ci" / "run"
    assert run.stat().st_mode & 0o111
    assert run.read_text(encoding="utf-8").rstrip().endswith("make test")


def test_the_last_command_of_make_test_is_pytest():
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    at = lines.index("test: lint")
    recipe = [line for line in lines[at + 1 : lines.index("", at)] if line.startswith("\t")]
    assert recipe[-1].endswith("-m pytest")


def test_the_readme_documents_every_setting_and_no_other():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README.md yet")
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", readme.read_text(encoding="utf-8")))
    assert named == {PREFIX + name.upper() for name in NAMES} | {FILE}
